"""Step 1 of a visit: a page asks who is visiting. Pages have templates, forms and the JS-SDK from here, too.

It must not decide how a visitor becomes known: that is the guard's. docs/flow.md has all steps.

class Home(Page):
    def GET(self):
        visitor = self.visitor("snsapi_userinfo")
        return self.render("home", visitor=visitor)
"""

import json
import logging
import re
import threading
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
FRESH_SECONDS = 1800.0  # how old a login may be where something is at stake


_encode = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps makes a new encoder each time


def script_json(value: object) -> str:
    """JSON for the inside of a <script> element: nothing in it can end the element."""
    return _encode(value).replace("<", "\\u003c").replace("\u2028", "\\u2028")


@dataclass(frozen=True)
class Share:
    """The card a friend gets who is sent this page. `link` and `image` are whole URLs; without a link the
    page itself is shared."""

    title: str
    desc: str = ""
    link: str = ""
    image: str = ""


class Site:
    """The parts that pages use, built once. `folder` holds web.py templates; `base.html` frames each.

    `streams` bounds how many live pages may hold a thread of this process at the same time.
    """

    def __init__(
        self,
        config: Config,
        visits: Visits,
        jssdk: JsSdk,
        account: Account,
        limits: Limits,
        folder: Path,
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
        self._templates = {lang: Templates(folder, lang, names) for lang in ("zh", "en")}

    def render(self, template: str, **values: Any) -> str:
        """`templates/<template>.html`, inside the base."""
        return self._templates[language()].page(template, **values)

    def _form_token(self) -> str:
        """The hidden field that every form needs."""
        value = self.form_signer.sign(self.cookies.form_session())
        return f'<input type="hidden" name="{forms.TOKEN_FIELD}" value="{value}">'

    def _jssdk_block(self, jssdk: dict[str, Any] | None) -> str:
        """Everything that makes the JS-SDK ready on a page: `jssdk` is what Page.jssdk() gave."""
        return self._templates[language()].fragment("jssdk", jssdk) if jssdk else ""


class Page:
    """A web.py class with a visitor.

    `code` and `state` in a page's query are WeChat's. A page that has parameters of these names says so:
    `own_query = ("code",)`.
    """

    own_query: tuple[str, ...] = ()

    def __init__(self, site: Site) -> None:
        self.site = site

    @property
    def request(self) -> Request:
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

    # -- who is visiting

    def visitor(self, scope: str = "snsapi_base", *, popup: bool = False, or_silent: bool = False) -> Visitor:
        """Who is visiting: `snsapi_base` gives the openid and asks nobody, `snsapi_userinfo` gives
        nickname and avatar and asks the visitor's consent; with `popup` WeChat asks even where it would be
        silent, with `or_silent` those who refuse come in without a name. A visitor we do not know yet is
        sent to WeChat (on a PC: to the login page) and comes back to this page; the line after this call
        runs only for those we know."""
        return self._visit(Need(scope, popup, or_silent))

    def person(
        self, scope: str = "snsapi_base", *, or_silent: bool = False, fresh: float = FRESH_SECONDS
    ) -> Visitor:
        """Who is visiting, for pages on which something is at stake: the login came back to this very
        browser, `fresh` seconds ago at most, and is no preview. If need be the visitor takes one more round,
        silent wherever we know them well enough."""
        return self._visit(Need(scope, or_silent=or_silent, fresh=fresh))

    def member(self) -> tuple[Visitor, Binding]:
        """Who is visiting, with their phone; those who have none bound are sent to bind it, and come back.
        The login came back to this very browser, however long ago: a link that somebody was sent does not
        make them another member."""
        visitor = self.person(fresh=self.site.config.session_days * 86400.0)
        binding = self.binding(visitor)
        if binding is None:
            here = path_of_page() + str(web.ctx.query)
            raise self.go(f"{ACCOUNT_PATH}?to={quote(here, safe='')}")
        return visitor, binding

    def binding(self, visitor: Visitor) -> Binding | None:
        """The phone of a visitor, or None. A website app's visitor is found by unionid."""
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
        web.header("Content-Type", "text/html; charset=utf-8")
        web.header("Cache-Control", "no-store")  # a page about a person is nobody else's
        return self.site.render(template, **values)

    def json(self, **values: Any) -> str:
        web.header("Content-Type", "application/json; charset=utf-8")
        web.header("Cache-Control", "no-store")
        return json.dumps(values)

    def go(self, path: str) -> Exception:
        """The exception that sends the browser to a path of this site; after a form, too."""
        redirect: Exception = web.seeother(self.site.config.public_url + path)
        return redirect

    def enter(self, target: Go) -> Exception:
        """The exception that sends the browser on with the cookies of a login or logout."""
        for name, value in target.cookies.items():
            self.set_cookie(name, value)
        redirect: Exception = web.found(target.url)
        return redirect

    def set_cookie(self, name: str, value: str) -> None:
        """Set a cookie that only this site receives. It comes back in `request.cookies`. An empty one is
        deleted."""
        self.site.cookies.set(name, value)

    # -- forms

    def form(self) -> dict[str, str]:
        """The fields of the form that was sent. Raises FormError, which becomes a page with a way on, unless
        a page of ours sent it from this browser's session: put $:form_token() into every form."""
        expected = self.site.form_signer.sign(self.site.cookies.form_session())
        return forms.check(
            web.ctx.env,
            request_body.read(web.ctx.env, forms.MAX_BODY),
            origin=self.site.config.origin,
            expected=expected,
        )

    # -- the JS-SDK

    def jssdk(self, *apis: str, share: Share | None = None) -> dict[str, Any] | None:
        """What $:jssdk_block() makes the JS-SDK ready with, for this page's URL; or None if WeChat gives us
        no ticket: the page then works without. `share` is what friends get who are sent the page."""
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
        """This page's URL as the browser has it, from PUBLIC_URL and not from a request header."""
        return f"{self.site.config.public_url}{path_of_page()}{web.ctx.query}"


def path_of_page() -> str:
    """The path of this request, percent-encoded as the browser has it; web.py hands it out decoded."""
    path: str = web.ctx.path
    return path if _PLAIN.fullmatch(path) else quote(path, safe=PATH_CHARACTERS)


def clean_path() -> str:
    """This request's path and query, without what WeChat and we have put there: the way back to it."""
    return path_of_page() + clean_query(str(web.ctx.query)[1:])
