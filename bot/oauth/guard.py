"""Step 1: does this request come from a known visitor? If not, send it on its way to WeChat, and take it
back when it returns. A page is its own redirect target.

After the exchange the visitor lands on the page's clean URL, so that a reload or a shared link never
carries a code. A browser that sends no cookie back gets there with a one-time ticket in the URL instead, and
with nothing else: that it is the one which went to WeChat is more than anybody can say.
"""

import dataclasses
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from bot.config import Config
from bot.errors import VisitError
from bot.oauth.exchange import Exchange
from bot.oauth.request import (
    ASK,
    ASKED_COOKIE,
    BROWSER_COOKIE,
    SESSION_COOKIE,
    TICKET,
    Go,
    Need,
    Request,
    browser_of,
    clean_query,
    login_path,
)
from bot.oauth.session import Session, Sessions
from bot.oauth.state import States, is_state
from bot.oauth.visitor import Visitor
from bot.people import Bindings
from bot.store import Clock
from bot.store.limits import Limits
from bot.telemetry.log import audit
from bot.wechat.endpoints import Endpoints

_MAX_FIELD = 512
_SNAPSHOT_SECONDS = 600.0  # a preview is not a login: WeChat is asked again soon


class Guard:
    def __init__(
        self,
        config: Config,
        endpoints: Endpoints,
        states: States,
        exchange: Exchange,
        sessions: Sessions,
        limits: Limits,
        bindings: Bindings,
        clock: Clock,
    ) -> None:
        self._config = config
        self._endpoints = endpoints
        self._states = states
        self._exchange = exchange
        self._sessions = sessions
        self._limits = limits
        self._bindings = bindings
        self._clock = clock

    def visit(self, request: Request, need: Need) -> Visitor | Go:
        """The visitor, known as well as the page needs, or where to send the browser.

        Raises VisitError where neither is possible; its reason is for a page that explains.
        """
        query = dict(parse_qsl(request.query, keep_blank_values=True)) if request.query else {}
        if _is_return(request, query):
            try:
                return self._returned(request, need, query)
            except VisitError as error:
                if need.scope != "snsapi_base" and self._states.is_open(
                    request.cookies.get(ASKED_COOKIE, "")
                ):
                    # They have answered WeChat, if not well: the way on must not say that they have not.
                    error.way_on = self._ask_url(request, "1", own=()).removeprefix(self._config.public_url)
                raise
        session = self._sessions.find(request.cookies.get(SESSION_COOKIE, ""))
        if session and self._is_still_here(request, session):
            visitor = self._known(request, need, session, asked_for=query.get(ASK) == "1")
            if visitor:
                return Go(self._clean_url(request)) if TICKET in query or ASK in query else visitor
        elif (
            TICKET in query
            and self._may_drop_cookies(request)
            and (visitor := self._sessions.redeem(query[TICKET]))
        ):
            if need.fresh:
                raise VisitError("no-cookies", 403)
            if visitor.has(need.scope):
                return visitor
        return self._authorize(request, need, session, query.get(ASK, ""))

    def visitor(self, cookies: Mapping[str, str]) -> Visitor | None:
        """Who has a session in this browser, for pages that send nobody to WeChat."""
        session = self._sessions.find(cookies.get(SESSION_COOKIE, ""))
        return session.visitor if session else None

    def is_fresh(self, cookies: Mapping[str, str], seconds: float) -> bool:
        """Whether this browser's session would do for a page that needs a login of so many seconds ago."""
        visitor = self.visitor(cookies)
        return visitor is not None and self._was_proven(visitor, seconds)

    def vouched(self, visitor: Visitor) -> Visitor:
        """Who a PC's login will be: they have scanned its code and said yes, which proves them anew, however
        long ago their phone's own login was. (WeChat has named who scanned it, minutes ago at most.)"""
        return dataclasses.replace(visitor, via="scene", proven_at=self._clock())

    def welcome(self, request: Request, visitor: Visitor, url: str) -> Go:
        """Begin a session of its own for a login, end the one before, and go to `url`."""
        cookies = request.cookies
        earlier = cookies.get(SESSION_COOKIE, "")
        before = self._sessions.find(earlier)
        if before and before.visitor.openid != visitor.openid and before.visitor.via == visitor.via:
            audit("switched", openid=visitor.openid, way=visitor.via, address=request.address)
        self._sessions.end(earlier)
        if visitor.unionid and not visitor.is_snapshot:
            self._bindings.learn(visitor.openid, visitor.unionid)
        proven, address = visitor.is_proven, request.address
        audit("login", openid=visitor.openid, way=visitor.via, proven=proven, address=address)
        return Go(url, {SESSION_COOKIE: self._sessions.begin(visitor), BROWSER_COOKIE: browser_of(cookies)})

    def leave(self, request: Request, url: str, *, everywhere: bool) -> Go:
        """End this browser's session, or all of the person's, and go to `url`."""
        session_id = request.cookies.get(SESSION_COOKIE, "")
        session = self._sessions.find(session_id)
        if session:
            if everywhere:
                self._sessions.end_all(session.visitor.openid, session.visitor.unionid)
            openid, address = session.visitor.openid, request.address
            audit("logout", openid=openid, everywhere=everywhere, address=address)
        self._sessions.end(session_id)
        return Go(url, {SESSION_COOKIE: ""})

    def _is_still_here(self, request: Request, session: Session) -> bool:
        """A phone may have changed its WeChat user since: after a while without a visit, we ask again."""
        if session.visitor.is_snapshot and self._clock() > session.begun + _SNAPSHOT_SECONDS:
            return False
        recheck = self._config.recheck_minutes * 60.0
        is_phone = session.visitor.via == "wechat" and not request.is_pc
        return not (is_phone and recheck and self._clock() > session.seen + recheck)

    def _was_proven(self, visitor: Visitor, seconds: float) -> bool:
        """Whether this is a real login, and so many seconds ago at most."""
        is_real = visitor.is_proven and not visitor.is_snapshot
        return is_real and self._clock() <= visitor.proven_at + seconds

    def _known(self, request: Request, need: Need, session: Session, *, asked_for: bool) -> Visitor | None:
        visitor = session.visitor
        session_id = request.cookies[SESSION_COOKIE]
        if need.fresh:
            if visitor.is_snapshot and not asked_for:
                raise VisitError("snapshot", 403, way_on=self._ask_url(request, "1"))
            if not self._was_proven(visitor, need.fresh):
                return None
        if not visitor.has(need.scope):
            declined = need.or_silent and request.cookies.get(ASKED_COOKIE) == "no" and not asked_for
            return visitor if declined else None
        if need.scope == "snsapi_base" or visitor.via == "website":
            self._sessions.touch(session_id, session)
            return visitor
        renewed = self._exchange.renewed(visitor, request.lang)
        if renewed is None:  # WeChat wants the visitor's consent anew: who they are we still know
            base = dataclasses.replace(visitor, scope="snsapi_base")
            self._sessions.touch(session_id, session, base)
            return None
        self._sessions.touch(session_id, session, renewed if renewed is not visitor else None)
        return renewed

    def _logs_in_here(self, request: Request) -> bool:
        """Whether this browser's way is our login page: WeChat's authorize page opens in WeChat only."""
        return request.is_pc and self._config.login_way != "off"

    def _may_drop_cookies(self, request: Request) -> bool:
        """Whether this may be a browser of WeChat's that sends no cookie back. From elsewhere nobody is sent
        to WeChat, so that nobody comes back; and who sends our cookie drops none."""
        return not self._is_elsewhere(request) and not request.cookies.get(BROWSER_COOKIE)

    def _is_elsewhere(self, request: Request) -> bool:
        """Whether WeChat's authorize page and its menus are not to be had in this browser."""
        return self._logs_in_here(request) or request.is_lost_phone

    def _authorize(self, request: Request, need: Need, session: Session | None, ask: str) -> Go:
        url = self._clean_url(request)
        path = url.removeprefix(self._config.public_url)
        if self._logs_in_here(request):
            return Go(self._config.public_url + login_path(path))
        if request.is_lost_phone:
            way_around = "" if self._config.login_way == "off" else login_path(path)
            raise VisitError("not-in-wechat", 403, way_on=path, way_around=way_around)
        self.count(request)
        cookies = {BROWSER_COOKIE: browser_of(request.cookies)}
        scope = need.scope
        if session and session.visitor.has(scope) and not session.visitor.is_snapshot:
            scope = "snsapi_base"  # all that is missing is proof, and that costs the visitor nothing
        asked = request.cookies.get(ASKED_COOKIE, "")
        if scope != "snsapi_base" and need.or_silent and (ask == "0" or (asked == "no" and ask != "1")):
            scope, cookies[ASKED_COOKIE] = "snsapi_base", "no"
        if scope != "snsapi_base" and request.navigates and ask != "1" and self._states.is_open(asked):
            # Back from the consent page without an answer: WeChat tells nobody of a refusal.
            raise VisitError(
                "consent-open",
                403,
                way_on=self._ask_url(request, "1"),
                way_around=self._ask_url(request, "0") if need.or_silent else "",
            )
        state = self._states.new(path, cookies[BROWSER_COOKIE])
        if scope != "snsapi_base":
            cookies[ASKED_COOKIE] = state
        popup = need.popup and scope != "snsapi_base"
        # The page's own code or state waits here, in the state: WeChat adds its own to this URL.
        back = self._clean_url(request, own=())
        authorize = self._endpoints.authorize(self._config.app_id, back, scope, state, force_popup=popup)
        return Go(authorize, cookies)

    def _returned(self, request: Request, need: Need, query: Mapping[str, str]) -> Go:
        code, state = query.get("code", ""), query.get("state", "")
        if not code and (not state or is_state(state)):
            raise VisitError("refused", 403)
        if not code or not state or len(state) > _MAX_FIELD or len(code) > _MAX_FIELD:
            raise VisitError("foreign-state", 403)
        browser = request.cookies.get(BROWSER_COOKIE, "")
        is_menus = self._states.is_for_menu(state, request.path)
        if self._is_elsewhere(request) and (is_menus or not browser):
            raise VisitError("foreign-state", 403)
        if is_menus:
            is_proven, url = False, self._clean_url(request, own=())
        else:
            return_path = self._states.use(state, code, browser)
            is_proven, url = bool(browser), self._config.public_url + return_path
        self.count(request)
        session_id = request.cookies.get(SESSION_COOKIE, "")
        earlier = self._sessions.find(session_id)
        try:
            visitor = self._exchange.visitor(code, request.lang)
        except VisitError as error:
            if error.reason not in ("wechat-down", "busy") or earlier is None or need.fresh:
                raise
            self._sessions.touch(session_id, earlier, earlier.visitor)  # the one we knew will do for now
            return Go(url)
        visitor = dataclasses.replace(
            visitor, is_proven=is_proven, proven_at=self._clock() if is_proven else 0.0
        )
        if earlier:
            if not is_proven and browser and _is_another(visitor, earlier.visitor):
                # The phone's user has changed, or somebody was sent another's menu link: WeChat knows which.
                via_wechat = earlier.visitor.via == "wechat"
                return self._authorize(request, Need(), None, "") if via_wechat else Go(url)
            visitor = visitor.with_profile_of(earlier.visitor)
        if not browser:
            url += ("&" if "?" in url else "?") + urlencode({TICKET: self._sessions.ticket(visitor)})
            if not is_menus:  # a menu link begins in WeChat: its browser has never been here
                audit("one-page", openid=visitor.openid, address=request.address)
                return Go(url)
        return self.welcome(request, visitor, url)

    def count(self, request: Request) -> None:
        """Count a visit that leads to WeChat. Raises VisitError(too-many)."""
        if not self._limits.take("visit", request.network, self._config.rate_limit, 60):
            raise VisitError("too-many", 429)

    def _ask_url(self, request: Request, ask: str, own: tuple[str, ...] | None = None) -> str:
        url = self._clean_url(request, own)
        return f"{url}{'&' if '?' in url else '?'}{ASK}={ask}"

    def _clean_url(self, request: Request, own: tuple[str, ...] | None = None) -> str:
        query = clean_query(request.query, request.own_query if own is None else own)
        return self._config.public_url + request.path + query


def _is_another(visitor: Visitor, proven: Visitor) -> bool:
    return proven.is_proven and proven.openid != visitor.openid


def _is_return(request: Request, query: Mapping[str, str]) -> bool:
    """Whether WeChat sends somebody back: with its `code` and our `state`, or with the state alone. A page
    without parameters of these names takes any for WeChat's."""
    if not request.own_query:
        return "code" in query or "state" in query
    return is_state(query.get("state", ""))
