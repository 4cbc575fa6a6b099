"""What was delivered to the callback and what the account's server called, newest last, bounded."""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from wechat_sandbox.world.events import Bus

KEPT = 2000

Entry = dict[str, Any]


class Journal:
    """The last `KEPT` entries, which are JSON objects; each gets an `id`, is published on the bus and told to
    `on_entry` as it is written."""

    def __init__(self, event: str, bus: Bus, on_entry: Callable[[Entry], None] | None = None) -> None:
        self._event = event
        self._bus = bus
        self._on_entry = on_entry
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._ids = count(1)

    def write(self, entry: Entry) -> int:
        """The id of the new entry."""
        number = next(self._ids)
        numbered = {"id": number, **entry}
        self._entries.append(numbered)
        self._bus.publish(self._event, numbered)
        if self._on_entry is not None:
            self._on_entry(numbered)
        return number

    def __iter__(self) -> Iterator[Entry]:
        """Newest first."""
        return reversed(self._entries)

    def last(self, limit: int) -> list[Entry]:
        entries = list(self._entries)
        return entries[-limit:] if limit > 0 else []

    def get(self, entry_id: int) -> Entry | None:
        """None for an id that was never given, or whose entry has been forgotten."""
        return next((entry for entry in self if entry["id"] == entry_id), None)
