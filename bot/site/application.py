"""The web.py application. It adds the log line, security headers and error pages to every request.

This module must not depend on the content of a page.
"""

import itertools
import logging
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import web

from bot.config import Config
from bot.errors import FormError, StoreError, VisitError
from bot.site.callback_path import CallbackPathHint
from bot.site.page import Page, Site, clean_path
from bot.telemetry.log import describe
from bot.telemetry.request_log import logged

log = logging.getLogger("bot.site.application")

Handle = Callable[[], Any]
Path = tuple[str, Callable[..., Any]]  # a pattern, and the class or factory of its page
_STATUS = {
    400: "400 Bad Request",
    403: "403 Forbidden",
    405: "405 Method Not Allowed",
    413: "413 Content Too Large",
    415: "415 Unsupported Media Type",
    429: "429 Too Many Requests",
    500: "500 Internal Server Error",
    502: "502 Bad Gateway",
    503: "503 Service Unavailable",
}


def log_requests(address_of: Callable[[dict[str, Any]], str]) -> Callable[[Handle], Any]:
    """Return the hook that writes one log line for each request. It is the outermost one, so that it covers
    the others."""

    def log_request(handle: Handle) -> Any:
        address = partial(address_of, web.ctx.env)
        # Log the path without the query, which has codes, states and signatures.
        with logged(web.ctx.method, web.ctx.path, address) as facts:
            web.ctx.facts = facts
            try:
                return handle()
            finally:
                facts["status"] = str(web.ctx.status).partition(" ")[0]

    return log_request


def secure(config: Config) -> Callable[[Handle], Any]:
    """Return the hook that sets security headers.

    A script runs if it has the nonce of its response, or if it comes from the hosts of JSSDK_SRC and
    WXLOGIN_SRC. This site may frame its pages, and so may MP_BASE: WeChat, or the sandbox.
    """
    jssdk = _origin(config.jssdk_src)
    scripts = {jssdk, _origin(config.wxlogin_src)} if config.login_way == "embedded" else {jssdk}
    policy = "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'nonce-%s' {' '.join(sorted(scripts))}",
            "style-src 'self' 'nonce-%s'",
            f"connect-src 'self' {jssdk}",
            "img-src 'self' data: http: https:",  # avatars come from WeChat's many picture hosts
            f"frame-src 'self' {_origin(config.open_base)}",  # the embedded QR code
            "object-src 'none'",
            "base-uri 'none'",
            # Browsers also apply this to the redirect after a form, and the login pages redirect to WeChat.
            f"form-action 'self' {_origin(config.open_base)}",
            f"frame-ancestors 'self' {_origin(config.mp_base)}",
        )
    )

    fixed = (
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),  # never send a URL with a code to another site
        ("Permissions-Policy", "interest-cohort=(), payment=(), usb=()"),
    )

    def hook(handle: Handle) -> Any:
        nonce = web.ctx.nonce = secrets.token_urlsafe(12)
        web.ctx.headers.extend(fixed)
        web.ctx.headers.append(("Content-Security-Policy", policy % (nonce, nonce)))
        return handle()

    return hook


class WebApplication(web.application):
    """web.py's application with error pages that tell the visitor what to do.

    handle() makes these pages, because web.py catches every exception around it and prints a traceback.
    """

    def __init__(self, site: Site, paths: Iterable[Path]) -> None:
        mapping = tuple(paths)
        super().__init__(tuple(itertools.chain.from_iterable(mapping)), {}, autoreload=False)
        self._site = site
        self._exact = {path: page for path, page in reversed(mapping) if not re.search(r"[^\w/.-]", path)}
        self.notfound = self._not_found
        self._callback_path_hint = CallbackPathHint()

    def wsgifunc(self, *middleware: Any) -> Any:
        """Return a WSGI application, as web.py's wsgifunc() does, but send each page in one piece.

        web.py returns every page as an iterator. Servers send that piece by piece, at a third of the speed.
        """

        def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            self._cleanup()
            self.load(environ)
            try:
                result = self.handle_with_processors()
            except web.HTTPError as error:
                result = error.data
            status, headers = web.ctx.status, web.ctx.headers
            if hasattr(result, "__next__"):
                # A stream of bytes. It closes itself.
                start_response(status, headers)
                return result  # type: ignore[no-any-return]  # web.py has no types
            self._cleanup()
            body = result if isinstance(result, bytes) else str(result or "").encode()
            headers.append(("Content-Length", str(len(body))))
            start_response(status, headers)
            return [body]

        for wrap in middleware:
            wsgi = wrap(wsgi)
        return wsgi

    def _unload(self) -> None:
        """Do nothing. web.py would clear the context of a thread here at the end of a stream, but another
        thread may read that end. wsgi() clears the context before every request instead."""

    def _match(self, mapping: Any, path: str) -> tuple[Any, list[str] | None]:
        page = self._exact.get(path)
        return (page, []) if page else super()._match(mapping, path)

    def _delegate(self, page: Any, _names: Any, args: Sequence[str] = ()) -> Any:
        """Make the page of a path and call the method of the request. A Page gets the site as its argument,
        other classes get none."""
        if page is None:
            raise web.notfound()
        made = page(self._site) if isinstance(page, type) and issubclass(page, Page) else page()
        method = web.ctx.method
        if method == "HEAD" and not hasattr(made, method):
            method = "GET"
        if not hasattr(made, method):
            raise web.nomethod(made)
        return getattr(made, method)(*args)

    def handle(self) -> Any:
        try:
            if not web.ctx.method.isupper():  # `render` is a method of pages, but no HTTP method
                raise web.nomethod()
            return super().handle()
        except web.webapi.NoMethod:
            web.ctx.headers = [item for item in web.ctx.headers if item[0].lower() != "content-type"]
            return self._page(405, "bad-method", {"result": "bad-method"})
        except web.HTTPError:
            raise  # a redirect, or the 404 whose page _not_found() has made
        except VisitError as error:
            facts = {"result": error.reason, "errcode": error.errcode}
            return self._page(error.status, error.reason, facts, error.way_on, error.way_around)
        except FormError as error:
            return self._page(error.status, error.reason, {"result": error.reason})
        except StoreError as error:
            log.error("[store] %s", error)
            return self._page(503, "store-down", {"result": "store-down"})
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a fault in a page: log its place, show a friendly page
            log.error("[page] %s", describe(error))
            return self._page(500, "fault", {"result": "fault"})

    def _not_found(self) -> Exception:
        web.ctx.facts.update(self._callback_path_hint.facts(web.ctx.path, str(web.ctx.query)[1:]))
        page = self._site.render("error", reason="not-found", way_on="/", way_around="")
        headers = {"Content-Type": "text/html; charset=utf-8"}
        error: Exception = web.HTTPError("404 Not Found", headers, page)
        return error

    def _page(
        self, status: int, reason: str, facts: dict[str, Any], way_on: str = "", way_around: str = ""
    ) -> str:
        here = clean_path()
        web.ctx.status = _STATUS[status]
        web.ctx.facts.update(facts)
        web.header("Content-Type", "text/html; charset=utf-8")
        web.header("Cache-Control", "no-store")
        return self._site.render("error", reason=reason, way_on=way_on or here, way_around=way_around)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
