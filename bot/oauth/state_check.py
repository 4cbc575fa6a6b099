"""Check the state and the code of a browser that returns from WeChat, before the code is used.

This module must not call WeChat: a code that comes with a foreign or a used state is never exchanged.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.config import Config
from bot.errors import VisitError
from bot.oauth.authorize_redirect import AuthorizeRedirect
from bot.oauth.request import Request
from bot.oauth.state import States, is_state
from bot.oauth.visit_limit import VisitLimit

MAX_FIELD = 512  # of a code and of a state, in characters


def code_of(query: Mapping[str, str | None]) -> str:
    """Return the code of a return, or an empty text if the visitor has not agreed. Some of WeChat's clients
    are said to report that as `code=authdeny`."""
    code = (query.get("code") or "").strip()
    return "" if code.lower() == "authdeny" else code


@dataclass(frozen=True)
class CheckedCode:
    """A code that may be exchanged. `url` is where the browser goes afterwards. `is_proven`: the login
    returned to the browser that began it. `is_from_menu`: it has the constant state of a menu link, which
    proves nothing."""

    code: str
    url: str
    is_proven: bool
    is_from_menu: bool


class StateCheck:
    """Check returns from WeChat's authorize page and from menu links."""

    def __init__(
        self,
        config: Config,
        states: States,
        authorize_redirect: AuthorizeRedirect,
        visit_limit: VisitLimit,
    ) -> None:
        self._config = config
        self._states = states
        self._authorize_redirect = authorize_redirect
        self._visit_limit = visit_limit

    def code(self, request: Request, query: Mapping[str, str]) -> CheckedCode:
        """Return the code of this request. Marks its state as used, and counts the visit.

        Raises VisitError: refused (the visitor has not agreed), foreign-state, old-state, too-many.
        """
        code, state = code_of(query), query.get("state", "")
        if not code and (not state or is_state(state)):
            raise VisitError("refused", 403)
        if not code or not state or len(state) > MAX_FIELD or len(code) > MAX_FIELD:
            raise VisitError("foreign-state", 403)
        browser = request.browser_id
        is_menus = self._states.is_for_menu(state, request.path)
        if not self._authorize_redirect.is_possible(request) and (is_menus or not browser):
            raise VisitError("foreign-state", 403)
        if is_menus:
            checked = CheckedCode(code, self.page_url(request), is_proven=False, is_from_menu=True)
        else:
            return_path = self._states.use(state, code, browser)
            checked = CheckedCode(code, self._url(return_path), is_proven=bool(browser), is_from_menu=False)
        self._visit_limit.count(request)
        return checked

    def is_from_earlier(self, request: Request, query: Mapping[str, str], reason: str) -> bool:
        """Return True if code() or the exchange failed with `reason` because the browser has gone back to an
        earlier return: its state is no longer stored, or it is a menu link whose code is used.

        It is False if WeChat refuses the code of a login that has just begun. Another login would fail too,
        and the browser would be redirected for ever.
        """
        state = query.get("state", "")
        if reason == "old-state":
            return is_state(state) and not self._states.is_known(state)
        return reason in ("used-code", "bad-code") and self._states.is_for_menu(state, request.path)

    def page_url(self, request: Request) -> str:
        """Return the URL of the page itself, without code and state."""
        return self._url(request.clean_path(own=()))

    def _url(self, path: str) -> str:
        return self._config.public_url + path
