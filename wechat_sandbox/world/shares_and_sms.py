"""Store pages shared by friends, and text messages (SMS). Both reach a phone outside the chat."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from wechat_sandbox.clock import Clock
from wechat_sandbox.world.events import Bus

_KEPT = 500


@dataclass(frozen=True)
class Share:
    """A page shared by a friend or on the timeline. `url` is the address that a tap opens."""

    at: float
    from_nickname: str
    where: str
    title: str
    description: str
    url: str
    pic_url: str

    def to_json(self) -> dict[str, Any]:
        return {"type": "share", **asdict(self)}


@dataclass(frozen=True)
class Sms:
    """A text message. `openid` is None if no user has the number."""

    at: float
    openid: str | None
    phone: str
    text: str

    def to_json(self) -> dict[str, Any]:
        return {"type": "sms", **asdict(self)}


class Social:
    def __init__(self, clock: Clock, bus: Bus) -> None:
        self._clock = clock
        self._bus = bus
        self._inboxes: dict[str, deque[Share | Sms]] = {}
        self.messages: deque[Sms] = deque(maxlen=_KEPT)

    def share(self, openid: str, item: Share) -> None:
        self._receive(openid, item)
        self._bus.publish("share", {"openid": openid, "item": item.to_json()})

    def inbox(self, openid: str) -> list[Share | Sms]:
        return list(self._inboxes.get(openid, ()))

    def sms(self, openid: str | None, phone: str, text: str) -> None:
        message = Sms(self._clock.now(), openid, phone, text)
        self.messages.append(message)
        if openid is not None:
            self._receive(openid, message)
        self._bus.publish("sms", message.to_json())

    def _receive(self, openid: str, item: Share | Sms) -> None:
        self._inboxes.setdefault(openid, deque(maxlen=_KEPT)).append(item)
