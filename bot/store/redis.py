"""The store in Redis, for several machines. It needs Redis 6.2 or newer (GETDEL)."""

import contextlib
import hashlib
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bot.errors import StoreError
from bot.store import Call, Store
from bot.store.outage import Outage
from bot.store.url import StoreUrl

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
for _, name in ipairs(names) do redis.call('ZADD', KEYS[1], ARGV[2], name) end
return names
"""
_DIGESTS = {
    script: hashlib.sha1(script.encode()).hexdigest()  # noqa: S324  Redis's choice
    for script in (_SWAP, _DISCARD, _COUNT, _DUE)
}
_PAUSE_SECONDS = 1.0
_FRESH_SECONDS = 1.0
# short, so that a dead Redis does not hold a delivery until WeChat closes the connection
_TIMEOUT_SECONDS = 2.0
_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)
_GIVE_UP = {_USER_TIMEOUT: round(_TIMEOUT_SECONDS * 1000)} if _USER_TIMEOUT else {}


class RedisStore(Store):
    """A `Store` in Redis. Threads may share it.

    Commands are sent on the library's connections without its client: this takes a quarter of the time. If a
    call cannot reach Redis, every call fails at once during the next second. So a message waits for at most
    one timeout.
    """

    def __init__(self, url: str, app_id: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._owner = app_id + ":"  # before every key and timetable
        self._monotonic = monotonic
        self._again_at = 0.0
        self._outage = Outage("the Redis store", monotonic)
        # On Linux, the kernel drops unsent commands after the timeout. Otherwise they would reach Redis when
        # the network works again, although the caller got an error long ago.
        is_remote = StoreUrl.parse(url).is_remote
        drop_unsent = {"socket_keepalive": True, "socket_keepalive_options": _GIVE_UP} if is_remote else {}
        # No retries: if the answer to a swap is lost, its retry finds the new value and reports a failure.
        self._pool = redis.ConnectionPool.from_url(
            url,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            **drop_unsent,
        )
        # Unused connections, each with the time of its last use. Append and pop are atomic between threads.
        self._idle: list[tuple[Any, float]] = []
        self._is_closed = False

    def get(self, key: str) -> bytes | None:
        return self._call("get", key)  # type: ignore[no-any-return]  # nil or a bulk string

    def put(self, key: str, value: bytes, lifetime: float) -> None:
        self._call("put", key, value, lifetime)

    def add(self, key: str, value: bytes, lifetime: float) -> bool:
        return self._call("add", key, value, lifetime)  # type: ignore[no-any-return]  # as _CALLS has it

    def swap(self, key: str, old: bytes, new: bytes, lifetime: float) -> bool:
        return self._call("swap", key, old, new, lifetime)  # type: ignore[no-any-return]  # as _CALLS has it

    def take(self, key: str) -> bytes | None:
        return self._one(("GETDEL", self._owner + key))  # type: ignore[no-any-return]

    def discard(self, key: str, value: bytes) -> bool:
        return self._call("discard", key, value)  # type: ignore[no-any-return]  # as _CALLS has it

    def delete(self, key: str) -> None:
        self._call("delete", key)

    def count(self, key: str, lifetime: float) -> int:
        return int(self._one(_script(_COUNT, self._owner + key, _milliseconds(lifetime))))

    def schedule(self, timetable: str, name: str, at: float) -> None:
        self._one(("ZADD", self._timetable(timetable), at, name))

    def due(self, timetable: str, now: float, later: float, limit: int) -> list[str]:
        names = self._one(_script(_DUE, self._timetable(timetable), now, later, limit))
        return [name.decode() for name in names]

    def scheduled(self, timetable: str, limit: int) -> list[str]:
        names = self._one(("ZRANGE", self._timetable(timetable), 0, limit - 1))
        return [name.decode() for name in names]

    def unschedule(self, timetable: str, name: str) -> None:
        self._one(("ZREM", self._timetable(timetable), name))

    def together(self, calls: Sequence[Call]) -> list[Any]:
        # together() blocks the event loop, so it must not wait for a timeout. Other calls end the outage.
        if self._outage.is_on:
            raise StoreError("Redis store: could not be reached a moment ago")
        commands = [_CALLS[name][0](self._owner + key, *arguments) for name, (key, *arguments) in calls]
        answers = zip(calls, commands, self._send(commands), strict=True)
        return [_CALLS[name][1](self._answer(command, answer)) for (name, _), command, answer in answers]

    def ping(self) -> None:
        self._one(("PING",))

    def close(self) -> None:
        self._is_closed = True  # threads may still be using connections: _release() closes those
        self._drop_idle()

    def _timetable(self, name: str) -> str:
        return f"{self._owner}timetable:{name}"

    def _call(self, name: str, key: str, *arguments: Any) -> Any:
        command, result = _CALLS[name]
        return result(self._one(command(self._owner + key, *arguments)))

    def _one(self, command: Command) -> Any:
        return self._answer(command, self._send([command])[0])

    def _answer(self, command: Command, answer: Any) -> Any:
        """Return the answer to `command`. Raise StoreError if it is an error.

        Scripts are sent as digests. If Redis has forgotten a script (SCRIPT FLUSH), send its text instead.
        """
        if isinstance(answer, redis.exceptions.NoScriptError):
            script = next(script for script, digest in _DIGESTS.items() if digest == command[1])
            return self._one(("EVAL", script, *command[2:]))
        if isinstance(answer, redis.RedisError):
            raise StoreError(f"Redis store: {type(answer).__name__}: {answer}") from answer
        return answer

    def _send(self, commands: Sequence[Command]) -> list[Any]:
        """Send several commands in one round trip and return their answers. The answer to a command that
        Redis refuses is an exception object. Raises StoreError if Redis cannot be reached."""
        since = self._monotonic()
        if since < self._again_at:
            raise StoreError("Redis store: could not be reached a moment ago, tried again in a second")
        connection = None
        answers = []
        try:
            connection = self._connection()
            connection.send_packed_command(connection.pack_commands(commands))
            for _ in commands:
                try:
                    answers.append(connection.read_response())
                except redis.ResponseError as refusal:
                    answers.append(refusal)
        except BaseException as error:
            if connection is not None:
                connection.disconnect()  # an answer may still arrive: the next command must not read it
            if isinstance(error, redis.RedisError):
                raise self._failure(error, since) from error
            raise
        self._release(connection)
        self._outage.ends(since)
        return answers

    def _connection(self) -> Any:
        """Return an unused connection that Redis has not closed, or a new one."""
        with contextlib.suppress(IndexError):
            connection, since = self._idle.pop()
            # The check takes longer than a command. Skip it for a connection that was used within a second.
            if self._monotonic() - since < _FRESH_SECONDS or not _is_closed(connection):
                return connection
            connection.disconnect()
        connection = self._pool.make_connection()
        connection.connect()  # type: ignore[no-untyped-call]
        self._load_scripts(connection)
        return connection

    def _load_scripts(self, connection: Any) -> None:
        """Load the scripts into Redis. Otherwise an unknown script would be sent again after all other
        commands of a together(), in the wrong order."""
        connection.send_packed_command(
            connection.pack_commands([("SCRIPT", "LOAD", one) for one in _DIGESTS])
        )
        for _ in _DIGESTS:
            with contextlib.suppress(redis.ResponseError):  # a user without this right: see _answer()
                connection.read_response()

    def _release(self, connection: Any) -> None:
        if self._is_closed:
            connection.disconnect()
        else:
            self._idle.append((connection, self._monotonic()))

    def _drop_idle(self) -> None:
        while self._idle:
            self._idle.pop()[0].disconnect()

    def _failure(self, error: redis.RedisError, since: float) -> StoreError:
        problem = f"{type(error).__name__}: {error}"  # the library names host and port, never the password
        if isinstance(error, redis.ConnectionError | redis.TimeoutError):
            self._again_at = self._monotonic() + _PAUSE_SECONDS
            self._drop_idle()  # the fault has most likely broken all connections
            self._outage.begins(problem, since)
        return StoreError(f"Redis store: {problem}")


def _is_closed(connection: Any) -> bool:
    """Return True if Redis has closed an unused connection: it is then readable, or raises when checked."""
    try:
        return bool(connection.can_read(timeout=0))
    except redis.ConnectionError:
        return True


def _milliseconds(lifetime: float) -> int:
    return max(1, int(lifetime * 1000))


def _script(script: str, key: str, *arguments: Any) -> Command:
    return ("EVALSHA", _DIGESTS[script], 1, key, *arguments)


def _get(key: str) -> Command:
    return ("GET", key)


def _put(key: str, value: bytes, lifetime: float) -> Command:
    return ("SET", key, value, "PX", _milliseconds(lifetime))


def _add(key: str, value: bytes, lifetime: float) -> Command:
    return ("SET", key, value, "PX", _milliseconds(lifetime), "NX")


def _swap(key: str, old: bytes, new: bytes, lifetime: float) -> Command:
    return _script(_SWAP, key, old, new, _milliseconds(lifetime))


def _discard(key: str, value: bytes) -> Command:
    return _script(_DISCARD, key, value)


def _delete(key: str) -> Command:
    return ("DEL", key)


def _nothing(answer: Any) -> None:
    return None


def _as_it_is(answer: Any) -> Any:
    return answer


# The operations that together() accepts: a function that makes the command, one that reads its answer.
_CALLS: dict[str, tuple[Callable[..., Command], Callable[[Any], Any]]] = {
    "get": (_get, _as_it_is),
    "put": (_put, _nothing),
    "add": (_add, bool),
    "swap": (_swap, bool),
    "discard": (_discard, bool),
    "delete": (_delete, _nothing),
}
