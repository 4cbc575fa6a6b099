"""Step 4 of a visit: a browser is back from WeChat with a code; lead it through steps 5 to 7 to its page.

It must not show a page itself: the visitor always goes on to the page's clean URL, so that a reload or a
shared link never carries a code.
"""

from collections.abc import Mapping

from bot.errors import VisitError
from bot.oauth.authorize_redirect import AuthorizeRedirect
from bot.oauth.exchange import Exchange
from bot.oauth.one_page_ticket import OnePageTickets
from bot.oauth.request import Go, Need, Request
from bot.oauth.session import Session, Sessions
from bot.oauth.sign_in import SignIn
from bot.oauth.state import is_state
from bot.oauth.state_check import CheckedCode, StateCheck
from bot.oauth.visitor import Visitor
from bot.telemetry.log import audit


def is_return(request: Request, query: Mapping[str, str]) -> bool:
    """Return True if WeChat sent this browser: with its `code` and our `state`, or with the state alone.

    A page without parameters of these names takes any for WeChat's.
    """
    if not request.own_query:
        return "code" in query or "state" in query
    return is_state(query.get("state", ""))


class CodeReturn:
    """Turn a returned code into a session, or into one page for a browser without cookies."""

    def __init__(
        self,
        state_check: StateCheck,
        exchange: Exchange,
        sessions: Sessions,
        tickets: OnePageTickets,
        sign_in: SignIn,
        authorize_redirect: AuthorizeRedirect,
    ) -> None:
        self._state_check = state_check
        self._exchange = exchange
        self._sessions = sessions
        self._tickets = tickets
        self._sign_in = sign_in
        self._authorize_redirect = authorize_redirect

    def follow(self, request: Request, need: Need, query: Mapping[str, str]) -> Go:
        """Return where the browser goes, with its new session.

        Raises VisitError if the code or the state is not good, or WeChat gives no visitor for them.
        """
        try:
            return self._exchanged(request, need, self._state_check.code(request, query))
        except VisitError as error:
            if need.scope != "snsapi_base" and self._authorize_redirect.awaits_consent(request):
                # They have answered WeChat, if not well: the way on must not say that they have not.
                error.way_on = request.ask_path("1", own=())
            raise

    def _exchanged(self, request: Request, need: Need, checked: CheckedCode) -> Go:
        earlier = self._sessions.find(request.session_id)
        try:
            visitor = self._exchange.visitor(checked.code, request.lang)
        except VisitError as error:
            if error.reason not in ("wechat-down", "busy") or earlier is None or need.fresh:
                raise
            # While WeChat is down, the visitor we knew is good enough.
            self._sessions.touch(request.session_id, earlier, earlier.visitor)
            return Go(checked.url)
        if checked.is_proven:
            visitor = self._sign_in.proven(visitor)
        if earlier:
            if request.browser_id and _takes_proven_place(visitor, earlier):
                # The phone's user has changed, or somebody was sent another's menu link: WeChat knows which.
                via_wechat = earlier.visitor.via == "wechat"
                return self._authorize_redirect.go(request, Need()) if via_wechat else Go(checked.url)
            visitor = visitor.with_profile_of(earlier.visitor)
        if request.browser_id:
            return self._sign_in.welcome(request, visitor, checked.url)
        return self._without_cookies(request, visitor, checked)

    def _without_cookies(self, request: Request, visitor: Visitor, checked: CheckedCode) -> Go:
        """Return the one page of a browser that sent no cookie; from a menu link, with a session as well.

        A menu link begins in WeChat, in a browser that has never been here: it may keep cookies after all.
        """
        url = self._tickets.url(checked.url, visitor)
        if checked.is_from_menu:
            return self._sign_in.welcome(request, visitor, url)
        audit("one-page", openid=visitor.openid, address=request.address)
        return Go(url)


def _takes_proven_place(visitor: Visitor, earlier: Session) -> bool:
    """Return True if a visitor who is only recognised would take the session of somebody who is proven."""
    proven = earlier.visitor
    return not visitor.is_proven and proven.is_proven and proven.openid != visitor.openid
