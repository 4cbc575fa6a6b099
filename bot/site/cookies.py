"""Read and set the cookies of this site. The code uses their names without the prefix that browsers see.

This module must not decide what a cookie proves.
"""

from typing import Any

import web

from bot.config import Config
from bot.oauth.request import BROWSER_COOKIE, SESSION_COOKIE


class Cookies:
    """Read and set the cookies of the present request.

    On https their names begin with `__Host-`. Browsers accept such a cookie from this host only, so another
    host of the same domain cannot replace it.
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
        """Return the text to which a form's token is bound: the session, or the browser if there is no
        session."""
        known = {**self.read(), **web.ctx.get("new_cookies", {})}
        return str(known.get(SESSION_COOKIE) or known.get(BROWSER_COOKIE) or "")
