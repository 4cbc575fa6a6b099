"""Paths for machines: health, readiness, metrics, signatures for single-page apps, verification files."""

import hmac
import html
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import web

from bot import metrics
from bot.errors import StoreError, WeChatError


class Health:
    """/healthz: this process answers."""

    def GET(self) -> str:
        web.header("Content-Type", "text/plain; charset=utf-8")
        return "ok"


class Ready:
    """/readyz: and its store answers too; 503 with the reason if not."""

    def GET(self) -> str:
        web.header("Content-Type", "text/plain; charset=utf-8")
        try:
            web.ctx.parts.store.ping()
        except StoreError as error:
            web.ctx.status = "503 Service Unavailable"
            return f"store: {error}"
        return "ok"


class Metrics:
    """/metrics, for Prometheus; with METRICS_TOKEN set, only for those who send it as bearer token."""

    def GET(self) -> bytes:
        wanted = web.ctx.parts.config.metrics_token
        given = web.ctx.env.get("HTTP_AUTHORIZATION", "")
        if wanted and not hmac.compare_digest(
            given.encode("latin-1", "replace"), f"Bearer {wanted}".encode()
        ):
            web.header("Content-Type", "text/plain; charset=utf-8")
            web.ctx.status = "401 Unauthorized"
            web.header("WWW-Authenticate", "Bearer")
            return b""
        web.header("Content-Type", metrics.CONTENT_TYPE)
        return metrics.text()


class Jssdk:
    """/jssdk?url=…: wx.config() values for a page of ours, as JSON. Pages of other hosts are refused, so
    that nobody else's page can borrow this account's rights."""

    def GET(self) -> str:
        parts = web.ctx.parts
        # A page that put its URL through an HTML escape sends &amp;: repaired, as people expect.
        url = html.unescape(web.input(_method="GET", url="").url).partition("#")[0]
        if not url:
            return self._answer(
                "400 Bad Request", error="url is missing: the page's own URL, percent-encoded"
            )
        if _host(url) != _host(parts.config.public_url):
            return self._answer("403 Forbidden", error="url is not on this site's host")
        try:
            return self._answer("200 OK", **parts.site.jssdk.config(url, []))
        except WeChatError as error:
            return self._answer("502 Bad Gateway", error=f"no ticket from WeChat, errcode {error.errcode}")

    def _answer(self, status: str, **values: Any) -> str:
        web.ctx.status = status
        web.header("Content-Type", "application/json; charset=utf-8")
        web.header("Cache-Control", "no-store")
        return json.dumps(values)


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return None


class VerificationFile:
    """/MP_verify_XXXXXXXXXXXXXXXX.txt: WeChat's proof that a domain is ours, dropped into VERIFY_DIR.
    The pattern admits no other file of that folder, or any other."""

    def GET(self, proof: str) -> str:
        file = Path(web.ctx.parts.config.verify_dir) / f"MP_verify_{proof}.txt"
        if not file.is_file():
            raise web.notfound()
        web.header("Content-Type", "text/plain; charset=utf-8")
        return file.read_text(encoding="utf-8")


PATHS = (
    ("/healthz", Health),
    ("/readyz", Ready),
    ("/metrics", Metrics),
    ("/jssdk", Jssdk),
    (r"/MP_verify_([0-9a-zA-Z]{16})\.txt", VerificationFile),
)
