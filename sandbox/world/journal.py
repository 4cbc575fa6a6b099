"""What was delivered to the callback and what the account's server called, newest last, bounded."""

from collections import deque
from itertools import count
from typing import Any

from sandbox.world.bus import Bus

_KEPT = 2000


class Journal:
    """Entries are JSON objects; each gets an `id` and is published on the bus as it is written."""

    def __init__(self, event: str, bus: Bus) -> None:
        self._event = event
        self._bus = bus
        self._entries: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._ids = count(1)

    def write(self, entry: dict[str, Any]) -> None:
        numbered = {"id": next(self._ids), **entry}
        self._entries.append(numbered)
        self._bus.publish(self._event, numbered)

    def last(self, limit: int) -> list[dict[str, Any]]:
        entries = list(self._entries)
        return entries[-limit:] if limit > 0 else []
