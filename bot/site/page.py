"""Step 1 of a visit: request the visitor. Page also gives a page its templates, forms and the JS-SDK.

This module must not decide how a visitor logs in: the guard does (step 2). docs/flow.md has all steps.

class Home(Page):
    def GET(self):
        visitor = self.visitor("snsapi_userinfo")
        return self.render("home", visitor=visitor)
"""

import json
import logging
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import web

from bot.account import Account
from bot.chat.wire import request_body
from bot.config import ACCOUNT_PATH, Config
from bot.errors import WeChatError
from bot.oauth import browser
from bot.oauth.request import Go, Need, Request, clean_query
from bot.oauth.state import PATH_CHARACTERS
from bot.oauth.visitor import Visitor
from bot.oauth.visits import Visits
from bot.people import Binding
from bot.site import forms
from bot.site.cookies import Cookies
from bot.site.templates import Templates, language, nonce, translate
from bot.store.limits import Limits
from bot.wechat.jssdk import JsSdk

log = logging.getLogger("bot.site.page")

_PLAIN = re.compile(r"[A-Za-z0-9/._-]*")
FRESH_SECONDS = 1800.0  # the greatest age of a login, in seconds, for a page that requires a fresh login


_encode = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps() would make a new encoder for every call


def script_json(value: object) -> str:
    """Return `value` as JSON for use inside a <script> element. No text in it can end the element."""
    return _encode(value).replace("<", "\\u003c").replace("\u2028", "\\u2028")


@dataclass(frozen=True)
class Share:
    """The card that a friend gets if this page is shared. `link` and `image` are full URLs. Without `link`
    the card leads to the page itself."""

    title: str
    desc: str = ""
    link: str = ""
    image: str = ""


class Site:
    """The parts that pages use, built once. `templates` are the folders of the web.py templates; the first
    that has a template wins. `base.html` surrounds each page.

    `streams` limits the live pages that hold a thread of this process at the same time.
    """

    def __init__(
        self,
        config: Config,
        visits: Visits,
        jssdk: JsSdk,
        account: Account,
        limits: Limits,
        templates: Sequence[Path],
    ) -> None:
        self.config = config
        self.visits = visits
        self.jssdk = jssdk
        self.account = account
        self.limits = limits
        self.form_signer = forms.signer(config.secret_key)
        self.cookies = Cookies(config)
        self.streams = threading.BoundedSemaphore(max(1, config.threads // 4))
        names = {
            "script_json": script_json,
            "config": config,
            "t": translate,
            "lang": language,
            "nonce": nonce,
            "form_token": self._form_token,
            "jssdk_block": self._jssdk_block,
        }
        self._templates = {lang: Templates(templates, lang, names) for lang in ("zh", "en")}

    def render(self, template: str, **values: Any) -> str:
        """Return the HTML of `templates/<template>.html` inside `base.html`, in the visitor's language."""
        return self._templates[language()].page(template, **values)

    def _form_token(self) -> str:
        """Return the hidden field that every form needs."""
        value = self.form_signer.sign(self.cookies.form_session())
        return f'<input type="hidden" name="{forms.TOKEN_FIELD}" value="{value}">'

    def _jssdk_block(self, jssdk: dict[str, Any] | None) -> str:
        """Return the HTML that makes the JS-SDK ready on a page. `jssdk` is the result of Page.jssdk()."""
        return self._templates[language()].fragment("jssdk", jssdk) if jssdk else ""


class Page:
    """A web.py class that can request its visitor. Pages of `handlers.PAGES` derive from it.

    `code` and `state` in the query of a page count as WeChat's. A page with own parameters of these names
    sets `own_query = ("code",)`.
    """

    own_query: tuple[str, ...] = ()

    def __init__(self, site: Site) -> None:
        self.site = site

    @property
    def request(self) -> Request:
        """Return the path, query, cookies and browser of this request, for the guard."""
        environ = web.ctx.env
        return Request(
            path_of_page(),
            str(web.ctx.query)[1:],
            self.site.cookies.read(),
            is_pc=browser.is_pc(environ),
            is_lost_phone=browser.is_lost_phone(environ),
            navigates="HTTP_SEC_FETCH_MODE" in environ,
            lang="en" if language() == "en" else "zh_CN",
            address=browser.address(environ, self.site.config.trusted_proxies),
            own_query=self.own_query,
        )

    # -- the visitor

    def visitor(self, scope: str = "snsapi_base", *, popup: bool = False, or_silent: bool = False) -> Visitor:
        """Return the visitor. Redirect an unknown visitor to WeChat, or on a PC to the login page. After the
        login the browser opens this page again.

        The scope `snsapi_base` gives the openid without a question. `snsapi_userinfo` gives nickname and
        avatar, and WeChat asks for the visitor's consent. `popup`: WeChat asks even if a silent login were
        possible. `or_silent`: a visitor who refuses enters without a name. For an unknown visitor this method
        raises the redirect, so the lines after the call run for known visitors only.
        """
        return self._visit(Need(scope, popup, or_silent))

    def person(
        self, scope: str = "snsapi_base", *, or_silent: bool = False, fresh: float = FRESH_SECONDS
    ) -> Visitor:
        """Return the visitor of a page that requires a fresh login.

        A fresh login has returned to the browser that began it, at most `fresh` seconds ago, and the visitor
        is not a preview visitor. Without one, the visitor is redirected to WeChat to log in again. WeChat
        shows no question if this server already has all data that `scope` gives.
        """
        return self._visit(Need(scope, or_silent=or_silent, fresh=fresh))

    def member(self) -> tuple[Visitor, Binding]:
        """Return the visitor and the binding of their phone. Redirect a visitor without a bound phone to the
        page that binds one. That page then opens this page again.

        The login may be as old as a session, but it must have returned to the browser that began it. So a
        link from another person cannot show that person's data.
        """
        visitor = self.person(fresh=self.site.config.session_days * 86400.0)
        binding = self.binding(visitor)
        if binding is None:
            here = path_of_page() + str(web.ctx.query)
            raise self.go(f"{ACCOUNT_PATH}?to={quote(here, safe='')}")
        return visitor, binding

    def binding(self, visitor: Visitor) -> Binding | None:
        """Return the binding of a visitor's phone, or None. Find a website app's visitor by unionid."""
        bindings = self.site.account.people.bindings
        if visitor.via == "website":
            return bindings.of_unionid(visitor.unionid) if visitor.unionid else None
        return bindings.of(visitor.openid)

    def _visit(self, need: Need) -> Visitor:
        result = self.site.visits.guard.visit(self.request, need)
        if isinstance(result, Visitor):
            return result
        raise self.enter(result)

    # -- answers

    def render(self, template: str, **values: Any) -> str:
        """Return the HTML of `templates/<template>.html`. Set the header that forbids caches to store the
        page."""
        web.header("Content-Type", "text/html; charset=utf-8")
        web.header("Cache-Control", "no-store")  # a cache could show the page of one person to another
        return self.site.render(template, **values)

    def json(self, **values: Any) -> str:
        """Return `values` as a JSON object. Set the header that forbids caches to store it."""
        web.header("Content-Type", "application/json; charset=utf-8")
        web.header("Cache-Control", "no-store")
        return json.dumps(values)

    def go(self, path: str) -> Exception:
        """Return the exception that redirects to a path of this site. The browser follows with GET, even
        after a form."""
        redirect: Exception = web.seeother(self.site.config.public_url + path)
        return redirect

    def enter(self, target: Go) -> Exception:
        """Set the cookies of a login or logout, and return the exception that redirects to its URL."""
        for name, value in target.cookies.items():
            self.set_cookie(name, value)
        redirect: Exception = web.found(target.url)
        return redirect

    def set_cookie(self, name: str, value: str) -> None:
        """Set a cookie that only this site receives. Later requests have it in `request.cookies`. An empty
        `value` deletes it."""
        self.site.cookies.set(name, value)

    # -- forms

    def form(self) -> dict[str, str]:
        """Return the fields of the form that was sent. Put $:form_token() into every form.

        Raises FormError if the form was not sent by one of our pages in this browser's session. The visitor
        then gets an error page with a link.
        """
        expected = self.site.form_signer.sign(self.site.cookies.form_session())
        return forms.check(
            web.ctx.env,
            request_body.read(web.ctx.env, forms.MAX_BODY),
            origin=self.site.config.origin,
            expected=expected,
        )

    # -- the JS-SDK

    def jssdk(self, *apis: str, share: Share | None = None) -> dict[str, Any] | None:
        """Return the argument of $:jssdk_block() for this page, with the JS-SDK's functions `apis`.

        `share` is the card for friends. Returns None if WeChat gives no ticket: the page then works without
        the JS-SDK.
        """
        if share:
            apis = (*apis, "updateAppMessageShareData", "updateTimelineShareData")
        try:
            config = self.site.jssdk.config(self.url, list(dict.fromkeys(apis)))
        except WeChatError as error:
            log.warning("[pages] page without JS-SDK: %s", error)
            return None
        url = self.url
        card = {**vars(share), "link": share.link or url} if share else None
        return {"config": config, "share": card, "signed": url, "doctor": self.site.config.jssdk_debug}

    @property
    def url(self) -> str:
        """Return the URL of this page as the browser has it. It begins with PUBLIC_URL, because a client can
        send any Host header."""
        return f"{self.site.config.public_url}{path_of_page()}{web.ctx.query}"


def path_of_page() -> str:
    """Return the path of this request, percent-encoded as in the browser. web.py gives it decoded."""
    path: str = web.ctx.path
    return path if _PLAIN.fullmatch(path) else quote(path, safe=PATH_CHARACTERS)


def clean_path() -> str:
    """Return path and query of this request, without the parameters that WeChat and we have added."""
    return path_of_page() + clean_query(str(web.ctx.query)[1:])
