"""Log a person in on a PC by a website app of the Open Platform (snsapi_login). The login page uses this.

This module must not mix its visitors with the account's: their openid is the website app's, and only the
unionid is the same in both apps.
"""

from collections.abc import Mapping
from typing import Any

from bot.config import LOGIN_PATH, Config
from bot.errors import VisitError
from bot.oauth.exchange import Exchange
from bot.oauth.request import BROWSER_COOKIE, Go, Request, browser_of, login_path
from bot.oauth.sign_in import SignIn
from bot.oauth.state import States
from bot.oauth.state_check import MAX_FIELD, code_of
from bot.oauth.visit_limit import VisitLimit
from bot.oauth.website_qr_code import WebsiteQrCode


class Website:
    """The login by a website app. It has its own `exchange` and `states`: codes and states of the account's
    pages are not valid here."""

    def __init__(
        self,
        config: Config,
        qr_code: WebsiteQrCode,
        states: States,
        exchange: Exchange,
        visit_limit: VisitLimit,
        sign_in: SignIn,
    ) -> None:
        self._config = config
        self._qr_code = qr_code
        self._states = states
        self._exchange = exchange
        self._visit_limit = visit_limit
        self._sign_in = sign_in

    def begin(self, request: Request, to: str) -> Go:
        """Redirect the browser to WeChat's page with the QR code. The login returns to the local path `to`.

        Raises VisitError(too-many).
        """
        browser = browser_of(request.cookies)
        self._visit_limit.count(request)
        state = self._states.new(to, browser)
        return Go(self._qr_code.page_url(state, request.lang), {BROWSER_COOKIE: browser})

    def options(self, request: Request, to: str) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the argument of `new WxLogin()`, and the cookies to set. The login returns to the local path
        `to`.

        Raises VisitError(too-many).
        """
        browser = browser_of(request.cookies)
        self._visit_limit.count(request)
        state = self._states.new(to, browser)
        return self._qr_code.options(state, request.lang), {BROWSER_COOKIE: browser}

    def returned(self, request: Request, query: Mapping[str, str | None]) -> Go:
        """Sign in the visitor who returns from WeChat with `code` and `state`.

        Raises VisitError as Guard.visit does. A browser that sends no cookie is refused, because on a PC
        nothing else binds the code to the browser.
        """
        code, state = code_of(query), query.get("state") or ""
        if not code:
            raise VisitError("refused", 403, way_on=self._once_more(state, request.browser_id))
        if not state or max(len(state), len(code)) > MAX_FIELD:
            raise VisitError("foreign-state", 403)
        if not request.browser_id:
            raise VisitError("no-cookies", 403)
        to = self._states.use(state, code, request.browser_id)
        self._visit_limit.count(request)
        try:
            visitor = self._exchange.visitor(code, request.lang)
        except VisitError as error:
            error.way_on = login_path(to)
            raise
        visitor = self._sign_in.proven(visitor, via="website")
        return self._sign_in.welcome(request, visitor, self._config.public_url + to)

    def is_known(self, state: str) -> bool:
        """Return True if a login with this state has begun, and its record is still stored."""
        return self._states.is_known(state)

    def _once_more(self, state: str, browser: str) -> str:
        """Return the path of the login page, for a person who has not agreed. After a login there, the
        browser opens the page that they first wanted."""
        try:
            return login_path(self._states.use(state[:MAX_FIELD], "", browser))
        except VisitError:
            return LOGIN_PATH
