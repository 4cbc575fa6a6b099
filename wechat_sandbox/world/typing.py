"""「对方正在输入…」: what `custom/typing` switches on and off (protocol §8.1)."""

import asyncio

from wechat_sandbox.clock import Clock
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.world.events import Bus

SHOWN_SECONDS = 15


class Typing:
    """Must run inside the event loop: what is shown ends by itself after 15 real seconds."""

    def __init__(self, clock: Clock, bus: Bus) -> None:
        self._clock = clock
        self._bus = bus
        self._until: dict[str, float] = {}

    def start(self, openid: str) -> None:
        """Raises 45081 while it is already shown."""
        now = self._clock.now()
        if self._until.get(openid, 0.0) > now:
            raise WeChatError(45081)
        self._until[openid] = now + SHOWN_SECONDS
        self._bus.publish("typing", {"openid": openid, "on": True})
        asyncio.get_running_loop().call_later(SHOWN_SECONDS, self._expire, openid, self._until[openid])

    def stop(self, openid: str) -> None:
        if self._until.pop(openid, None) is not None:
            self._bus.publish("typing", {"openid": openid, "on": False})

    def _expire(self, openid: str, until: float) -> None:
        if self._until.get(openid) == until:
            self.stop(openid)
