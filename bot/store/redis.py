"""The store in Redis: for several machines. Redis 6.2 or newer (GETDEL)."""

import time
from collections.abc import Callable
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bot.errors import StoreError
from bot.store.outage import Outage

# A script runs whole or not at all; nothing comes between its reading and its writing.
_SWAP = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1
end
return 0
"""
_DISCARD = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
_COUNT = """
local number = redis.call('INCR', KEYS[1])
if number == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return number
"""
_DUE = """
local names = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, name in ipairs(names) do redis.call('ZADD', KEYS[1], ARGV[2], name) end
return names
"""
_PAUSE_SECONDS = 1.0
_TIMEOUT_SECONDS = 2.0  # a dead Redis must not hold a delivery until WeChat hangs up


class RedisStore:
    """Keeps the promises of `Store`. Connections are pooled and shared by threads.

    After a failure to reach Redis every call fails at once for a second: a message must not wait out one
    timeout after the other.
    """

    def __init__(self, url: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._again_at = 0.0
        self._outage = Outage("the Redis store")
        # No retries: a swap whose answer was lost would find its own work, and report that it had come too
        # late. Connections that Redis closed while they were idle are opened again all the same.
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._swap = self._redis.register_script(_SWAP)
        self._discard = self._redis.register_script(_DISCARD)
        self._count = self._redis.register_script(_COUNT)
        self._due = self._redis.register_script(_DUE)

    def get(self, key: str) -> bytes | None:
        return self._call(self._redis.get, key)  # type: ignore[no-any-return]  # bytes: no decode_responses

    def put(self, key: str, value: bytes, lifetime: float) -> None:
        self._call(self._redis.set, key, value, px=_milliseconds(lifetime))

    def add(self, key: str, value: bytes, lifetime: float) -> bool:
        return bool(self._call(self._redis.set, key, value, px=_milliseconds(lifetime), nx=True))

    def swap(self, key: str, old: bytes, new: bytes, lifetime: float) -> bool:
        return bool(self._call(self._swap, keys=[key], args=[old, new, _milliseconds(lifetime)]))

    def take(self, key: str) -> bytes | None:
        return self._call(self._redis.getdel, key)  # type: ignore[no-any-return]

    def discard(self, key: str, value: bytes) -> bool:
        return bool(self._call(self._discard, keys=[key], args=[value]))

    def delete(self, key: str) -> None:
        self._call(self._redis.delete, key)

    def count(self, key: str, lifetime: float) -> int:
        return int(self._call(self._count, keys=[key], args=[_milliseconds(lifetime)]))

    def schedule(self, timetable: str, name: str, at: float) -> None:
        self._call(self._redis.zadd, f"timetable:{timetable}", {name: at})

    def due(self, timetable: str, now: float, later: float, limit: int) -> list[str]:
        names = self._call(self._due, keys=[f"timetable:{timetable}"], args=[now, later, limit])
        return [name.decode() for name in names]

    def scheduled(self, timetable: str, limit: int) -> list[str]:
        names = self._call(self._redis.zrange, f"timetable:{timetable}", 0, limit - 1)
        return [name.decode() for name in names]

    def unschedule(self, timetable: str, name: str) -> None:
        self._call(self._redis.zrem, f"timetable:{timetable}", name)

    def ping(self) -> None:
        self._call(self._redis.ping)

    def close(self) -> None:
        self._redis.close()

    def _call(self, command: Any, *args: Any, **kwargs: Any) -> Any:
        if self._monotonic() < self._again_at:
            raise StoreError("Redis store: gone a moment ago, tried again in a second")
        try:
            result = command(*args, **kwargs)
        except redis.RedisError as error:
            # The client's text names host and port, never the password.
            problem = f"{type(error).__name__}: {error}"
            if isinstance(error, redis.ConnectionError | redis.TimeoutError):
                self._again_at = self._monotonic() + _PAUSE_SECONDS
                self._outage.begins(problem)
            raise StoreError(f"Redis store: {problem}") from error
        self._outage.ends()
        return result


def _milliseconds(lifetime: float) -> int:
    return max(1, int(lifetime * 1000))
