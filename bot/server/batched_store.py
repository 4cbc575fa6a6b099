"""A store for deliveries on a loop: what they ask of it within a few rounds of the loop goes there in one go.

One transaction of SQLite, or one round trip to Redis, then serves all that came in together. For each of them
by itself, it would cost as much as all the rest of its way.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from bot.errors import StoreError
from bot.server import greenlets
from bot.store import Call, Store

# Of the loop, each a look at the sockets: whoever comes in meanwhile goes with the others. Four in place of
# one bought a quarter more messages on Redis, a twentieth on SQLite.
_ROUNDS = 4


class BatchedStore(Store):
    """Keeps the promises of `Store`. In a thread it is the store itself."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asked: list[tuple[Sequence[Call], greenlets.Green]] = []

    def get(self, key: str) -> bytes | None:
        return self._ask("get", key)  # type: ignore[no-any-return]  # as the store's

    def put(self, key: str, value: bytes, lifetime: float) -> None:
        self._ask("put", key, value, lifetime)

    def add(self, key: str, value: bytes, lifetime: float) -> bool:
        return bool(self._ask("add", key, value, lifetime))

    def swap(self, key: str, old: bytes, new: bytes, lifetime: float) -> bool:
        return bool(self._ask("swap", key, old, new, lifetime))

    def discard(self, key: str, value: bytes) -> bool:
        return bool(self._ask("discard", key, value))

    def delete(self, key: str) -> None:
        self._ask("delete", key)

    def together(self, calls: Sequence[Call]) -> list[Any]:
        if not greenlets.is_here():  # one by one: that asks also where the store was gone a moment ago
            return [getattr(self._store, name)(*arguments) for name, arguments in calls]
        return self._join(calls)

    # What follows is asked for retries and jobs only: by itself, in a thread.

    def take(self, key: str) -> bytes | None:
        return greenlets.in_thread(self._store.take, key)

    def count(self, key: str, lifetime: float) -> int:
        return greenlets.in_thread(self._store.count, key, lifetime)

    def schedule(self, timetable: str, name: str, at: float) -> None:
        greenlets.in_thread(self._store.schedule, timetable, name, at)

    def due(self, timetable: str, now: float, later: float, limit: int) -> list[str]:
        return greenlets.in_thread(self._store.due, timetable, now, later, limit)

    def scheduled(self, timetable: str, limit: int) -> list[str]:
        return greenlets.in_thread(self._store.scheduled, timetable, limit)

    def unschedule(self, timetable: str, name: str) -> None:
        greenlets.in_thread(self._store.unschedule, timetable, name)

    def ping(self) -> None:
        greenlets.in_thread(self._store.ping)

    def close(self) -> None:
        self._store.close()

    def _ask(self, name: str, *arguments: Any) -> Any:
        if not greenlets.is_here():
            return getattr(self._store, name)(*arguments)
        return self._join([(name, arguments)])[0]

    def _join(self, calls: Sequence[Call]) -> list[Any]:
        if not self._asked:
            self._go_after(_ROUNDS)
        return greenlets.pause(lambda asker: self._asked.append((calls, asker)))  # type: ignore[no-any-return]  # as _go() gives

    def _go_after(self, rounds: int) -> None:
        loop = asyncio.get_running_loop()
        if rounds > 1:
            loop.call_soon(self._go_after, rounds - 1)
        else:
            loop.call_soon(self._go)

    def _go(self) -> None:
        asked, self._asked = self._asked, []
        try:
            results = iter(self._store.together([call for calls, _ in asked for call in calls]))
        except StoreError as error:
            for _, asker in asked:
                asker.fail(StoreError(*error.args))
        except Exception:  # one of them asked for nonsense: each for itself, and that one alone hears of it
            for calls, asker in asked:
                try:
                    own = [getattr(self._store, name)(*arguments) for name, arguments in calls]
                except Exception as error:
                    asker.fail(error)
                else:
                    asker.resume(own)
        else:
            for calls, asker in asked:
                asker.resume([next(results) for _ in calls])
