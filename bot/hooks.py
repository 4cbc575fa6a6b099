"""What happens around every request: an id, one log line, security headers, error pages."""

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import web

from bot import metrics
from bot.config import Config
from bot.errors import StoreError, VisitError
from bot.log import describe, request_id
from bot.pages import Site

log = logging.getLogger("bot.request")

Handle = Callable[[], Any]
_STATUS = {
    400: "400 Bad Request",
    403: "403 Forbidden",
    500: "500 Internal Server Error",
    502: "502 Bad Gateway",
    503: "503 Service Unavailable",
}


_UNLOGGED = {("/healthz", "200"), ("/readyz", "200")}  # asked every few seconds by whoever watches us


def identify(parts: Any) -> Callable[[Handle], Any]:
    """Outermost: give the request an id and the composed parts, write its one log line."""

    def hook(handle: Handle) -> Any:
        started = time.perf_counter()
        web.ctx.parts = parts
        web.ctx.facts = {}
        token = request_id.set(secrets.token_hex(4))
        try:
            return handle()
        finally:
            seconds = time.perf_counter() - started
            facts = {
                "method": web.ctx.method,
                "path": web.ctx.path,  # never the query: it carries codes, states and signatures
                "status": str(web.ctx.status).partition(" ")[0],
                "ms": round(seconds * 1000, 1),
                **web.ctx.facts,
            }
            _count(facts, seconds)
            if (facts["path"], facts["status"]) not in _UNLOGGED:
                log.info("request", extra={"facts": facts})
            request_id.reset(token)

    return hook


def _count(facts: dict[str, Any], seconds: float) -> None:
    if facts["path"] != "/wechat":
        metrics.pages.labels(facts["status"]).inc()
        return
    metrics.delivery_seconds.observe(seconds)
    metrics.deliveries.labels(facts.get("result", "fault")).inc()
    if "reason" in facts:
        metrics.refusals.labels(facts["reason"]).inc()


def secure(config: Config) -> Callable[[Handle], Any]:
    """Security headers. Framing is for ourselves and for WeChat (or the sandbox, where MP_BASE names it)."""
    script = _origin(config.jssdk_src)
    policy = "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {script}",
            f"connect-src 'self' {script}",
            "img-src 'self' data: http: https:",  # avatars come from WeChat's many picture hosts
            "base-uri 'none'",
            "form-action 'self'",
            f"frame-ancestors 'self' {_origin(config.mp_base)}",
        )
    )

    def hook(handle: Handle) -> Any:
        web.header("X-Content-Type-Options", "nosniff")
        web.header("Referrer-Policy", "same-origin")  # no URL with a code leaves for another site
        web.header("Content-Security-Policy", policy)
        return handle()

    return hook


class Application(web.application):
    """web.py's application, which turns errors into pages that say what to do.

    `handle` is the innermost place where that can be done: around it, web.py catches every exception for
    itself and prints a traceback.
    """

    def __init__(self, site: Site, mapping: tuple[Any, ...]) -> None:
        super().__init__(mapping, {}, autoreload=False)
        self._site = site
        self.notfound = self._not_found

    def handle(self) -> Any:
        try:
            return super().handle()
        except web.HTTPError:
            raise  # redirects and web.py's own 404 and 405
        except VisitError as error:
            facts = {"result": error.reason, "errcode": error.errcode}
            return self._page(error.status, error.reason, facts)
        except StoreError as error:
            log.error("[store] %s", error)
            return self._page(503, "store-down", {"result": "store-down"})
        except Exception as error:  # a page's own fault: one line with its place, a friendly page
            log.error("[page] %s", describe(error))
            return self._page(500, "fault", {"result": "fault"})

    def _not_found(self) -> Exception:
        page = self._site.render("error", reason="not-found", way_on="/")
        # Not web.py's own class: it adds a second Content-Type to the one that the template has set.
        error: Exception = web.HTTPError("404 Not Found", {}, page)
        return error

    def _page(self, status: int, reason: str, facts: dict[str, Any]) -> str:
        web.ctx.status = _STATUS[status]
        web.ctx.facts.update(facts)
        web.header("Content-Type", "text/html; charset=utf-8")
        web.header("Cache-Control", "no-store")
        return self._site.render("error", reason=reason, way_on=web.ctx.path)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
