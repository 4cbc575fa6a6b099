"""The page `/login`: show the QR code of a login on a PC.

LOGIN_WAY chooses the QR code: the account's own (`scene`), WeChat's page for website apps (`website`), or
WeChat's QR code within our page (`embedded`). This module must not decide who may confirm a login.
"""

import dataclasses
import io
import logging
from typing import Any

import segno
import web

from bot.config import LOGIN_PATH
from bot.errors import VisitError, WeChatError
from bot.oauth import browser
from bot.oauth.request import BROWSER_COOKIE, Go, browser_of, login_path
from bot.oauth.visitor import Visitor
from bot.oauth.website import Website
from bot.people import Login
from bot.people.logins import LOGIN_SECONDS
from bot.site.forms import local_path
from bot.site.page import FRESH_SECONDS, Page
from bot.store.codec import find

log = logging.getLogger("bot.site.page")

_LOGINS_A_MINUTE = 20


class LoginPage(Page):
    """`/login?to=/path`: show the QR code, and send the browser to `to` once the login is done."""

    def GET(self) -> str:
        query = web.input(_method="GET", to="", code=None, state=None, go="", wait="", kept="")
        to = local_path(query.to)
        way = self.site.config.login_way
        if way == "off":
            raise web.notfound()
        if self.site.visits.website:
            return self._by_website(query, to, way)
        known = self.request.cookies.get(BROWSER_COOKIE, "")
        if not known:
            raise self._try_cookies(to, tried=bool(query.kept))
        logins = self.site.account.people.logins
        finished = logins.finish(known)
        visitor = find(Visitor, finished.person.encode()) if finished else None
        if finished and visitor:
            url = self.site.account.page_url(to if query.to else local_path(finished.to))
            raise self.enter(self.site.visits.sign_in.welcome(self.request, visitor, url))
        login = logins.of(known)
        if login is None and query.wait:
            # The login of this tab is over. If another tab has finished it, open the page `to` here, too. If
            # not, wait until a person asks for a new code: a page that is left open must not make codes for
            # ever.
            if self._suffices():
                raise self.go(to)
            return self._page("scene", to)
        return self._scene(login, to)

    def POST(self) -> str:
        """Create a QR code for this browser, and redirect to the page that shows it."""
        fields = self.form()
        to = local_path(fields.get("to", "/"))
        self._begin(to)
        raise self.go(login_path(to))

    def _try_cookies(self, to: str, *, tried: bool) -> Exception:
        """Return the exception that sets the browser's cookie and redirects to this page, to see if the
        browser sends the cookie back.

        A login belongs to a browser, so a browser without cookies could not see the status of its login.
        `tried`: this browser was redirected before. The exception is then VisitError(no-cookies).
        """
        if tried:
            return VisitError("no-cookies", 403, way_on=login_path(to))
        url = self.site.account.page_url(login_path(to)) + "&kept=1"
        return self.enter(Go(url, {BROWSER_COOKIE: browser_of({})}))

    def _by_website(self, query: Any, to: str, way: str) -> str:
        website = self.site.visits.website
        assert website is not None  # noqa: S101  asked for only where there is one
        if query.code is not None or query.state is not None:
            if web.ctx.env.get("HTTP_SEC_FETCH_DEST") == "iframe":
                return self.render(
                    "login_frame"
                )  # self_redirect: leave the frame first, without using the code
            raise self.enter(self._returned(website, query))
        if query.go:
            raise self.enter(website.begin(self.request, to))
        options: dict[str, Any] = {}
        if way == "embedded":
            options, cookies = website.options(self.request, to)
            for name, value in cookies.items():
                self.set_cookie(name, value)
        return self._page(way, to, options=options)

    def _returned(self, website: Website, query: Any) -> Go:
        """Return the redirect for a browser that returns from WeChat. If its login is long done and it
        has only gone back, redirect to this page, which shows who is logged in."""
        try:
            return website.returned(self.request, {"code": query.code, "state": query.state})
        except VisitError as error:
            is_known = self.site.visits.known_visitors.of(self.request.cookies) is not None
            if error.reason != "old-state" or not is_known or website.is_known(query.state or ""):
                raise
            return Go(self.site.account.page_url(LOGIN_PATH))

    def _suffices(self) -> bool:
        """Return True if the login of this browser's session was proven in the last half hour, as pages with
        a fresh login require."""
        return self.site.visits.known_visitors.is_fresh(self.request.cookies, FRESH_SECONDS)

    def _scene(self, login: Login | None, to: str) -> str:
        """Show the QR code of this browser's login, or of a new one if `login` is None.

        All tabs of a browser share one login; each goes to its own `to` when the login is confirmed.
        """
        problem = ""
        if login is None:
            try:
                login = self._begin(to)
            except WeChatError as error:
                log.warning("[login] no QR code from WeChat: errcode=%d", error.errcode)
                web.ctx.status = "502 Bad Gateway"
                problem = "not-allowed" if error.errcode == 48001 else "wechat-down"
        return self._page("scene", to, login=login, problem=problem)

    def _begin(self, to: str) -> Login:
        request = self.request
        if BROWSER_COOKIE not in request.cookies:
            raise VisitError("no-cookies", 403, way_on=login_path(to))
        if not self.site.limits.take("login", request.network, _LOGINS_A_MINUTE, 60):
            raise VisitError("too-many", 429, way_on=self.site.account.page_url(login_path(to)))
        known = browser_of(request.cookies)
        self.set_cookie(BROWSER_COOKIE, known)
        logins = self.site.account.people.logins
        login = logins.new(known, request.address, browser.name(web.ctx.env), to)
        url = self.site.account.scene_url(login.scene, LOGIN_SECONDS)
        login = dataclasses.replace(login, qr=url)
        logins.put(login)
        return login

    def _page(
        self,
        way: str,
        to: str,
        *,
        login: Login | None = None,
        problem: str = "",
        options: dict[str, Any] | None = None,
    ) -> str:
        left = self.site.account.people.logins.left(login) if login else 0
        return self.render(
            "login",
            way=way,
            to=to,
            here=login_path(to),
            status=login.status if login else "none",
            version=login.id[:8] if login else "",
            left=left,
            picture=_picture(login.qr) if login else "",
            problem=problem,
            options=options or {},
            known=self.site.visits.known_visitors.of(self.request.cookies),
            suffices=self._suffices(),
            in_wechat=browser.is_wechat(web.ctx.env),
        )


def _picture(text: str) -> str:
    """Return a QR code for `text` as SVG. It is dark on light on every page, because phones cannot read it
    otherwise."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", border=3, light="#fff", xmldecl=False, svgns=True, omitsize=True, svgclass="qr"
    )
    return out.getvalue().decode()
