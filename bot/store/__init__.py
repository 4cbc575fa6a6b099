"""The store: state that outlives a request and is shared by processes. Every backend must follow the rules
below.

Keys are text, values bytes, lifetimes seconds. Every value has a lifetime. A store also has timetables: lists
of names, each with the time at which it is due.
Each operation is atomic against all threads, processes and machines that share the store. A backend puts the
AppID before every key and timetable: bots of several accounts may share one database.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from bot.errors import StoreError
from bot.store.url import StoreUrl

Clock = Callable[[], float]
Call = tuple[str, tuple[Any, ...]]  # the name of a method, its arguments


class Write(NamedTuple):
    """What update() writes: a value and its lifetime in seconds. A lifetime of 0 deletes the key."""

    value: bytes
    lifetime: float


DELETE = Write(b"", 0.0)


class NotConnected(StoreError):
    """A call that may not wait would have to open a connection first. Nothing was written."""


class Store(Protocol):
    """The interface of every backend. A value whose lifetime has passed counts as deleted.

    Every method raises StoreError if the store cannot do its work.
    """

    def get(self, key: str) -> bytes | None:
        """Return the value of `key`, or None."""

    def put(self, key: str, value: bytes, lifetime: float) -> None:
        """Write `value`. Replace an earlier value."""

    def add(self, key: str, value: bytes, lifetime: float) -> bool:
        """Write `value` only if `key` has no value. Return True if written. If several callers try at the
        same time, exactly one gets True."""

    def swap(self, key: str, old: bytes, new: bytes, lifetime: float) -> bool:
        """Write `new` only if the value is now `old`. Return True if written."""

    def take(self, key: str) -> bytes | None:
        """Delete `key` and return its value. If several callers try at the same time, exactly one gets it."""

    def discard(self, key: str, value: bytes) -> bool:
        """Delete `key` only if its value is `value`. Return True if deleted. Use it to give back a lock."""

    def delete(self, key: str) -> None:
        """Delete `key`. Do nothing if it has no value."""

    def count(self, key: str, lifetime: float) -> int:
        """Add one to a counter and return its new value. The lifetime starts with the first count. get()
        returns the value in decimal digits."""

    def schedule(self, timetable: str, name: str, at: float) -> None:
        """Enter `name`, due at `at` (unix seconds). A later entry replaces an earlier one."""

    def due(
        self, timetable: str, now: float, later: float, limit: int, furthest: float = math.inf
    ) -> list[str]:
        """Return up to `limit` names that are due, the longest due first, and make them due at `later`. If
        several callers call at the same time, each name is returned to exactly one of them.

        Names that would be due after `furthest` are due now: they were entered before the clock was set back.
        """

    def scheduled(self, timetable: str, limit: int) -> list[str]:
        """Return up to `limit` names, in the order in which they are due."""

    def unschedule(self, timetable: str, name: str) -> None:
        """Remove `name` from the timetable."""

    def together(self, calls: Sequence[Call], *, may_connect: bool = True) -> list[Any]:
        """Return the results of several calls of get, put, add, swap, discard and delete, made in this order
        in one round trip. Calls of other clients may run between them. If StoreError is raised, any of them
        may have been executed.

        With `may_connect=False`, for an event loop, it waits for one answer at most. It raises NotConnected
        if a connection must be opened first: call it again in a thread.
        """

    def ping(self) -> None:
        """Check that the store can be read and written. Raises StoreError if not."""

    def tend(self) -> None:
        """Do what must be done about once a second in each process, such as finding out whether the store
        has moved. Raises StoreError."""

    def close(self) -> None:
        """Close all connections."""

    def update(self, key: str, change: Callable[[bytes | None], Write | None]) -> Write | None:
        """Replace the value of `key` by the result of `change`, even if others write the key as well.

        `change` gets the value, or None if there is none. It returns the new value, or None for no change. It
        is called again if another writer has changed the value meanwhile. Return the written value, or None.
        Raises StoreError and any exception of `change`.
        """
        while True:
            value = self.get(key)
            write = change(value)
            if write is None or self._replace(key, value, write):
                return write

    def _replace(self, key: str, value: bytes | None, write: Write) -> bool:
        if value is None:
            return write.lifetime <= 0 or self.add(key, *write)
        return self.swap(key, value, *write) if write.lifetime > 0 else self.discard(key, value)


def open_store(url: str, clock: Clock = time.time, *, app_id: str, replicas: int = 0) -> Store:
    """Open the store of the account `app_id` at `url`: `sqlite:///path` or `redis://host:port/db`.

    `clock` is used for lifetimes in SQLite; Redis uses its own clock. With `replicas`, a write to Redis
    counts only if this many replicas have it. Raises StoreError if `url` is neither of the two or a file
    cannot be opened. If Redis cannot be reached, the first call raises it instead.
    """
    try:
        path = StoreUrl.parse(url).sqlite_path
    except ValueError as error:
        raise StoreError(f"STORE_URL {error}") from None
    # Import only the chosen backend: a bot on SQLite needs no Redis client in memory.
    if path is not None:
        from bot.store.sqlite import SqliteStore

        return SqliteStore(path, app_id, clock)
    from bot.store.redis import RedisStore

    return RedisStore(url, app_id, replicas=replicas)


__all__ = [
    "DELETE",
    "Call",
    "Clock",
    "NotConnected",
    "Store",
    "StoreError",
    "Write",
    "open_store",
]
