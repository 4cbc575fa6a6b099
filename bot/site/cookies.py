"""Read and set the cookies of this site. The code uses their names without the prefix that browsers see.

This module must not decide what a cookie proves.
"""

import re
from urllib.parse import unquote

import web

from bot.config import Config
from bot.oauth.request import ASKED_COOKIE, BROWSER_COOKIE, SESSION_COOKIE

# The values that this site gives its own cookies. Another application may use the same names.
_SHAPES = {
    SESSION_COOKIE: re.compile("[0-9A-Za-z_-]{32}"),
    BROWSER_COOKIE: re.compile("[0-9A-Za-z_-]{22}"),
    ASKED_COOKIE: re.compile("[0-9a-f]{32}|no"),
}


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
        return cookies_of(str(web.ctx.env.get("HTTP_COOKIE", "")), self._prefix)

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


def cookies_of(header: str, prefix: str) -> dict[str, str]:
    """Return the cookies in a Cookie header whose names begin with `prefix`, without the prefix.

    Browsers send the values of all applications unchanged: with quotes, JSON, blanks and any bytes. Only `;`
    ends a value, as in RFC 6265; Python's SimpleCookie drops the whole header instead. If a name occurs more
    than once, a value of our own form wins, else the last one.
    """
    found: dict[str, str] = {}
    for piece in header.split(";"):
        name, equals, value = piece.strip().partition("=")
        name = name.rstrip()
        if not equals or not name.startswith(prefix):
            continue
        name, value = name.removeprefix(prefix), _unquoted(value.strip())
        shape = _SHAPES.get(name)
        if shape and shape.fullmatch(found.get(name, "")) and not shape.fullmatch(value):
            continue
        found[name] = value
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return unquote(value)
