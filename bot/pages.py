"""What a page class stands on: who is visiting, templates, the JS-SDK.

class Home(Page):
    def GET(self):
        visitor = self.visitor("snsapi_userinfo")
        return self.render("home", visitor=visitor)
"""

import json
import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import web

from bot.config import Config
from bot.errors import WeChatError
from bot.oauth.guard import Go, Guard, Request
from bot.oauth.visitor import Visitor
from bot.wechat.jssdk import JsSdk

log = logging.getLogger("bot.pages")


def script_json(value: object) -> str:
    """JSON for the inside of a <script> element: nothing in it can end the element."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", "\\u2028")


class Site:
    """The parts that pages use, built once. `folder` holds web.py templates; `base.html` frames each."""

    def __init__(self, config: Config, guard: Guard, jssdk: JsSdk, folder: Path) -> None:
        self.config = config
        self.guard = guard
        self.jssdk = jssdk
        names = {"script_json": script_json, "config": config}
        self.templates = web.template.render(str(folder), base="base", globals=names)

    def render(self, template: str, **values: Any) -> str:
        """`templates/<template>.html`, inside the base."""
        return str(getattr(self.templates, template)(**values))


class Page:
    """A web.py class with a visitor."""

    @property
    def site(self) -> Site:
        site: Site = web.ctx.parts.site
        return site

    def visitor(self, scope: str = "snsapi_base") -> Visitor:
        """Who is visiting: `snsapi_base` gives the openid and asks nobody, `snsapi_userinfo` gives
        nickname and avatar and asks the visitor's consent. A visitor we do not know yet is sent to
        WeChat and comes back to this page; the line after this call runs only for those we know."""
        query = str(web.ctx.query)[1:]
        result = self.site.guard.visit(Request(web.ctx.path, query, web.cookies()), scope)
        if isinstance(result, Visitor):
            return result
        raise self._go(result)

    def render(self, template: str, **values: Any) -> str:
        web.header("Content-Type", "text/html; charset=utf-8")
        web.header("Cache-Control", "no-store")  # a page about a person is nobody else's
        return self.site.render(template, **values)

    def jssdk(self, *apis: str) -> dict[str, Any] | None:
        """The argument of wx.config() for this page, or None if WeChat gives us no ticket: the page
        then works without the JS-SDK."""
        try:
            return self.site.jssdk.config(self.url, list(apis))
        except WeChatError as error:
            log.warning("[pages] page without JS-SDK: %s", error)
            return None

    @property
    def url(self) -> str:
        """This page's URL as the browser has it, from PUBLIC_URL and not from a request header."""
        return (
            self.site.config.public_url + quote(web.ctx.path, safe="/:@!$&'()*+,;=-._~") + str(web.ctx.query)
        )

    def _go(self, target: Go) -> Exception:
        is_https = self.site.config.public_url.startswith("https://")
        for name, value in target.cookies.items():
            web.setcookie(
                name,
                value,
                expires=self.site.config.session_days * 86400,
                secure=is_https,
                httponly=True,
                samesite="Lax",
                path=urlsplit(self.site.config.public_url).path + "/",
            )
        redirect: Exception = web.found(target.url)
        return redirect
