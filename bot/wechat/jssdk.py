"""The JS-SDK's permission: what a page hands to wx.config()."""

import hashlib
import secrets
import threading
from typing import Any

from bot.errors import WeChatUnreachable
from bot.store import Clock
from bot.wechat.tokens import Shared


def signature(ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """sha1 over the four values in this order, raw. WeChat spells it `noncestr` here, `nonceStr` in
    wx.config. `url` is the page's as the browser has it, without `#…`."""
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url.partition('#')[0]}"
    return hashlib.sha1(text.encode()).hexdigest()  # noqa: S324  WeChat's choice, not ours


_REMEMBERED_SECONDS = 5.0  # WeChat takes an old ticket for minutes after there is a new one


_WAIT_SECONDS = 0.5  # for one of the places of those who look for a ticket


class JsSdk:
    """At most `at_once` pages of this process wait for a ticket: should WeChat be silent, they must leave
    threads for its deliveries."""

    def __init__(self, app_id: str, tickets: Shared, clock: Clock, at_once: int = 8) -> None:
        self._app_id = app_id
        self._tickets = tickets
        self._clock = clock
        self._ticket = ("", 0.0)
        self._waiting = threading.BoundedSemaphore(at_once)

    def config(self, url: str, apis: list[str], *, debug: bool = False) -> dict[str, Any]:
        """The argument of wx.config() for the page at `url`. Raises WeChatError if there is no ticket."""
        now, nonce = self._clock(), secrets.token_hex(8)
        timestamp = int(now)
        return {
            "debug": debug,
            "appId": self._app_id,
            "timestamp": timestamp,
            "nonceStr": nonce,
            "signature": signature(self._current(now), nonce, timestamp, url),
            "jsApiList": apis,
        }

    def _current(self, now: float) -> str:
        """The ticket, looked up in the store every few seconds and not for every page."""
        ticket, known_at = self._ticket
        if not 0 <= now - known_at < _REMEMBERED_SECONDS:
            if not self._waiting.acquire(timeout=_WAIT_SECONDS):
                raise WeChatUnreachable("too many pages wait for a ticket already")
            try:
                ticket = self._tickets.get()
            finally:
                self._waiting.release()
            self._ticket = (ticket, now)
        return ticket
