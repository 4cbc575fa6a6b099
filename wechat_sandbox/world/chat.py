"""What one user's phone shows in the conversation with the account."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from wechat_sandbox.clock import Clock

KEPT = 10_000


@dataclass(frozen=True)
class ChatMessage:
    """`sender` is user, account or system; `via` says how it came (message, passive, custom, menu …)."""

    id: int
    at: float
    sender: str
    via: str
    type: str
    fields: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        head = {"id": self.id, "at": self.at, "from": self.sender, "via": self.via, "type": self.type}
        return head | self.fields


class Chat:
    """The last `KEPT` messages. `on_message` is called with every message as it appears."""

    def __init__(self, clock: Clock, on_message: Callable[[ChatMessage], None]) -> None:
        self._clock = clock
        self._on_message = on_message
        self._ids = count(1)
        self.messages: deque[ChatMessage] = deque(maxlen=KEPT)
        # When anything was last said by either side.
        self.last_at = 0.0

    def show(self, sender: str, via: str, type: str, **fields: Any) -> ChatMessage:
        message = ChatMessage(next(self._ids), self._clock.now(), sender, via, type, fields)
        self.messages.append(message)
        if sender != "system":
            self.last_at = message.at
        self._on_message(message)
        return message
