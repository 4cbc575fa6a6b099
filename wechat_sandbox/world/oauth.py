"""Web authorization: codes, tokens and who has agreed to what (protocol §6, rules 27 to 31)."""

import secrets
from dataclasses import dataclass

from wechat_sandbox.clock import Clock
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.world.tokens import new_token

CODE_LIFETIME = 300
ACCESS_LIFETIME = 7200
REFRESH_LIFETIME = 30 * 86400
# "Recently" has no published length; a day keeps a developer's second try silent, as on a phone.
RECENT_CONSENT = 86400
_KEPT = 10_000


@dataclass(frozen=True)
class Grant:
    """What a visit gives away to an app: this identity, in this scope. A snapshot's is a virtual one."""

    app_id: str
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
        self._by_access: dict[str, Session] = {}
        self._by_refresh: dict[str, Session] = {}
        self._requests: dict[str, ConsentRequest] = {}
        self._consents: dict[str, float] = {}

    # -- the page

    def ask(self, request: ConsentRequest) -> str:
        """The one-time id of a consent page."""
        request_id = secrets.token_urlsafe(16)
        self._requests[request_id] = request
        self._forget()
        return request_id

    def answered(self, request_id: str) -> ConsentRequest | None:
        """The page that this id stands for, once; None for an id that is unknown or was used."""
        return self._requests.pop(request_id, None)

    def consented(self, openid: str) -> None:
        self._consents[openid] = self._clock.now()

    def refused(self, openid: str) -> None:
        """Whatever was agreed to before, the next page asks again."""
        self._consents.pop(openid, None)

    def consented_recently(self, openid: str) -> bool:
        return self._clock.now() - self._consents.get(openid, -RECENT_CONSENT) < RECENT_CONSENT

    def issue(self, grant: Grant, lifetime: float = CODE_LIFETIME) -> str:
        """A code for `grant`: one use, within `lifetime` seconds (rule 29)."""
        code = "0" + secrets.token_urlsafe(24)[:31]
        self._codes[code] = _Code(grant, self._clock.now() + lifetime)
        self._forget()
        return code

    # -- the calls

    def exchange(self, code: str, app_id: str) -> Session:
        """Raises 40029 for a code that is unknown or another app's, 40163 used, 42003 expired."""
        known = self._codes.get(code)
        if known is None or known.grant.app_id != app_id:
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
        self._by_refresh[session.refresh_token] = self._by_access[session.access_token] = session
        self._forget()
        return session

    def refresh(self, refresh_token: str, app_id: str) -> Session:
        """Before its end the access token stays and lives on, afterwards there is a new one; the refresh
        token keeps its 30 days (rule 30). Raises 40030 unknown or another app's, 42002 expired."""
        session = self._by_refresh.get(refresh_token)
        if session is None or session.grant.app_id != app_id:
            raise WeChatError(40030)
        now = self._clock.now()
        if session.refresh_expires <= now:
            raise WeChatError(42002)
        if session.expires <= now:
            del self._by_access[session.access_token]
            session.access_token = new_token()
            self._by_access[session.access_token] = session
        session.expires = now + ACCESS_LIFETIME
        return session

    def session(self, access_token: str, openid: str) -> Session:
        """Raises 40001 unknown, 42001 expired, 40003 for somebody else's openid."""
        session = self._by_access.get(access_token)
        if session is None:
            raise WeChatError(40001, "invalid credential, access_token is invalid or not latest")
        if session.expires <= self._clock.now():
            raise WeChatError(42001)
        if session.grant.openid != openid:
            raise WeChatError(40003)
        return session

    def _forget(self) -> None:
        """The oldest codes and sessions go when there are too many to be of use."""
        while len(self._codes) > _KEPT:
            del self._codes[next(iter(self._codes))]
        while len(self._requests) > _KEPT:
            del self._requests[next(iter(self._requests))]
        while len(self._by_refresh) > _KEPT:
            session = self._by_refresh.pop(next(iter(self._by_refresh)))
            self._by_access.pop(session.access_token, None)
