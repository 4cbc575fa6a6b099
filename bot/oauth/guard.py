"""Step 2 of a visit: choose how a request continues. Every page is guarded, and is the redirect target of its
own login.

This file only chooses. Each case has a file that does the work:

    back from WeChat                 -> code_return.py         (steps 4 to 7, then the page's clean URL)
    a session that is good enough    -> known_visitor.py       (the page)
    a ticket in the URL, no session  -> one_page_ticket.py     (the page, once)
    anything else                    -> authorize_redirect.py  (step 3)
"""

from urllib.parse import parse_qsl

from bot.config import Config
from bot.oauth.authorize_redirect import AuthorizeRedirect
from bot.oauth.code_return import CodeReturn, is_return
from bot.oauth.known_visitor import KnownVisitors
from bot.oauth.one_page_ticket import OnePageTickets
from bot.oauth.request import ASK, TICKET, Go, Need, Request
from bot.oauth.visitor import Visitor


class Guard:
    """Return the visitor to a page, or redirect the browser to a login."""

    def __init__(
        self,
        config: Config,
        known_visitors: KnownVisitors,
        tickets: OnePageTickets,
        authorize_redirect: AuthorizeRedirect,
        code_return: CodeReturn,
    ) -> None:
        self._config = config
        self._known_visitors = known_visitors
        self._tickets = tickets
        self._authorize_redirect = authorize_redirect
        self._code_return = code_return

    def visit(self, request: Request, need: Need) -> Visitor | Go:
        """Return the visitor if the session or ticket satisfies `need`, else the redirect of the browser.

        Raises VisitError if the browser cannot be redirected either. Its `reason` selects the error page.
        """
        query = dict(parse_qsl(request.query, keep_blank_values=True)) if request.query else {}
        if is_return(request, query):
            return self._code_return.follow(request, need, query)
        session = self._known_visitors.session(request)
        if session and self._known_visitors.is_current(request, session):
            visitor = self._known_visitors.for_page(request, need, session, asked_for=query.get(ASK) == "1")
            if visitor and (TICKET in query or ASK in query):
                return Go(self._config.public_url + request.clean_path())
            if visitor:
                return visitor
        elif TICKET in query:
            visitor = self._tickets.redeem(request, need, query[TICKET])
            if visitor:
                return visitor
        return self._authorize_redirect.go(request, need, session, query.get(ASK, ""))
