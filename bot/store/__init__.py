"""The store: the one place of state that outlives a request, and the promises that every backend keeps.

Keys are text, values bytes, lifetimes seconds. Every value has a lifetime, so nothing stays for ever. Beside
values there are timetables: names of things to be done, each with the moment when it is due.
Each operation is atomic against all threads, processes and machines that share the store.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from bot.errors import StoreError
from bot.store.url import StoreUrl

Clock = Callable[[], float]
Call = tuple[str, tuple[Any, ...]]  # the name of a method, its arguments


class Store(Protocol):
    """What the bot asks of a store. A value whose lifetime has passed is as if it had never been.

    Every method raises StoreError when the store cannot do its work.
    """

    def get(self, key: str) -> bytes | None:
        """The value of `key`, or None."""

    def put(self, key: str, value: bytes, lifetime: float) -> None:
        """Write, whatever was there."""

    def add(self, key: str, value: bytes, lifetime: float) -> bool:
        """Write only if `key` is not there; True if written. Of many callers at once, one gets True."""

    def swap(self, key: str, old: bytes, new: bytes, lifetime: float) -> bool:
        """Write `new` only if the value is now `old`; True if written."""

    def take(self, key: str) -> bytes | None:
        """The value of `key`, which is gone afterwards. Of many callers at once, one gets it."""

    def discard(self, key: str, value: bytes) -> bool:
        """Delete `key` only if its value is `value`; True if deleted. For giving back a lock."""

    def delete(self, key: str) -> None:
        """Delete `key`, whatever was there."""

    def count(self, key: str, lifetime: float) -> int:
        """Add one to a counter and return it; get() has it in decimal digits. Its lifetime starts with its
        first count."""

    def schedule(self, timetable: str, name: str, at: float) -> None:
        """Enter `name`, due at `at` (unix seconds); a later entry replaces an earlier one."""

    def due(self, timetable: str, now: float, later: float, limit: int) -> list[str]:
        """Up to `limit` names that are due, the longest due first, which are then due at `later`. Of many
        callers at once, each name comes to one."""

    def scheduled(self, timetable: str, limit: int) -> list[str]:
        """Up to `limit` names, in the order in which they are due."""

    def unschedule(self, timetable: str, name: str) -> None:
        """Strike `name` out."""

    def together(self, calls: Sequence[Call]) -> list[Any]:
        """The results of several calls of get, put, add, swap, discard and delete, made in this order and in
        one go. Others may come between them. Each may have been done or not if StoreError is raised."""

    def ping(self) -> None:
        """Return if the store can be read and written; raise StoreError if not."""

    def close(self) -> None:
        """Give back connections."""


def open_store(url: str, clock: Clock = time.time) -> Store:
    """Open the store that `url` names: `sqlite:///path` or `redis://host:port/db`.

    `clock` decides lifetimes in SQLite; Redis has a clock of its own. Raises StoreError if `url` is neither,
    or if its file cannot be opened. An unreachable Redis fails at its first call.
    """
    try:
        path = StoreUrl.parse(url).sqlite_path
    except ValueError as error:
        raise StoreError(f"STORE_URL {error}") from None
    # A backend is imported only if chosen: a bot on SQLite needs no Redis client in memory.
    if path is not None:
        from bot.store.sqlite import SqliteStore

        return SqliteStore(path, clock)
    from bot.store.redis import RedisStore

    return RedisStore(url)


__all__ = ["Call", "Clock", "Store", "StoreError", "open_store"]
