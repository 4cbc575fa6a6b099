"""The journal: a list of the last deliveries, or of the last API calls, with the newest at the end."""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from wechat_sandbox.world.events import Bus

KEPT = 2000

Entry = dict[str, Any]


class Journal:
    """The last `KEPT` entries. An entry is a JSON object with an `id`.

    Publishes each new entry on `bus` as an event named `event`, then calls `on_entry` with it.
    """

    def __init__(self, event: str, bus: Bus, on_entry: Callable[[Entry], None] | None = None) -> None:
        self._event = event
        self._bus = bus
        self._on_entry = on_entry
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._ids = count(1)

    def write(self, entry: Entry) -> int:
        """Add an entry and return its id."""
        number = next(self._ids)
        numbered = {"id": number, **entry}
        self._entries.append(numbered)
        self._bus.publish(self._event, numbered)
        if self._on_entry is not None:
            self._on_entry(numbered)
        return number

    def __iter__(self) -> Iterator[Entry]:
        """Iterate over the entries, the newest first."""
        return reversed(self._entries)

    def last(self, limit: int) -> list[Entry]:
        """Return the last `limit` entries, the newest at the end."""
        entries = list(self._entries)
        return entries[-limit:] if limit > 0 else []

    def get(self, entry_id: int) -> Entry | None:
        """Return the entry with this id; None if there is none, or if it is no longer kept."""
        return next((entry for entry in self if entry["id"] == entry_id), None)
