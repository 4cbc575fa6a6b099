"""/api/accounts/: return the binding of a person and a phone to the company's own system. See
/api/openapi.json.

This module must not accept a phone number in a URL, because URLs are logged. The number is in the body.
"""

import json
import re
from functools import partial
from typing import Any

import web

from bot.chat.wire import request_body
from bot.config import Config
from bot.oauth import browser
from bot.people import Binding, Bindings
from bot.site.application import Path
from bot.site.page import Site
from bot.store.limits import Limits
from bot.store.signing import is_same

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEYS = {"openid": _ID, "phone": re.compile(r"\+[1-9][0-9]{1,14}"), "unionid": _ID}
_MAX_BODY = 4096
_WRONG_TOKENS_A_MINUTE = 20


class Lookup:
    """POST /api/accounts/lookup: find a binding by openid, phone (E.164) or unionid. The body is JSON with
    one of them.

    The request must have API_TOKEN as its bearer token. Without API_TOKEN the path answers 404.
    """

    def __init__(self, config: Config, bindings: Bindings, limits: Limits) -> None:
        self._config = config
        self._bindings = bindings
        self._limits = limits

    def POST(self) -> str:
        if not self._is_admitted():
            return ""
        wanted = self._wanted()
        if wanted is None:
            return self._answer(
                "400 Bad Request",
                error=f"send a JSON object with exactly one of {', '.join(_KEYS)}; a phone as +8613800138000",
            )
        key, value = wanted
        binding = self._find(key, value)
        if binding is None:
            return self._answer("404 Not Found", error="nobody is bound to that")
        return self._answer(
            "200 OK",
            openid=binding.openid,
            unionid=binding.unionid,
            phone=binding.phone,
            since=int(binding.since),
        )

    def GET(self) -> str:
        web.header("Allow", "POST")
        return self._answer(
            "405 Method Not Allowed", error="use POST, with the openid, phone or unionid in the body"
        )

    HEAD = PUT = DELETE = PATCH = OPTIONS = GET

    def _is_admitted(self) -> bool:
        wanted, given = self._config.api_token, web.ctx.env.get("HTTP_AUTHORIZATION", "")
        if not wanted:
            self._answer("404 Not Found")
            return False
        if is_same(f"Bearer {wanted}", given):
            return True
        address = browser.address(web.ctx.env, self._config.trusted_proxies)
        if self._limits.take("api-token", browser.network(address), _WRONG_TOKENS_A_MINUTE, 60):
            self._answer("401 Unauthorized")
            web.header("WWW-Authenticate", "Bearer")
        else:
            self._answer("429 Too Many Requests")
        return False

    def _wanted(self) -> tuple[str, str] | None:
        sent = request_body.read(web.ctx.env, _MAX_BODY)
        try:
            asked = json.loads(sent) if len(sent) <= _MAX_BODY else None
        except (ValueError, RecursionError):
            return None
        if not isinstance(asked, dict) or len(asked) != 1:
            return None
        ((key, value),) = asked.items()
        form = _KEYS.get(key)
        return (key, value) if form and isinstance(value, str) and form.fullmatch(value) else None

    def _find(self, key: str, value: str) -> Binding | None:
        ways = {
            "openid": self._bindings.of,
            "phone": self._bindings.of_phone,
            "unionid": self._bindings.of_unionid,
        }
        return ways[key](value)

    def _answer(self, status: str, **values: Any) -> str:
        web.ctx.status = status
        web.header("Content-Type", "application/json; charset=utf-8")
        web.header("Cache-Control", "no-store")
        return json.dumps(values)


def paths(site: Site) -> list[Path]:
    """Return the path and the class that answers it."""
    lookup = partial(Lookup, site.config, site.account.people.bindings, site.limits)
    return [("/api/accounts/lookup", lookup)]
