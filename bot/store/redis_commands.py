"""The commands of the store in Redis: one for each operation, and those that try out a new connection.

Sends nothing itself.
"""

import hashlib
from collections.abc import Callable
from typing import Any

Command = tuple[Any, ...]

# Redis runs a script atomically: no other command runs between its read and its write.
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
local further = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[4], '+inf', 'LIMIT', 0, ARGV[3] - #names)
for _, name in ipairs(further) do names[#names + 1] = name end
for _, name in ipairs(names) do redis.call('ZADD', KEYS[1], ARGV[2], name) end
return names
"""
_DIGESTS = {
    script: hashlib.sha1(script.encode()).hexdigest()  # noqa: S324  Redis's choice
    for script in (_SWAP, _DISCARD, _COUNT, _DUE)
}
_TRY_SECONDS = 60.0  # the lifetime of the values that trial() writes
INFO: Command = ("INFO", "server")


def trial(owner: str) -> list[Command]:
    """Return one command of every kind that the store uses, on keys that begin with `owner`. The first is
    INFO.

    They also load the scripts. Otherwise an unknown script would be sent again after all other commands of a
    together(), in the wrong order.
    """
    key, counter, timetable = f"{owner}ping", f"{owner}ping-count", f"{owner}timetable:ping"
    return [
        INFO,
        *(("SCRIPT", "LOAD", script) for script in _DIGESTS),
        put(key, b"1", _TRY_SECONDS),
        get(key),
        swap(key, b"1", b"2", _TRY_SECONDS),
        discard(key, b"1"),
        delete(counter),
        count(counter, _TRY_SECONDS),
        take(counter),
        ("ZADD", timetable, 0, "ping"),
        due(timetable, 0, 1, 1, 2),
        ("ZRANGE", timetable, 0, 0),
        ("ZREM", timetable, "ping"),
    ]


def with_script(command: Command) -> Command:
    """Return a command that sends its script as text, for one that sends the script's digest."""
    script = next(script for script, digest in _DIGESTS.items() if digest == command[1])
    return ("EVAL", script, *command[2:])


def get(key: str) -> Command:
    return ("GET", key)


def put(key: str, value: bytes, lifetime: float) -> Command:
    return ("SET", key, value, "PX", _milliseconds(lifetime))


def add(key: str, value: bytes, lifetime: float) -> Command:
    return ("SET", key, value, "PX", _milliseconds(lifetime), "NX")


def swap(key: str, old: bytes, new: bytes, lifetime: float) -> Command:
    return _script(_SWAP, key, old, new, _milliseconds(lifetime))


def take(key: str) -> Command:
    return ("GETDEL", key)


def discard(key: str, value: bytes) -> Command:
    return _script(_DISCARD, key, value)


def delete(key: str) -> Command:
    return ("DEL", key)


def count(key: str, lifetime: float) -> Command:
    return _script(_COUNT, key, _milliseconds(lifetime))


def due(timetable: str, now: float, later: float, limit: int, furthest: float) -> Command:
    return _script(_DUE, timetable, now, later, limit, furthest)


def _milliseconds(lifetime: float) -> int:
    return max(1, int(lifetime * 1000))


def _script(script: str, key: str, *arguments: Any) -> Command:
    return ("EVALSHA", _DIGESTS[script], 1, key, *arguments)


def _nothing(answer: Any) -> None:
    return None


def _as_it_is(answer: Any) -> Any:
    return answer


# The operations that together() accepts: a function that makes the command, one that reads its answer.
CALLS: dict[str, tuple[Callable[..., Command], Callable[[Any], Any]]] = {
    "get": (get, _as_it_is),
    "put": (put, _nothing),
    "add": (add, bool),
    "swap": (swap, bool),
    "discard": (discard, bool),
    "delete": (delete, _nothing),
}
