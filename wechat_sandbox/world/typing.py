"""The line 「对方正在输入…」, which the call `custom/typing` shows and hides (protocol §8.1)."""

import asyncio

from wechat_sandbox.clock import Clock
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.world.events import Bus

SHOWN_SECONDS = 15


class Typing:
    """Show and hide the typing line of each user. The line disappears by itself after 15 real seconds.

    Use it inside a running event loop.
    """

    def __init__(self, clock: Clock, bus: Bus) -> None:
        self._clock = clock
        self._bus = bus
        self._until: dict[str, float] = {}

    def start(self, openid: str) -> None:
        """Show the line. Raises WeChatError 45081 if it is already shown."""
        now = self._clock.now()
        if self._until.get(openid, 0.0) > now:
            raise WeChatError(45081)
        self._until[openid] = now + SHOWN_SECONDS
        self._bus.publish("typing", {"openid": openid, "on": True})
        asyncio.get_running_loop().call_later(SHOWN_SECONDS, self._expire, openid, self._until[openid])

    def stop(self, openid: str) -> None:
        """Hide the line, if it is shown."""
        if self._until.pop(openid, None) is not None:
            self._bus.publish("typing", {"openid": openid, "on": False})

    def _expire(self, openid: str, until: float) -> None:
        if self._until.get(openid) == until:
            self.stop(openid)
