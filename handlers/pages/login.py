"""The pages of a login on a PC: the QR code, its status, the confirmation on the phone, and the logout.

They must not begin a session themselves: `site.visits.sign_in` does. LOGIN_WAY chooses the QR code: the
account's own (`scene`), WeChat's page for website apps (`website`), or WeChat's QR code within our page
(`embedded`).
"""

import dataclasses
import io
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import segno
import web

from bot.errors import VisitError, WeChatError
from bot.oauth import browser
from bot.oauth.request import BROWSER_COOKIE, Go, browser_of, login_path
from bot.oauth.visitor import Visitor
from bot.people import Login, Logins
from bot.people.logins import LOGIN_SECONDS
from bot.site.forms import local_path
from bot.site.page import FRESH_SECONDS, Page
from bot.store.codec import dump, load
from bot.telemetry.log import audit

log = logging.getLogger("bot.site.page")

_LOGINS_A_MINUTE = 20
_STREAM_SECONDS = 25.0  # then the browser connects again; a closed page holds a thread no longer than this
_LOOK_SECONDS = 0.7


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
        if finished:
            visitor = load(Visitor, finished.person.encode())
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
            raise self.enter(website.returned(self.request, {"code": query.code, "state": query.state}))
        if query.go:
            raise self.enter(website.begin(self.request, to))
        options: dict[str, Any] = {}
        if way == "embedded":
            options, cookies = website.options(self.request, to)
            for name, value in cookies.items():
                self.set_cookie(name, value)
        return self._page(way, to, options=options)

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
            picture=picture(login.qr) if login else "",
            problem=problem,
            options=options or {},
            known=self.site.visits.known_visitors.of(self.request.cookies),
            suffices=self._suffices(),
            in_wechat=browser.is_wechat(web.ctx.env),
        )


class Status(Page):
    """`/login/status`: the status of this browser's login, as JSON. It costs two reads of the store."""

    def GET(self) -> str:
        logins = self.site.account.people.logins
        return self.json(**status(logins, self.request.cookies.get(BROWSER_COOKIE, "")))


class Events(Page):
    """`/login/events`: report the status of this browser's login as server-sent events.

    Each open stream holds a thread, so the number of streams is limited. Above the limit a browser gets 503,
    and requests /login/status every two seconds instead.
    """

    def GET(self) -> Iterator[bytes]:
        known = self.request.cookies.get(BROWSER_COOKIE, "")
        streams = self.site.streams
        if not known or not streams.acquire(blocking=False):
            web.ctx.status = "503 Service Unavailable"
            return iter(())
        web.header("Content-Type", "text/event-stream")
        web.header("Cache-Control", "no-store")
        web.header("X-Accel-Buffering", "no")  # nginx would keep the events until there are many
        return Stream(events(self.site.account.people.logins, known), streams.release)


class Stream(Iterator[bytes]):
    """Yield events, and call `close` exactly once when the stream ends, for whatever reason.

    `close` is also called if the server drops the stream before the first event.
    """

    def __init__(self, events: Iterator[bytes], close: Any) -> None:
        self._events = events
        self._close = close

    def __next__(self) -> bytes:
        try:
            return next(self._events)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        close, self._close = self._close, None
        if close:
            close()

    def __del__(self) -> None:
        self.close()


def events(
    logins: Logins,
    known: str,
    monotonic: Any = time.monotonic,
    sleep: Any = time.sleep,
) -> Iterator[bytes]:
    """Yield a server-sent event for the login's status now and for each change of it.

    Ends when the login is over, or after 25 s: the browser then connects again.
    """
    end = monotonic() + _STREAM_SECONDS
    before: dict[str, Any] = {}
    yield b"retry: 1000\n\n"
    while monotonic() < end:
        now = status(logins, known)
        seen = {name: value for name, value in now.items() if name != "left"}
        if seen != before:
            yield b"data: " + json.dumps(now).encode() + b"\n\n"
            before = seen
        if now["status"] in ("confirmed", "none"):
            return
        sleep(_LOOK_SECONDS)
        yield b": still here\n\n"  # fails if the browser has gone


def status(logins: Logins, known: str) -> dict[str, Any]:
    """Return the status of the login of the browser `known`, for JSON.

    `status` is `none` for a login that has lapsed, is finished or has not begun. `version` changes with each
    new QR code; `left` is in seconds.
    """
    login = logins.of(known)
    if login is None:
        return {"status": "none", "version": "", "left": 0}
    return {"status": login.status, "version": login.id[:8], "left": round(logins.left(login))}


class Confirm(Page):
    """`/login/confirm?id=…`, on the phone: show which browser wants to log in and its IP address, and take
    the answer yes or no."""

    def GET(self) -> str:
        visitor, login = self._theirs()
        if login is None:
            web.ctx.status = "410 Gone"
            return self.render("confirm", login=None, visitor=visitor, same_network=False, minutes=0)
        same = browser.network(login.address) == self.request.network
        age = LOGIN_SECONDS - self.site.account.people.logins.left(login)
        minutes = int(age / 60)
        return self.render("confirm", login=login, visitor=visitor, same_network=same, minutes=minutes)

    def POST(self) -> str:
        visitor, login = self._theirs()
        fields = self.form()
        if login is None:
            raise self.go(web.ctx.path + str(web.ctx.query))
        logins = self.site.account.people.logins
        if fields.get("answer") == "yes":
            # The login on the phone may be old. But WeChat has named the person who scanned, a few minutes
            # ago at most, and this person has now answered yes. So the new login is proven now.
            person = self.site.visits.sign_in.proven(visitor, via="scene")
            done = logins.confirm(login.id, visitor.openid, dump(person).decode())
        else:
            done = logins.refuse(login.id, visitor.openid)
        audit(
            "login-" + (done.status if done else "too-late"),
            openid=visitor.openid,
            address=login.address,
            agent=login.agent,
        )
        raise self.go(web.ctx.path + str(web.ctx.query))

    def _theirs(self) -> tuple[Visitor, Login | None]:
        """Return the visitor, and the login if this visitor has scanned its QR code; otherwise None for the
        login.

        So another person cannot use the confirmation link.
        """
        visitor = self.person("snsapi_userinfo", or_silent=True)
        login_id = web.input(_method="GET", id="").id
        login = self.site.account.people.logins.find(login_id)
        return visitor, login if login and login.openid == visitor.openid else None


class Logout(Page):
    """`/logout`: show two buttons: log out here, or log out everywhere. Other pages post their forms here."""

    def GET(self) -> str:
        return self.render("logout", known=self.site.visits.known_visitors.of(self.request.cookies))

    def POST(self) -> str:
        everywhere = self.form().get("everywhere") == "yes"
        url = self.site.account.page_url("/logout")
        raise self.enter(self.site.visits.sign_in.leave(self.request, url, everywhere=everywhere))


def picture(text: str) -> str:
    """Return a QR code for `text` as SVG. It is dark on light on every page, because phones cannot read it
    otherwise."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", border=3, light="#fff", xmldecl=False, svgns=True, omitsize=True, svgclass="qr"
    )
    return out.getvalue().decode()
