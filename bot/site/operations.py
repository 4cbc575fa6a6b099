"""Paths for machines: health, readiness, metrics, signatures for single-page apps, verification files.

Nothing here may need a visitor, or show strangers the cause of an error.
"""

import json
import pathlib
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import web

from bot.config import Config
from bot.errors import StoreError, WeChatError
from bot.settings.readers import host_of, parts
from bot.site.application import Path
from bot.site.page import Site
from bot.store import Store
from bot.store.signing import is_same
from bot.telemetry import metrics
from bot.wechat.jssdk import JsSdk

_OPENAPI = pathlib.Path(__file__).with_name("openapi.json")


class Health:
    """/healthz: answer `ok` if this process can answer requests."""

    def GET(self) -> str:
        web.header("Content-Type", "text/plain; charset=utf-8")
        return "ok"


class Ready:
    """/readyz: answer `ok` if the store can be read and written, else 503. The reason is only in the log,
    because strangers can request this path."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def GET(self) -> str:
        web.header("Content-Type", "text/plain; charset=utf-8")
        try:
            self._store.ping()
        except StoreError:
            web.ctx.status = "503 Service Unavailable"
            return "store"
        return "ok"


class Metrics:
    """/metrics, for Prometheus. With METRICS_TOKEN set, the request must have this bearer token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def GET(self) -> bytes:
        wanted = self._token
        given = web.ctx.env.get("HTTP_AUTHORIZATION", "")
        if wanted and not is_same(f"Bearer {wanted}", given):
            web.header("Content-Type", "text/plain; charset=utf-8")
            web.ctx.status = "401 Unauthorized"
            web.header("WWW-Authenticate", "Bearer")
            return b""
        web.header("Content-Type", metrics.CONTENT_TYPE)
        return metrics.text()


class Jssdk:
    """/jssdk?url=…: return the values for wx.config() on a page of ours, and the `url` that was signed, as
    JSON.

    The page must be on the host of PUBLIC_URL or one of JSSDK_HOSTS: no other site may use this account's
    rights. Scripts on these hosts may read the answer (CORS).
    """

    def __init__(self, config: Config, jssdk: JsSdk) -> None:
        self._config = config
        self._jssdk = jssdk

    def GET(self) -> str:
        hosts = _hosts(self._config)
        origin = web.ctx.env.get("HTTP_ORIGIN", "")
        web.header("Vary", "Origin")
        if origin and _host(origin) in hosts:
            web.header("Access-Control-Allow-Origin", origin)
        given = web.input(_method="GET", url="").url
        # A page that has escaped its URL for HTML sends &amp;. Turn it back into &. Keep other entities,
        # because `&copy=1` is a parameter.
        url = given.replace("&amp;", "&").partition("#")[0]
        if not url:
            return self._refuse("missing", "url is missing: send the page's own URL, percent-encoded")
        host = _host(url)
        if host is None:
            return self._refuse(
                "not-a-url", "url is not an http or https URL; send location.href, percent-encoded"
            )
        if host not in hosts:
            return self._refuse(
                "foreign-host",
                f"url is on another host than {', '.join(sorted(hosts))}; see PUBLIC_URL and JSSDK_HOSTS",
                "403 Forbidden",
            )
        if not url.isascii() and not urlsplit(url).netloc.isascii():
            url = urlsplit(url)._replace(netloc=host).geturl()  # as the browser has it in location.href
        try:
            return self._answer("200 OK", **self._jssdk.config(url, []), url=url)
        except WeChatError as error:
            return self._refuse(
                "no-ticket", f"no ticket from WeChat, errcode {error.errcode}", "502 Bad Gateway"
            )

    def _refuse(self, reason: str, words: str, status: str = "400 Bad Request") -> str:
        return self._answer(status, reason=reason, error=words)

    def _answer(self, status: str, **values: Any) -> str:
        web.ctx.status = status
        web.header("Content-Type", "application/json; charset=utf-8")
        web.header("Cache-Control", "no-store")
        return json.dumps(values)


def _hosts(config: Config) -> set[str]:
    return {urlsplit(config.public_url).netloc, *parts(config.jssdk_hosts.lower())}


def _host(url: str) -> str | None:
    """Return host and port of an http or https URL, or None if `url` is no such URL."""
    try:
        found = urlsplit(url)
    except ValueError:
        return None
    if found.scheme not in ("http", "https") or any(char <= " " for char in url):
        return None
    return host_of(found)


class OpenApi:
    """/api/openapi.json: describe the calls under /api/, for people and for code generators."""

    def GET(self) -> str:
        web.header("Content-Type", "application/json; charset=utf-8")
        return _OPENAPI.read_text(encoding="utf-8")


class VerificationFile:
    """/MP_verify_XXXXXXXXXXXXXXXX.txt: return a file of VERIFY_DIR, which proves to WeChat that we own the
    domain. The pattern of its path matches no other file."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder

    def GET(self, proof: str) -> str:
        file = self._folder / f"MP_verify_{proof}.txt"
        if not file.is_file():
            raise web.notfound()
        web.header("Content-Type", "text/plain; charset=utf-8")
        return file.read_text(encoding="utf-8")


def paths(store: Store, site: Site) -> list[Path]:
    """Return the paths and the classes that answer them."""
    config = site.config
    return [
        ("/healthz", Health),
        ("/readyz", partial(Ready, store)),
        ("/metrics", partial(Metrics, config.metrics_token)),
        ("/jssdk", partial(Jssdk, config, site.jssdk)),
        ("/api/openapi.json", OpenApi),
        (r"/MP_verify_([0-9a-zA-Z]{16})\.txt", partial(VerificationFile, pathlib.Path(config.verify_dir))),
    ]
