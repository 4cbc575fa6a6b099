"""The store in Redis: for several machines. Redis 6.2 or newer (GETDEL)."""

from typing import Any

import redis

from bot.errors import StoreError

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
_TIMEOUT_SECONDS = 2.0  # a dead Redis must not hold a delivery until WeChat hangs up


class RedisStore:
    """Keeps the promises of `Store`. Connections are pooled and shared by threads."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
        )
        self._swap = self._redis.register_script(_SWAP)
        self._discard = self._redis.register_script(_DISCARD)
        self._count = self._redis.register_script(_COUNT)

    def get(self, key: str) -> bytes | None:
        return _call(self._redis.get, key)  # type: ignore[no-any-return]  # bytes: no decode_responses

    def put(self, key: str, value: bytes, lifetime: float) -> None:
        _call(self._redis.set, key, value, px=_milliseconds(lifetime))

    def add(self, key: str, value: bytes, lifetime: float) -> bool:
        return bool(_call(self._redis.set, key, value, px=_milliseconds(lifetime), nx=True))

    def swap(self, key: str, old: bytes, new: bytes, lifetime: float) -> bool:
        return bool(_call(self._swap, keys=[key], args=[old, new, _milliseconds(lifetime)]))

    def take(self, key: str) -> bytes | None:
        return _call(self._redis.getdel, key)  # type: ignore[no-any-return]

    def discard(self, key: str, value: bytes) -> bool:
        return bool(_call(self._discard, keys=[key], args=[value]))

    def delete(self, key: str) -> None:
        _call(self._redis.delete, key)

    def count(self, key: str, lifetime: float) -> int:
        return int(_call(self._count, keys=[key], args=[_milliseconds(lifetime)]))

    def ping(self) -> None:
        _call(self._redis.ping)

    def close(self) -> None:
        self._redis.close()


def _milliseconds(lifetime: float) -> int:
    return max(1, int(lifetime * 1000))


def _call(command: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return command(*args, **kwargs)
    except redis.RedisError as error:
        # The client's text names host and port, never the password.
        raise StoreError(f"Redis store: {type(error).__name__}: {error}") from error
