"""A case of the guard: one page for a browser that keeps no cookies, by a ticket in the page's URL.

A ticket never begins a session and never opens a page that requires a fresh login: without a cookie, nothing
proves that this browser is the one that went to WeChat.
"""

from urllib.parse import urlencode

from bot.errors import VisitError
from bot.oauth.authorize_redirect import AuthorizeRedirect
from bot.oauth.request import TICKET, Need, Request
from bot.oauth.session import Sessions
from bot.oauth.visitor import Visitor


class OnePageTickets:
    """Add tickets to URLs, and redeem them. A ticket can be used once, within a minute."""

    def __init__(self, sessions: Sessions, authorize_redirect: AuthorizeRedirect) -> None:
        self._sessions = sessions
        self._authorize_redirect = authorize_redirect

    def url(self, url: str, visitor: Visitor) -> str:
        """Return `url` with a new ticket for `visitor` in its query."""
        separator = "&" if "?" in url else "?"
        return url + separator + urlencode({TICKET: self._sessions.ticket(visitor)})

    def redeem(self, request: Request, need: Need, ticket: str) -> Visitor | None:
        """Return the visitor of a ticket, or None if it is not valid for this browser or this page.

        A browser that sends our cookie needs no ticket, and a browser that is never redirected to WeChat
        cannot have got one. For both the ticket is ignored and stays valid. Raises VisitError(no-cookies) if
        the page requires a fresh login.
        """
        if request.browser_id or not self._authorize_redirect.is_possible(request):
            return None
        visitor = self._sessions.redeem(ticket)
        if visitor is None:
            return None
        if need.fresh:
            raise VisitError("no-cookies", 403)
        return visitor if visitor.has(need.scope) else None
