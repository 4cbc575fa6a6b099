"""Web authorization: codes, tokens and who has agreed to what (protocol §6, rules 27 to 31)."""

import secrets
from dataclasses import dataclass

from sandbox.clock import Clock
from sandbox.errors import WeChatError
from sandbox.world.tokens import new_token

CODE_LIFETIME = 300
ACCESS_LIFETIME = 7200
REFRESH_LIFETIME = 30 * 86400
# "Recently" has no published length; a day keeps a developer's second try silent, as on a phone.
RECENT_CONSENT = 86400


@dataclass(frozen=True)
class Grant:
    """What a visit gives away: this identity, in this scope. A snapshot's identity is a virtual one."""

    openid: str
    unionid: str
    nickname: str
    avatar: str
    scope: str
    snapshot: bool = False


@dataclass
class _Code:
    grant: Grant
    expires: float
    used: bool = False


@dataclass
class Session:
    grant: Grant
    access_token: str
    expires: float
    refresh_token: str
    refresh_expires: float


@dataclass(frozen=True)
class ConsentRequest:
    """A consent page that waits for its button: who sees it and where it leads on."""

    openid: str
    redirect_uri: str
    state: str


class OAuth:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._codes: dict[str, _Code] = {}
        self._sessions: list[Session] = []
        self._requests: dict[str, ConsentRequest] = {}
        self._consents: dict[str, float] = {}

    # -- the page

    def ask(self, request: ConsentRequest) -> str:
        """The one-time id of a consent page."""
        request_id = secrets.token_urlsafe(16)
        self._requests[request_id] = request
        return request_id

    def answered(self, request_id: str) -> ConsentRequest | None:
        """The page that this id stands for, once; None for an id that is unknown or was used."""
        return self._requests.pop(request_id, None)

    def consented(self, openid: str) -> None:
        self._consents[openid] = self._clock.now()

    def consented_recently(self, openid: str) -> bool:
        return self._clock.now() - self._consents.get(openid, -RECENT_CONSENT) < RECENT_CONSENT

    def issue(self, grant: Grant) -> str:
        """A code for `grant`: one use, five minutes (rule 29)."""
        code = "0" + secrets.token_urlsafe(24)[:31]
        self._codes[code] = _Code(grant, self._clock.now() + CODE_LIFETIME)
        return code

    # -- the calls

    def exchange(self, code: str) -> Session:
        """Raises 40029 unknown, 40163 used, 42003 expired."""
        known = self._codes.get(code)
        if known is None:
            raise WeChatError(40029)
        if known.used:
            raise WeChatError(40163)
        now = self._clock.now()
        if known.expires <= now:
            raise WeChatError(42003)
        known.used = True
        session = Session(
            known.grant, new_token(), now + ACCESS_LIFETIME, new_token(), now + REFRESH_LIFETIME
        )
        self._sessions.append(session)
        return session

    def refresh(self, refresh_token: str) -> Session:
        """Before its end the access token stays and lives on, afterwards there is a new one; the refresh
        token keeps its 30 days (rule 30). Raises 40030 unknown, 42002 expired."""
        session = next((s for s in self._sessions if s.refresh_token == refresh_token), None)
        if session is None:
            raise WeChatError(40030)
        now = self._clock.now()
        if session.refresh_expires <= now:
            raise WeChatError(42002)
        if session.expires <= now:
            session.access_token = new_token()
        session.expires = now + ACCESS_LIFETIME
        return session

    def session(self, access_token: str, openid: str) -> Session:
        """Raises 40001 unknown, 42001 expired, 40003 for somebody else's openid."""
        session = next((s for s in self._sessions if s.access_token == access_token), None)
        if session is None:
            raise WeChatError(40001, "invalid credential, access_token is invalid or not latest")
        if session.expires <= self._clock.now():
            raise WeChatError(42001)
        if session.grant.openid != openid:
            raise WeChatError(40003)
        return session
