"""What one user's phone shows in the conversation with the account."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import Clock


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
    """`on_message` is called with every message as it appears."""

    def __init__(self, clock: Clock, on_message: Callable[[ChatMessage], None]) -> None:
        self._clock = clock
        self._on_message = on_message
        self.messages: list[ChatMessage] = []

    def show(self, sender: str, via: str, type: str, **fields: Any) -> ChatMessage:
        message = ChatMessage(len(self.messages) + 1, self._clock.now(), sender, via, type, fields)
        self.messages.append(message)
        self._on_message(message)
        return message

    def last_at(self) -> float:
        """When anything was last said by either side; 0 if nothing was."""
        said = [message.at for message in self.messages if message.sender != "system"]
        return said[-1] if said else 0.0
