"""The cookies of this site, by the names that the code gives them."""

from typing import Any

import web

from bot.config import Config
from bot.oauth.request import BROWSER_COOKIE, SESSION_COOKIE


class Cookies:
    """Read and set cookies of the request under way.

    On https their names begin with `__Host-`: browsers take such a cookie from this very host only, so that
    no other host of the same domain can put one in its place.
    """

    def __init__(self, config: Config) -> None:
        self._is_https = config.public_url.startswith("https://")
        self._prefix = "__Host-" if self._is_https else ""
        self._seconds = config.session_days * 86400

    def read(self) -> dict[str, str]:
        """Return the cookies of this request."""
        prefix = self._prefix
        sent: dict[str, Any] = web.cookies()
        return {name.removeprefix(prefix): sent[name] for name in sent if name.startswith(prefix)}

    def set(self, name: str, value: str) -> None:
        """Set a cookie that scripts cannot read and only this site receives. An empty `value` deletes it."""
        web.ctx.setdefault("new_cookies", {})[name] = value
        web.setcookie(
            self._prefix + name,
            value,
            expires=self._seconds if value else -1,
            secure=self._is_https,
            httponly=True,
            samesite="Lax",
            path="/",
        )

    def form_session(self) -> str:
        """Return what a form's token is bound to: the session, or for those without one the browser."""
        known = {**self.read(), **web.ctx.get("new_cookies", {})}
        return str(known.get(SESSION_COOKIE) or known.get(BROWSER_COOKIE) or "")
