"""Help an operator who has typed a wrong callback URL into WeChat's console: log the right path.

This module must not answer the request: a wrong path is still a 404.
"""

import logging
import re
import time
from collections.abc import Callable
from urllib.parse import parse_qsl

from bot.config import CALLBACK_PATH

log = logging.getLogger("bot.site.application")

_PAUSE_SECONDS = 60.0  # WeChat delivers to a wrong path as often as to the right one
_SIGNED = {"signature", "timestamp", "nonce"}  # in the query of every request that WeChat sends


class CallbackPathHint:
    """Log at most one line a minute about requests that miss the callback's path."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._silent_until = float("-inf")

    def note(self, path: str, query: str) -> None:
        """Note a request that was answered with 404. `query` is without its `?`."""
        if not (_is_near(path) or _is_from_wechat(query)) or self._monotonic() < self._silent_until:
            return
        self._silent_until = self._monotonic() + _PAUSE_SECONDS
        log.warning(
            "[callback] %a is not the path of the callback: it is %s, in small letters and without a slash "
            "at the end. Correct the URL in WeChat's console",
            path[:80],
            CALLBACK_PATH,
        )


def _is_near(path: str) -> bool:
    """Return True for `/wechat/`, `/Wechat`, `//wechat`, `/wechat/x` and the like."""
    written = re.sub("/+", "/", path).rstrip("/. ").lower()
    return written == CALLBACK_PATH or written.startswith(CALLBACK_PATH + "/")


def _is_from_wechat(query: str) -> bool:
    return {name for name, _ in parse_qsl(query[:2000], keep_blank_values=True)} >= _SIGNED
