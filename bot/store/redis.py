"""The store in Redis, for several machines. It needs Redis 6.2 or newer (GETDEL)."""

import contextlib
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import redis

from bot.errors import StoreError, StoreUnusable
from bot.store import Call, NotConnected, Store, redis_commands
from bot.store.outage import Outage
from bot.store.redis_commands import CALLS, Command
from bot.store.redis_connections import RedisConnector
from bot.store.redis_refusals import Refusal, fault, first_refusal, has_written

_PAUSE_SECONDS = 1.0
_FRESH_SECONDS = 1.0
# A message makes up to four calls, one after the other, and waits at most once for calls of other messages.
# All of this must fit into 4.5 s. So if an answer takes longer than this, the store counts as down.
_TIMEOUT_SECONDS = 0.8
_CONNECT_SECONDS = 1.5  # for a new connection in all: it takes several answers
_WAIT_SECONDS = 0.4  # for STORE_REPLICAS replicas to confirm a write


class RedisStore(Store):
    """A `Store` in Redis. Threads may share it.

    Commands are sent on the library's connections without its client: this takes a quarter of the time. If a
    call cannot reach Redis, or Redis refuses to work, every call fails at once during the next second. So a
    message waits for at most one timeout. A connection is used only after every kind of command has been
    tried on it.

    With `replicas`, a write counts only if this many replicas have it. Raises StoreError.
    """

    def __init__(
        self,
        url: str,
        app_id: str,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        replicas: int = 0,
    ) -> None:
        self._owner = app_id + ":"  # before every key and timetable
        self._monotonic = monotonic
        self._again_at = 0.0
        self._outage = Outage("the Redis store", monotonic)
        self._connector = RedisConnector(url, _TIMEOUT_SECONDS)
        self._confirm: list[Command] = [("WAIT", replicas, round(_WAIT_SECONDS * 1000))] if replicas else []
        # Unused connections, each with the time of its last use. Append and pop are atomic between threads.
        # After a fault, a new list takes its place, so that no connection of before it is used again.
        self._idle: list[tuple[Any, float]] = []
        self._is_closed = False

    def get(self, key: str) -> bytes | None:
        return self._call("get", key)  # type: ignore[no-any-return]  # nil or a bulk string

    def put(self, key: str, value: bytes, lifetime: float) -> None:
        self._call("put", key, value, lifetime)

    def add(self, key: str, value: bytes, lifetime: float) -> bool:
        return self._call("add", key, value, lifetime)  # type: ignore[no-any-return]  # as CALLS has it

    def swap(self, key: str, old: bytes, new: bytes, lifetime: float) -> bool:
        return self._call("swap", key, old, new, lifetime)  # type: ignore[no-any-return]  # as CALLS has it

    def take(self, key: str) -> bytes | None:
        return self._one(redis_commands.take(self._owner + key))  # type: ignore[no-any-return]

    def discard(self, key: str, value: bytes) -> bool:
        return self._call("discard", key, value)  # type: ignore[no-any-return]  # as CALLS has it

    def delete(self, key: str) -> None:
        self._call("delete", key)

    def count(self, key: str, lifetime: float) -> int:
        return int(self._one(redis_commands.count(self._owner + key, lifetime)))

    def schedule(self, timetable: str, name: str, at: float) -> None:
        self._one(("ZADD", self._timetable(timetable), at, name))

    def due(
        self, timetable: str, now: float, later: float, limit: int, furthest: float = math.inf
    ) -> list[str]:
        names = self._one(redis_commands.due(self._timetable(timetable), now, later, limit, furthest))
        return [name.decode() for name in names]

    def scheduled(self, timetable: str, limit: int) -> list[str]:
        names = self._one(("ZRANGE", self._timetable(timetable), 0, limit - 1))
        return [name.decode() for name in names]

    def unschedule(self, timetable: str, name: str) -> None:
        self._one(("ZREM", self._timetable(timetable), name))

    def together(self, calls: Sequence[Call], *, may_connect: bool = True) -> list[Any]:
        # The event loop must not wait for a timeout. Other calls end the outage.
        if self._outage.is_on:
            raise StoreError("Redis store: did not work a moment ago")
        commands = [CALLS[name][0](self._owner + key, *arguments) for name, (key, *arguments) in calls]
        answers = zip(calls, commands, self._send(commands, may_connect=may_connect), strict=True)
        return [CALLS[name][1](self._answer(command, answer)) for (name, _), command, answer in answers]

    def ping(self) -> None:
        self._send(redis_commands.trial(self._owner))

    def tend(self) -> None:
        if not self._connector.has_sentinels or not self._idle:
            return  # a new connection asks them anyway
        with contextlib.suppress(redis.RedisError):  # the present master may work though the Sentinels do not
            if self._connector.master() != self._connector.address:
                self._drop_idle()

    def close(self) -> None:
        self._is_closed = True  # threads may still be using connections: _send() closes those
        self._drop_idle()

    def _timetable(self, name: str) -> str:
        return f"{self._owner}timetable:{name}"

    def _call(self, name: str, key: str, *arguments: Any) -> Any:
        command, result = CALLS[name]
        return result(self._one(command(self._owner + key, *arguments)))

    def _one(self, command: Command) -> Any:
        return self._answer(command, self._send([command])[0])

    def _answer(self, command: Command, answer: Any) -> Any:
        """Return the answer to `command`. Raise StoreError if it is an error.

        Scripts are sent as digests. If Redis has forgotten a script (SCRIPT FLUSH), send its text instead.
        """
        if isinstance(answer, redis.exceptions.NoScriptError):
            return self._one(redis_commands.with_script(command))
        if isinstance(answer, redis.RedisError):
            raise StoreError(f"Redis store: {type(answer).__name__} for {command[0]}") from answer
        return answer

    def _send(
        self, commands: Sequence[Command], *, may_connect: bool = True, is_second: bool = False
    ) -> list[Any]:
        """Send several commands in one round trip and return their answers. An answer may be an exception
        object, if it concerns one value only or a script.

        Raises StoreError if Redis cannot be reached or refuses to work, and NotConnected if there is no
        connection and `may_connect` is False.
        """
        since = self._monotonic()
        if since < self._again_at:
            raise StoreError("Redis store: did not work a moment ago, tried again in a second")
        idle = self._idle
        connection = None
        try:
            connection = self._connection(idle, since, may_connect)
            answers = self._talk(connection, commands, since)
        except BaseException as error:
            if connection is not None:
                connection.disconnect()  # an answer may still arrive: the next command must not read it
            if isinstance(error, redis.RedisError | OSError | UnicodeError):
                raise self._failure(error, since) from error
            raise
        if self._is_closed or idle is not self._idle:
            connection.disconnect()
        else:
            idle.append((connection, self._monotonic()))
        for answer in answers:
            if isinstance(answer, Exception) and (found := first_refusal(commands, answers)):
                if is_second or not found.is_replica or has_written(commands, answers):
                    raise self._refused(found, since)
                return self._again(commands, since, may_connect)
        self._outage.ends(since)
        return answers

    def _again(self, commands: Sequence[Command], since: float, may_connect: bool) -> list[Any]:
        """Send commands again that a replica has refused: after a failover the master is elsewhere,
        perhaps at the same address. Nothing was written. Raises StoreError and NotConnected."""
        self._drop_idle()
        if not may_connect:
            raise NotConnected
        idle = self._idle
        try:
            idle.append((self._connect(), self._monotonic()))
        except (redis.RedisError, OSError) as error:
            raise self._failure(error, since) from error
        return self._send(commands, is_second=True)

    def _talk(self, connection: Any, commands: Sequence[Command], since: float) -> list[Any]:
        """Send commands and return their answers. Raises RedisError, and StoreError if too few replicas
        confirm a write."""
        confirm = self._confirm if any(command[0] != "GET" for command in commands) else []
        answers: list[Any] = []
        connection.send_packed_command(connection.pack_commands([*commands, *confirm]))
        for _ in range(len(commands) + len(confirm)):
            try:
                answers.append(connection.read_response())
            except redis.ResponseError as error:
                answers.append(error)
        if confirm:
            confirmed = answers.pop()
            if not isinstance(confirmed, Exception) and confirmed < confirm[0][1]:
                words = (
                    f"of the {confirm[0][1]} replicas of STORE_REPLICAS, only {confirmed} confirmed a write"
                )
                raise self._refused(Refusal(f"{words} within {_WAIT_SECONDS} s"), since)
        return answers

    def _connection(self, idle: list[tuple[Any, float]], now: float, may_connect: bool) -> Any:
        """Return an unused connection that Redis has not closed, or a new one."""
        while idle:
            with contextlib.suppress(IndexError):  # another thread has taken the last one
                connection, used = idle.pop()
                # The check takes longer than a command. Skip it for one that was used within a second.
                if now - used < _FRESH_SECONDS or not _is_closed(connection):
                    return connection
                connection.disconnect()
        if not may_connect:
            raise NotConnected
        return self._connect()

    def _connect(self) -> Any:
        """Return a new connection on which everything that the store needs has been tried."""
        began = self._monotonic()
        connection = self._connector.open()
        try:
            commands = redis_commands.trial(self._owner)
            found = first_refusal(commands, self._talk(connection, commands, began))
            if found is not None:
                raise self._refused(found, began)
            if self._monotonic() - began > _CONNECT_SECONDS:
                raise redis.TimeoutError(f"it takes more than {_CONNECT_SECONDS} s to connect")
        except BaseException:
            connection.disconnect()
            raise
        return connection

    def _drop_idle(self) -> None:
        idle, self._idle = self._idle, []
        while idle:
            with contextlib.suppress(IndexError):  # another thread has taken the last one
                idle.pop()[0].disconnect()

    def _refused(self, found: Refusal, since: float) -> StoreError:
        """Begin an outage, because Redis does not work. Return the error to raise."""
        self._again_at = self._monotonic() + _PAUSE_SECONDS
        self._drop_idle()  # the fault has most likely broken all connections, or they lead to the wrong Redis
        self._outage.begins(found.words, since)
        return (StoreUnusable if found.is_final else StoreError)(f"Redis store: {found.words}")

    def _failure(self, error: Exception, since: float) -> StoreError:
        """Begin an outage, because Redis cannot be reached. Return the error to raise."""
        return self._refused(fault(error), since)


def _is_closed(connection: Any) -> bool:
    """Return True if Redis has closed an unused connection: it is then readable, or raises when checked."""
    try:
        return bool(connection.can_read(timeout=0))
    except redis.ConnectionError:
        return True
