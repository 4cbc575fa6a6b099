"""Step 3 of a visit: send a visitor whom the page does not know well enough to WeChat's authorize page.

It must not send a browser there in which that page does not open: a PC goes to our login page, a phone's
browser outside WeChat gets a page that explains.
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
        """Return True if WeChat's authorize page and its menus can be reached in this browser."""
        return not (self._logs_in_here(request) or request.is_lost_phone)

    def awaits_consent(self, request: Request) -> bool:
        """Return True if this browser went to WeChat's consent page and has not come back with an answer."""
        return self._states.is_open(request.cookies.get(ASKED_COOKIE, ""))

    def go(self, request: Request, need: Need, session: Session | None = None, ask: str = "") -> Go:
        """Return the redirect to WeChat, or to our login page on a PC.

        `session` is what we know already. `ask` is the visitor's own wish: "1" to be asked by WeChat, "0" not
        to be. Raises VisitError: not-in-wechat, too-many, or consent-open for a visitor who comes back from
        the consent page without an answer (WeChat tells nobody of a refusal).
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
            scope = "snsapi_base"  # only proof is missing, and a silent round costs the visitor nothing
        asks = scope != "snsapi_base"
        if asks and _is_declined(request, need, ask):
            asks, scope, cookies[ASKED_COOKIE] = False, "snsapi_base", "no"
        if asks and request.navigates and ask != "1" and self.awaits_consent(request):
            raise self._consent_open(request, need)
        state = self._states.new(path, browser)
        if asks:
            cookies[ASKED_COOKIE] = state
        # The page's own code or state waits here, in the state: WeChat adds its own to this URL.
        back = self._config.public_url + request.clean_path(own=())
        popup = need.popup and asks
        return Go(
            self._endpoints.authorize(self._config.app_id, back, scope, state, force_popup=popup), cookies
        )

    def _logs_in_here(self, request: Request) -> bool:
        """Return True for a browser on a PC that goes to our login page instead of to WeChat."""
        return request.is_pc and self._config.login_way != "off"

    def _consent_open(self, request: Request, need: Need) -> VisitError:
        """Return the error whose page offers to ask once more and, if that will do, to go on unnamed."""
        site = self._config.public_url
        way_around = site + request.ask_path("0") if need.or_silent else ""
        return VisitError("consent-open", 403, way_on=site + request.ask_path("1"), way_around=way_around)


def _is_declined(request: Request, need: Need, ask: str) -> bool:
    """Return True if the page can do without a name and the visitor would rather not give theirs."""
    has_declined = request.cookies.get(ASKED_COOKIE) == "no" and ask != "1"
    return need.or_silent and (ask == "0" or has_declined)
