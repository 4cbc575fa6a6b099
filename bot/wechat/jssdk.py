"""The signed permission for the JS-SDK: the argument that a page passes to wx.config()."""

import hashlib
import secrets
import threading
from typing import Any

from bot.errors import WeChatUnreachable
from bot.store import Clock
from bot.wechat.tokens import SharedValue


def signature(ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """Return the signature: sha1 over the four values in this order, not URL-encoded.

    `url` is the address of the page as the browser has it; `#…` at its end is ignored. WeChat spells the
    nonce `noncestr` here, but `nonceStr` in wx.config().
    """
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url.partition('#')[0]}"
    return hashlib.sha1(text.encode()).hexdigest()  # noqa: S324  WeChat's choice, not ours


_REMEMBERED_SECONDS = 5.0  # WeChat accepts an old ticket for minutes after it has issued a new one


_WAIT_SECONDS = 0.5  # how long a page waits for a place to get the ticket


class JsSdk:
    """Make arguments for wx.config(). Threads may share it.

    At most `at_once` pages of this process wait for a ticket at the same time. If WeChat does not answer, the
    other threads stay free for deliveries.
    """

    def __init__(self, app_id: str, tickets: SharedValue, clock: Clock, at_once: int = 8) -> None:
        self._app_id = app_id
        self._tickets = tickets
        self._clock = clock
        self._ticket = ("", 0.0)
        self._waiting = threading.BoundedSemaphore(at_once)

    def config(self, url: str, apis: list[str], *, debug: bool = False) -> dict[str, Any]:
        """Return the argument of wx.config() for the page at `url`. `apis` is its jsApiList.

        Raises WeChatError if there is no ticket, and WeChatUnreachable if too many pages wait for one.
        """
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
        """Return the ticket. Read it from the store every five seconds, and not for every page."""
        ticket, known_at = self._ticket
        if not 0 <= now - known_at < _REMEMBERED_SECONDS:
            if not self._waiting.acquire(timeout=_WAIT_SECONDS):
                raise WeChatUnreachable("too many pages are waiting for a jsapi_ticket")
            try:
                ticket = self._tickets.get()
            finally:
                self._waiting.release()
            self._ticket = (ticket, now)
        return ticket
