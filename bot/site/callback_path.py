"""Help an operator who has typed a wrong callback URL into WeChat's console: the log line of a request that
missed the callback names the right path.

This module must not answer the request: a wrong path is still a 404.
"""

import re
import time
from collections.abc import Callable
from urllib.parse import parse_qsl

from bot.config import CALLBACK_PATH

_PAUSE_SECONDS = 60.0  # WeChat delivers to a wrong path as often as to the right one
_SIGNED = {"signature", "timestamp", "nonce"}  # in the query of every request that WeChat sends
_HINT = (
    f"the callback is {CALLBACK_PATH}, in small letters and without a slash at the end: "
    "correct the URL in WeChat's console"
)


class CallbackPathHint:
    """Make the hint, at most once a minute. Threads may share it."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._silent_until = float("-inf")

    def facts(self, path: str, query: str) -> dict[str, str]:
        """Return what to add to the log line of a request that was answered with 404: the fact `hint`, or
        nothing. `query` is without its `?`."""
        if not (_is_near(path) or _is_from_wechat(query)) or self._monotonic() < self._silent_until:
            return {}
        self._silent_until = self._monotonic() + _PAUSE_SECONDS
        return {"hint": _HINT}


def _is_near(path: str) -> bool:
    """Return True for `/wechat/`, `/Wechat`, `//wechat`, `/wechat/x` and the like."""
    written = re.sub("/+", "/", path).rstrip("/. ").lower()
    return written == CALLBACK_PATH or written.startswith(CALLBACK_PATH + "/")


def _is_from_wechat(query: str) -> bool:
    return {name for name, _ in parse_qsl(query[:2000], keep_blank_values=True)} >= _SIGNED
