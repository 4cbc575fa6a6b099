"""Step 3 of a visit: redirect a visitor to WeChat's authorize page if the page needs to know more about them.

This module must not redirect a browser that cannot open the authorize page: a PC goes to our login page, and
a phone's browser outside WeChat gets a page with an explanation.
"""

from bot.config import Config
from bot.errors import VisitError
from bot.oauth.request import ASKED_COOKIE, BROWSER_COOKIE, Go, Need, Request, browser_of, login_path
from bot.oauth.session import Session
from bot.oauth.state import States
from bot.oauth.visit_limit import VisitLimit
from bot.wechat.endpoints import Endpoints


class AuthorizeRedirect:
    """Build the redirect to WeChat: scope, consent, state and cookies."""

    def __init__(self, config: Config, endpoints: Endpoints, states: States, visit_limit: VisitLimit) -> None:
        self._config = config
        self._endpoints = endpoints
        self._states = states
        self._visit_limit = visit_limit

    def is_possible(self, request: Request) -> bool:
        """Return True if this browser can open WeChat's authorize page and menu links."""
        return not (self._logs_in_here(request) or request.is_lost_phone)

    def awaits_consent(self, request: Request) -> bool:
        """Return True if this browser went to WeChat's consent page and has not come back with an answer."""
        return self._states.is_open(request.cookies.get(ASKED_COOKIE, ""))

    def go(self, request: Request, need: Need, session: Session | None = None, ask: str = "") -> Go:
        """Return the redirect to WeChat, or to our login page on a PC.

        `session` is the present session. `ask` is the visitor's own choice: "1" if WeChat may ask for
        consent, "0" if not. Raises VisitError: not-in-wechat, too-many, or consent-open if the visitor left
        the consent page without an answer (WeChat does not report a refusal).
        """
        path = request.clean_path()
        if self._logs_in_here(request):
            return Go(self._config.public_url + login_path(path))
        if request.is_lost_phone:
            way_around = "" if self._config.login_way == "off" else login_path(path)
            raise VisitError("not-in-wechat", 403, way_on=path, way_around=way_around)
        self._visit_limit.count(request)
        browser = browser_of(request.cookies)
        cookies = {BROWSER_COOKIE: browser}
        scope = need.scope
        if session and session.visitor.has(scope) and not session.visitor.is_snapshot:
            scope = "snsapi_base"  # only proof is missing, and a silent login does not disturb the visitor
        asks = scope != "snsapi_base"
        if asks and _is_declined(request, need, ask):
            asks, scope, cookies[ASKED_COOKIE] = False, "snsapi_base", "no"
        if asks and request.navigates and ask != "1" and self.awaits_consent(request):
            raise self._consent_open(request, need)
        state = self._states.new(path, browser)
        if asks:
            cookies[ASKED_COOKIE] = state
        # WeChat adds its own code and state to this URL. If the page has parameters of these names, the
        # record of the state keeps them.
        back = self._config.public_url + request.clean_path(own=())
        popup = need.popup and asks
        return Go(
            self._endpoints.authorize(self._config.app_id, back, scope, state, force_popup=popup), cookies
        )

    def _logs_in_here(self, request: Request) -> bool:
        """Return True for a browser on a PC that goes to our login page instead of to WeChat."""
        return request.is_pc and self._config.login_way != "off"

    def _consent_open(self, request: Request, need: Need) -> VisitError:
        """Return the error for a visitor who came back without an answer. Its page links to WeChat's consent
        page. If `need` allows visitors without a name, the page also has a link that skips the consent."""
        site = self._config.public_url
        way_around = site + request.ask_path("0") if need.or_silent else ""
        return VisitError("consent-open", 403, way_on=site + request.ask_path("1"), way_around=way_around)


def _is_declined(request: Request, need: Need, ask: str) -> bool:
    """Return True if the page admits visitors without a name, and this visitor has refused consent."""
    has_declined = request.cookies.get(ASKED_COOKIE) == "no" and ask != "1"
    return need.or_silent and (ask == "0" or has_declined)
