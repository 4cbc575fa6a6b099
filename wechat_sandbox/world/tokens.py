"""The account's access tokens and jsapi tickets (protocol §4.1, rules 15 and 16)."""

import re
import secrets
from dataclasses import dataclass

from wechat_sandbox.clock import Clock
from wechat_sandbox.errors import WeChatError

LIFETIME = 7200
OVERLAP = 300
FORCE_INTERVAL = 30
FORCE_PER_DAY = 20
_SHAPE = re.compile(r"[0-9]{2}_[A-Za-z0-9_-]{100,400}")


@dataclass
class Token:
    """An access token or a ticket. `expires` is in Unix seconds of the simulated clock.

    `superseded` is True if a newer token replaced it before its normal end.
    """

    value: str
    expires: float
    superseded: bool = False


class Line:
    """The tokens of one endpoint. A new token of one endpoint does not end the tokens of the other."""

    def __init__(self) -> None:
        self.current: Token | None = None
        self.old: list[Token] = []

    def mint(self, now: float, overlap: float) -> Token:
        """Return a new current token. The previous one works for at most `overlap` more seconds."""
        self.old = [token for token in self.old if token.expires > now - LIFETIME]
        if self.current is not None:
            # A token that was already expired keeps errcode 42001; a replaced one gets 40001.
            if self.current.expires > now:
                self.current.superseded = True
                self.current.expires = min(self.current.expires, now + overlap)
            self.old.append(self.current)
        self.current = Token(new_token(), now + LIFETIME)
        return self.current

    def begin_anew(self, now: float) -> None:
        """Reset the tokens of this endpoint. The last token stays valid for `LIFETIME` seconds from now,
        because the account's server still uses it."""
        last = self.current or (self.old[-1] if self.old else None)
        self.old = [Token(last.value, now + LIFETIME)] if last else []
        self.current = None

    def find(self, value: str) -> Token | None:
        """Return the token with this value, even if it has expired; None if it is unknown."""
        known = [self.current, *self.old] if self.current else self.old
        return next((token for token in known if token.value == value), None)


class AccessTokens:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._classic = Line()
        self._stable = Line()
        self._forced: list[float] = []

    def mint(self) -> tuple[str, int]:
        """Return a new token and its seconds to live, for `/cgi-bin/token`.

        The previous token of this endpoint ends within five minutes (rule 15).
        """
        return self._classic.mint(self._clock.now(), OVERLAP).value, LIFETIME

    def stable(self, force: bool) -> tuple[str, int]:
        """Return a token and its remaining seconds, for `/cgi-bin/stable_token` (rule 16).

        The token stays the same until five minutes before its end. `force` replaces it at once; the old
        token then ends immediately. A `force` within 30 seconds of the last one is ignored. Raises
        WeChatError 45009 after 20 forced tokens in a day.
        """
        now = self._clock.now()
        token = self._stable.current
        if force:
            self._forced = [at for at in self._forced if at > now - 86400]
            if len(self._forced) >= FORCE_PER_DAY:
                raise WeChatError(45009)
            if token is None or not self._forced or now - self._forced[-1] >= FORCE_INTERVAL:
                self._forced.append(now)
                token = self._stable.mint(now, overlap=0)
        if token is None or token.expires - now <= OVERLAP:
            token = self._stable.mint(now, OVERLAP)
        return token.value, int(token.expires - now)

    def begin_anew(self) -> None:
        """Reset both endpoints. Their last tokens stay valid: the account's server does not know of the reset
        and still uses them."""
        self._forced.clear()
        for line in (self._classic, self._stable):
            line.begin_anew(self._clock.now())

    def living(self) -> list[tuple[str, Token]]:
        """Return (kind, token) for the current token of each endpoint, if it has not expired."""
        kinds = (("access_token", self._classic), ("stable", self._stable))
        return [
            (kind, line.current)
            for kind, line in kinds
            if line.current is not None and line.current.expires > self._clock.now()
        ]

    def check(self, value: str | None) -> None:
        """Check the access token of a call.

        Raises WeChatError: 41001 if it is missing, 40014 if it is malformed, 42001 if it has expired, 40001
        if it is unknown or was replaced.
        """
        if not value:
            raise WeChatError(41001)
        if not _SHAPE.fullmatch(value):
            raise WeChatError(40014)
        token = self._classic.find(value) or self._stable.find(value)
        if token is None:
            raise WeChatError(40001)
        if token.expires <= self._clock.now():
            raise WeChatError(40001 if token.superseded else 42001)


class JsapiTickets:
    """The tickets that pages are signed with. Every caller gets the same ticket until five minutes before its
    end.

    A page may be signed with any ticket that has not expired.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tickets: list[Token] = []
        self._before_reset: list[Token] = []  # the last ticket that was handed out before a reset

    def get(self) -> tuple[str, int]:
        """Return the ticket and its remaining seconds. Make a new ticket five minutes before the end of the
        old one."""
        now = self._clock.now()
        living = self.living()
        if not living or self._tickets[-1].expires - now <= OVERLAP:
            self._tickets = [*living, Token(secrets.token_urlsafe(64)[:86], now + LIFETIME)]
        ticket = self._tickets[-1]
        return ticket.value, int(ticket.expires - now)

    def living(self) -> list[Token]:
        """Return the tickets handed out since the last reset that have not expired."""
        now = self._clock.now()
        return [ticket for ticket in self._tickets if ticket.expires > now]

    def verifying(self) -> list[Token]:
        """Return the tickets with which a page may be signed."""
        now = self._clock.now()
        return [*self.living(), *(ticket for ticket in self._before_reset if ticket.expires > now)]

    def begin_anew(self) -> None:
        """Reset the tickets. The last ticket stays valid: the account's server does not know of the reset and
        still uses it."""
        handed_out = [*self._before_reset, *self._tickets]
        self._before_reset = [Token(one.value, self._clock.now() + LIFETIME) for one in handed_out[-1:]]
        self._tickets = []


def new_token() -> str:
    """Return a token in WeChat's form: two digits, an underscore, 130 random characters."""
    return f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(98)[:130]}"
