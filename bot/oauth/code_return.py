"""Step 4 of a visit: perform steps 5 to 7 for a browser that returns from WeChat with a code.

This module must not show a page itself: the browser always goes on to the page's clean URL, so that a reload
or a shared link never contains a code.
"""

import dataclasses
from collections.abc import Mapping

from bot.errors import VisitError
from bot.oauth.authorize_redirect import AuthorizeRedirect
from bot.oauth.exchange import Exchange
from bot.oauth.one_page_ticket import OnePageTickets
from bot.oauth.request import Go, Need, Request, ending_fragment
from bot.oauth.session import Session, Sessions
from bot.oauth.sign_in import SignIn
from bot.oauth.state import is_state
from bot.oauth.state_check import CheckedCode, StateCheck
from bot.oauth.visitor import Visitor
from bot.telemetry.log import audit


def is_return(request: Request, query: Mapping[str, str]) -> bool:
    """Return True if this request returns from WeChat, with a `code` and a `state` or with the state alone.

    If the page has own parameters of these names, the `state` must have the form of ours. Otherwise a
    parameter of either name is enough.
    """
    if not request.own_query:
        return "code" in query or "state" in query
    return is_state(query.get("state", ""))


class CodeReturn:
    """Turn a returned code into a session. A browser without cookies gets a ticket for one page instead."""

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
        """Return the redirect to the page, with the cookie of the new session.

        A visitor who has a session and goes back to an earlier return also gets the page. Raises VisitError
        if the code or the state is not valid, or if WeChat does not return a visitor for it.
        """
        try:
            go = self._exchanged(request, need, self._state_check.code(request, query))
            return dataclasses.replace(go, url=ending_fragment(go.url))
        except VisitError as error:
            if self._state_check.is_from_earlier(request, query, error.reason) and self._sessions.find(
                request.session_id
            ):
                return Go(ending_fragment(self._state_check.page_url(request)))
            if need.scope != "snsapi_base" and self._authorize_redirect.awaits_consent(request):
                # The visitor has returned from the consent page. With "1", the next try cannot end in
                # consent-open.
                error.way_on = request.ask_path("1", own=())
            if error.reason == "refused" and need.or_silent:
                error.way_around = request.ask_path("0", own=())
            raise

    def _exchanged(self, request: Request, need: Need, checked: CheckedCode) -> Go:
        earlier = self._sessions.find(request.session_id)
        try:
            visitor = self._exchange.visitor(checked.code, request.lang)
        except VisitError as error:
            if error.reason not in ("wechat-down", "busy") or earlier is None or need.fresh:
                raise
            # While WeChat is down, the visitor of the present session is good enough.
            self._sessions.touch(request.session_id, earlier, earlier.visitor)
            return Go(checked.url)
        if checked.is_proven:
            visitor = self._sign_in.proven(visitor)
        if earlier:
            if request.browser_id and _takes_proven_place(visitor, earlier):
                # Either the phone has another user now, or the visitor opened the menu link of another
                # person, with its code. A silent login shows which.
                via_wechat = earlier.visitor.via == "wechat"
                return self._authorize_redirect.go(request, Need()) if via_wechat else Go(checked.url)
            visitor = visitor.with_profile_of(earlier.visitor)
        if request.browser_id:
            return self._sign_in.welcome(request, visitor, checked.url)
        return self._without_cookies(request, visitor, checked)

    def _without_cookies(self, request: Request, visitor: Visitor, checked: CheckedCode) -> Go:
        """Return the redirect to a page with a ticket, for a browser that sent no cookie. After a menu link,
        also begin a session: the browser may have sent no cookie only because this is its first visit."""
        url = self._tickets.url(checked.url, visitor)
        if checked.is_from_menu:
            return self._sign_in.welcome(request, visitor, url)
        audit("one-page", openid=visitor.openid, address=request.address)
        return Go(url)


def _takes_proven_place(visitor: Visitor, earlier: Session) -> bool:
    """Return True if `visitor` is not proven, and the session `earlier` is of another visitor who is
    proven."""
    proven = earlier.visitor
    return not visitor.is_proven and proven.is_proven and proven.openid != visitor.openid
