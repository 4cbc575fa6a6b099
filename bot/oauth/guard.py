"""Step 1: does this request come from a known visitor? If not, send it on its way to WeChat, and take it
back when it returns. A page is its own redirect target.

After the exchange the visitor lands on the page's clean URL, so that a reload or a shared link never
carries a code. A browser that sends no cookie back gets there with a one-time ticket in the URL instead.
"""

import dataclasses
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from bot.config import Config
from bot.errors import VisitError
from bot.oauth.exchange import Exchange
from bot.oauth.session import Sessions
from bot.oauth.state import States
from bot.oauth.visitor import Visitor
from bot.wechat.endpoints import Endpoints

SESSION_COOKIE = "session"
BROWSER_COOKIE = "browser"
_TICKET = "visit"
_OURS = ("code", "state", _TICKET)  # query parameters that are not part of a page's clean URL
_MAX_FIELD = 512


@dataclass(frozen=True)
class Request:
    """What the guard needs of a request: `path` begins with a slash, `query` is raw, without `?`."""

    path: str
    query: str
    cookies: Mapping[str, str]


@dataclass(frozen=True)
class Go:
    """Send the browser to `url` with these cookies."""

    url: str
    cookies: dict[str, str] = field(default_factory=dict)


class Guard:
    def __init__(
        self, config: Config, endpoints: Endpoints, states: States, exchange: Exchange, sessions: Sessions
    ) -> None:
        self._config = config
        self._endpoints = endpoints
        self._states = states
        self._exchange = exchange
        self._sessions = sessions

    def visit(self, request: Request, scope: str) -> Visitor | Go:
        """The visitor, known at least as well as `scope` grants, or where to send the browser.

        Raises VisitError where neither is possible; its reason is for a page that explains.
        """
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        if "code" in query or "state" in query:
            return self._returned(request, query)
        visitor = self._known(request, scope)
        if visitor:
            return Go(self._clean_url(request)) if _TICKET in query else visitor
        visitor = self._sessions.redeem(query[_TICKET]) if _TICKET in query else None
        if visitor and visitor.has(scope):
            return visitor
        return self._authorize(request, scope)

    def _known(self, request: Request, scope: str) -> Visitor | None:
        session_id = request.cookies.get(SESSION_COOKIE, "")
        visitor = self._sessions.find(session_id) if session_id else None
        if visitor is None or not visitor.has(scope):
            return None
        renewed = self._exchange.renewed(visitor)
        if renewed is not None and renewed is not visitor:
            self._sessions.update(session_id, renewed)
        return renewed

    def _authorize(self, request: Request, scope: str) -> Go:
        browser = request.cookies.get(BROWSER_COOKIE) or secrets.token_urlsafe(16)
        url = self._clean_url(request)
        state = self._states.new(url.removeprefix(self._config.public_url), browser)
        authorize = self._endpoints.authorize(self._config.app_id, url, scope, state)
        return Go(authorize, {BROWSER_COOKIE: browser})

    def _returned(self, request: Request, query: Mapping[str, str]) -> Go:
        code, state = query.get("code", ""), query.get("state", "")
        if not code:
            raise VisitError("refused", 403)
        if not state or len(state) > _MAX_FIELD or len(code) > _MAX_FIELD:
            raise VisitError("foreign-state", 403)
        browser = request.cookies.get(BROWSER_COOKIE, "")
        if self._states.is_for_menu(state, request.path):
            is_proven, url = False, self._clean_url(request)
        else:
            return_path = self._states.use(state, code, browser)
            is_proven, url = bool(browser), self._config.public_url + return_path
        visitor = dataclasses.replace(self._exchange.visitor(code), is_proven=is_proven)
        return self._welcome(request, visitor, url, cookies_work=bool(browser))

    def _welcome(self, request: Request, visitor: Visitor, url: str, *, cookies_work: bool) -> Go:
        earlier = request.cookies.get(SESSION_COOKIE)
        if earlier:
            self._sessions.end(earlier)  # a login always gets a session of its own
        cookies = {
            SESSION_COOKIE: self._sessions.begin(visitor),
            BROWSER_COOKIE: request.cookies.get(BROWSER_COOKIE) or secrets.token_urlsafe(16),
        }
        if not cookies_work:
            url += ("&" if "?" in url else "?") + urlencode({_TICKET: self._sessions.ticket(visitor)})
        return Go(url, cookies)

    def _clean_url(self, request: Request) -> str:
        pairs = parse_qsl(request.query, keep_blank_values=True)
        kept = urlencode([(name, value) for name, value in pairs if name not in _OURS])
        return self._config.public_url + request.path + (f"?{kept}" if kept else "")
