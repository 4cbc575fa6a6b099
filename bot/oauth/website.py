"""Login on a PC by a website app of the Open Platform (snsapi_login): WeChat's own QR page, or its QR code
within ours by wxLogin.js. The visitor's openid is the website app's; the unionid is what both apps share.
"""

import base64
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bot.config import LOGIN_PATH, Config
from bot.errors import VisitError
from bot.oauth.exchange import Exchange
from bot.oauth.guard import Guard
from bot.oauth.request import BROWSER_COOKIE, Go, Request, browser_of, login_path
from bot.oauth.state import States
from bot.store import Clock
from bot.wechat.endpoints import Endpoints

_MAX_FIELD = 512


class Website:
    """`exchange` and `states` are its own: a code or state of the account's pages is none here."""

    def __init__(
        self,
        config: Config,
        endpoints: Endpoints,
        states: States,
        exchange: Exchange,
        guard: Guard,
        clock: Clock,
        style: Path,
    ) -> None:
        self._config = config
        self._endpoints = endpoints
        self._states = states
        self._exchange = exchange
        self._guard = guard
        self._clock = clock
        # wxLogin.js hands this to WeChat's page, which cannot load a style sheet from a site it cannot reach.
        self._href = "data:text/css;base64," + base64.b64encode(style.read_bytes()).decode()

    def begin(self, request: Request, to: str) -> Go:
        """To WeChat's page with its QR code; `to` is the local path to come back to."""
        browser = browser_of(request.cookies)
        self._guard.count(request)
        state = self._states.new(to, browser)
        url = self._endpoints.qrconnect(self._config.site_app_id, self._back, state, request.lang)
        return Go(url, {BROWSER_COOKIE: browser})

    def options(self, request: Request, to: str) -> tuple[dict[str, Any], dict[str, str]]:
        """The argument of `new WxLogin()`, and cookies to set."""
        browser = browser_of(request.cookies)
        self._guard.count(request)
        options: dict[str, Any] = {
            "self_redirect": self._config.wxlogin_self_redirect,
            "id": "wxlogin",
            "appid": self._config.site_app_id,
            "scope": "snsapi_login",
            "redirect_uri": quote(self._back, safe=""),  # wxLogin.js does not encode it
            "state": self._states.new(to, browser),
            "style": self._config.wxlogin_style,
            "color_scheme": self._config.wxlogin_color_scheme,
        }
        if request.lang == "en":
            options["lang"] = "en"
        if self._config.wxlogin_stylelite:
            options["stylelite"] = 1
        else:
            options["href"] = self._href  # has no effect with stylelite
        if not self._config.wxlogin_fast:
            options["fast_login"] = 0
        return options, {BROWSER_COOKIE: browser}

    def returned(self, request: Request, query: Mapping[str, str]) -> Go:
        """WeChat has sent the browser back. Raises VisitError as Guard.visit does; here a browser that sends
        no cookie back is refused, for on a PC nothing else binds the code to it."""
        code, state = query.get("code", ""), query.get("state", "")
        browser = request.cookies.get(BROWSER_COOKIE, "")
        if not code:
            raise VisitError("refused", 403, way_on=self._once_more(state, browser))
        if not state or max(len(state), len(code)) > _MAX_FIELD:
            raise VisitError("foreign-state", 403)
        if not browser:
            raise VisitError("no-cookies", 403)
        to = self._states.use(state, code, browser)
        self._guard.count(request)
        try:
            visitor = self._exchange.visitor(code, request.lang)
        except VisitError as error:
            error.way_on = login_path(to)
            raise
        visitor = dataclasses.replace(visitor, is_proven=True, proven_at=self._clock(), via="website")
        return self._guard.welcome(request, visitor, self._config.public_url + to)

    def _once_more(self, state: str, browser: str) -> str:
        """Where a person who has not agreed can begin again: on the way to where they wanted to go."""
        try:
            return login_path(self._states.use(state[:_MAX_FIELD], "", browser))
        except VisitError:
            return LOGIN_PATH

    @property
    def _back(self) -> str:
        return self._config.public_url + LOGIN_PATH
