"""The messages that one user's phone shows in the chat with the account."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from wechat_sandbox.clock import Clock

KEPT = 10_000


@dataclass(frozen=True)
class ChatMessage:
    """One message in a chat.

    `sender` is user, account or system. `via` is the way it was sent: message, passive, custom, menu,
    template, notice, one-time or system. `at` is in Unix seconds of the simulated clock.
    """

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
    """The last `KEPT` messages of a chat. Calls `on_message` with each new message."""

    def __init__(self, clock: Clock, on_message: Callable[[ChatMessage], None]) -> None:
        self._clock = clock
        self._on_message = on_message
        self._ids = count(1)
        self.messages: deque[ChatMessage] = deque(maxlen=KEPT)
        # Time of the last message that the user or the account sent.
        self.last_at = 0.0

    def show(self, sender: str, via: str, type: str, **fields: Any) -> ChatMessage:
        message = ChatMessage(next(self._ids), self._clock.now(), sender, via, type, fields)
        self.messages.append(message)
        if sender != "system":
            self.last_at = message.at
        self._on_message(message)
        return message
