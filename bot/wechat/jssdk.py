"""The JS-SDK's permission: what a page hands to wx.config()."""

import hashlib
import secrets
from typing import Any

from bot.store import Clock
from bot.wechat.tokens import Shared


def signature(ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """sha1 over the four values in this order, raw. WeChat spells it `noncestr` here, `nonceStr` in
    wx.config. `url` is the page's as the browser has it, without `#…`."""
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url.partition('#')[0]}"
    return hashlib.sha1(text.encode()).hexdigest()  # noqa: S324  WeChat's choice, not ours


class JsSdk:
    def __init__(self, app_id: str, tickets: Shared, clock: Clock) -> None:
        self._app_id = app_id
        self._tickets = tickets
        self._clock = clock

    def config(self, url: str, apis: list[str], *, debug: bool = False) -> dict[str, Any]:
        """The argument of wx.config() for the page at `url`. Raises WeChatError if there is no ticket."""
        timestamp, nonce = int(self._clock()), secrets.token_hex(8)
        return {
            "debug": debug,
            "appId": self._app_id,
            "timestamp": timestamp,
            "nonceStr": nonce,
            "signature": signature(self._tickets.get(), nonce, timestamp, url),
            "jsApiList": apis,
        }
