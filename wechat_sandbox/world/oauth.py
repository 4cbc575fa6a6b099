"""The state of web authorization: codes, tokens and the users' consent (protocol §6, rules 27 to 31)."""

import secrets
from dataclasses import dataclass

from wechat_sandbox.clock import Clock
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.world.tokens import new_token

CODE_LIFETIME = 300
ACCESS_LIFETIME = 7200
REFRESH_LIFETIME = 30 * 86400
# WeChat does not document the lifetime of a consent. One day is a choice of the sandbox.
RECENT_CONSENT = 86400
_KEPT = 10_000


@dataclass(frozen=True)
class Grant:
    """The identity and scope that a user gives to an app. For a snapshot page the identity is virtual."""

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
    """The tokens of one exchanged code. Expiry times are Unix seconds of the simulated clock."""

    grant: Grant
    access_token: str
    expires: float
    refresh_token: str
    refresh_expires: float


@dataclass(frozen=True)
class ConsentRequest:
    """An open consent page: the user who sees it, and the address to return to."""

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

    # -- for the pages

    def ask(self, request: ConsentRequest) -> str:
        """Store an open consent page and return its one-time id."""
        request_id = secrets.token_urlsafe(16)
        self._requests[request_id] = request
        self._forget()
        return request_id

    def answered(self, request_id: str) -> ConsentRequest | None:
        """Remove and return the consent page with this id; None if the id is unknown or was used."""
        return self._requests.pop(request_id, None)

    def consented(self, openid: str) -> None:
        """Record that the user agreed now."""
        self._consents[openid] = self._clock.now()

    def refused(self, openid: str) -> None:
        """Delete an earlier consent of the user, so that the next page asks again."""
        self._consents.pop(openid, None)

    def consented_recently(self, openid: str) -> bool:
        """Return True if the user agreed within the last `RECENT_CONSENT` seconds."""
        return self._clock.now() - self._consents.get(openid, -RECENT_CONSENT) < RECENT_CONSENT

    def issue(self, grant: Grant, lifetime: float = CODE_LIFETIME) -> str:
        """Return a new code for `grant`. It works once, within `lifetime` seconds (rule 29)."""
        code = "0" + secrets.token_urlsafe(24)[:31]
        self._codes[code] = _Code(grant, self._clock.now() + lifetime)
        self._forget()
        return code

    # -- for the API calls

    def exchange(self, code: str, app_id: str) -> Session:
        """Exchange a code for a session with new tokens.

        Raises WeChatError: 40029 if the code is unknown or belongs to another app, 40163 if it was used,
        42003 if it has expired.
        """
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
        """Extend the access token, or replace it if it has expired (rule 30).

        The refresh token still ends 30 days after the exchange. Raises WeChatError: 40030 if the refresh
        token is unknown or belongs to another app, 42002 if it has expired.
        """
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
        """Return the session of an access token.

        Raises WeChatError: 40001 if the token is unknown, 42001 if it has expired, 40003 if `openid` is not
        the user of the session.
        """
        session = self._by_access.get(access_token)
        if session is None:
            raise WeChatError(40001, "invalid credential, access_token is invalid or not latest")
        if session.expires <= self._clock.now():
            raise WeChatError(42001)
        if session.grant.openid != openid:
            raise WeChatError(40003)
        return session

    def _forget(self) -> None:
        """Remove the oldest codes, consent pages and sessions above `_KEPT` of each."""
        while len(self._codes) > _KEPT:
            del self._codes[next(iter(self._codes))]
        while len(self._requests) > _KEPT:
            del self._requests[next(iter(self._requests))]
        while len(self._by_refresh) > _KEPT:
            session = self._by_refresh.pop(next(iter(self._by_refresh)))
            self._by_access.pop(session.access_token, None)
