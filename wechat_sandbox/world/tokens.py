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
    value: str
    expires: float
    superseded: bool = False


class Line:
    """One endpoint's tokens: the endpoints do not disturb each other."""

    def __init__(self) -> None:
        self.current: Token | None = None
        self.old: list[Token] = []

    def mint(self, now: float, overlap: float) -> Token:
        """A new current token; the one before it works for at most `overlap` seconds more."""
        self.old = [token for token in self.old if token.expires > now - LIFETIME]
        if self.current is not None:
            # A token that has died by itself stays "expired" (42001), not "replaced" (40001).
            if self.current.expires > now:
                self.current.superseded = True
                self.current.expires = min(self.current.expires, now + overlap)
            self.old.append(self.current)
        self.current = Token(new_token(), now + LIFETIME)
        return self.current

    def begin_anew(self, now: float) -> None:
        """As at the start, but that the last token handed out is good for its whole life."""
        last = self.current or (self.old[-1] if self.old else None)
        self.old = [Token(last.value, now + LIFETIME)] if last else []
        self.current = None

    def find(self, value: str) -> Token | None:
        known = [self.current, *self.old] if self.current else self.old
        return next((token for token in known if token.value == value), None)


class AccessTokens:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._classic = Line()
        self._stable = Line()
        self._forced: list[float] = []

    def mint(self) -> tuple[str, int]:
        """`/cgi-bin/token`: always a new token; the older one dies within five minutes (rule 15)."""
        return self._classic.mint(self._clock.now(), OVERLAP).value, LIFETIME

    def stable(self, force: bool) -> tuple[str, int]:
        """`/cgi-bin/stable_token`: the same token and its remaining life until five minutes before its end.

        Forcing kills the old token at once, is ignored within 30 s of the last time, and raises 45009
        after 20 times in a day (rule 16).
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
        """After a reset, of which a server knows nothing: it goes on using its token, by its own clock."""
        self._forced.clear()
        for line in (self._classic, self._stable):
            line.begin_anew(self._clock.now())

    def living(self) -> list[tuple[str, Token]]:
        """The current token of each endpoint, with its kind."""
        kinds = (("access_token", self._classic), ("stable", self._stable))
        return [
            (kind, line.current)
            for kind, line in kinds
            if line.current is not None and line.current.expires > self._clock.now()
        ]

    def check(self, value: str | None) -> None:
        """Raises 41001 absent, 40014 malformed, 42001 expired, 40001 unknown or replaced."""
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
    """A ticket is the same for all until it expires; whichever still lives verifies a page signed with it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tickets: list[Token] = []
        self._of_before: list[Token] = []  # the last one handed out before a reset

    def get(self) -> tuple[str, int]:
        now = self._clock.now()
        living = self.living()
        if not living or self._tickets[-1].expires - now <= OVERLAP:
            self._tickets = [*living, Token(secrets.token_urlsafe(64)[:86], now + LIFETIME)]
        ticket = self._tickets[-1]
        return ticket.value, int(ticket.expires - now)

    def living(self) -> list[Token]:
        now = self._clock.now()
        return [ticket for ticket in self._tickets if ticket.expires > now]

    def verifying(self) -> list[Token]:
        """Those with which a page may be signed."""
        now = self._clock.now()
        return [*self.living(), *(ticket for ticket in self._of_before if ticket.expires > now)]

    def begin_anew(self) -> None:
        """As AccessTokens.begin_anew()."""
        handed_out = [*self._of_before, *self._tickets]
        self._of_before = [Token(one.value, self._clock.now() + LIFETIME) for one in handed_out[-1:]]
        self._tickets = []


def new_token() -> str:
    """In the shape of the real ones: two digits, an underscore, about 130 characters."""
    return f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(98)[:130]}"
