"""Huey, on the same URL as the store: hands the id of a job to one worker of all processes and machines."""

import json
import logging
import os
import sqlite3
from collections.abc import Callable
from typing import Any

from huey import RedisHuey, SqliteHuey
from huey.consumer import Consumer
from huey.registry import Message
from huey.serializer import Serializer
from redis import ConnectionPool, RedisError

from bot.errors import StoreError
from bot.store.url import StoreUrl

# Its own lines are about its threads and tasks; what matters of a job we log ourselves.
logging.getLogger("huey").setLevel(logging.CRITICAL)

_POLL_SECONDS = 0.05  # SQLite cannot wake a waiting worker; Redis does
_MAX_POLL_SECONDS = 0.1
_LOOK_SECONDS = 1
_ANSWER_SECONDS = 2.5  # then Redis is gone, without a word; more than a look takes


class _JsonSerializer(Serializer):  # type: ignore[misc]  # huey has no types
    """Huey's own is pickle, with which whoever can write to the queue could run code here."""

    def _serialize(self, data: Message) -> bytes:
        return json.dumps(data).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(bytes(data)))


class _Consumer(Consumer):  # type: ignore[misc]
    """Signals belong to the process that we run in, a server's worker or our own loop."""

    def _set_signal_handlers(self) -> None:
        return


class Engine:
    """`run` is called with a job's id, in a thread of one process that has called start().

    On SQLite the queue is a file beside the store's, so that polling it never holds up the store.
    """

    def __init__(self, store_url: str, app_id: str, run: Callable[[str], None]) -> None:
        name = f"bot-{app_id}"  # bots of several accounts may share one database
        common: dict[str, Any] = {"results": False, "serializer": _JsonSerializer()}
        store_path = StoreUrl.parse(store_url).sqlite_path
        if store_path is not None:
            path = store_path + "-jobs"
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._huey = SqliteHuey(name, filename=path, **common)
        else:
            pool = ConnectionPool.from_url(
                store_url, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS
            )
            self._huey = RedisHuey(
                name, connection_pool=pool, blocking=True, read_timeout=_LOOK_SECONDS, **common
            )
        self._task = self._huey.task(name="job")(run)
        self._consumer: _Consumer | None = None

    def wake(self, job_id: str) -> None:
        """Put a job into the queue. Raises whatever the queue's engine raises: the timetable of the outbox
        makes good for it."""
        self._task(job_id)

    def waiting(self) -> int:
        """How many jobs lie in the queue. Raises StoreError."""
        try:
            return int(self._huey.pending_count())
        except (RedisError, sqlite3.Error) as error:
            raise StoreError(f"job queue: {type(error).__name__}") from error

    def start(self) -> None:
        """Begin to take jobs, one at a time; `run` hands them on to threads of its own."""
        self._consumer = _Consumer(
            self._huey,
            workers=1,
            periodic=False,
            initial_delay=_POLL_SECONDS,
            max_delay=_MAX_POLL_SECONDS,
            scheduler_interval=60,
        )
        self._consumer.start()

    def stop(self) -> None:
        """Take no more jobs. Returns once that is so: at most the second that a look into Redis takes, or a
        little more where Redis is gone."""
        if self._consumer is not None:
            self._consumer.stop(graceful=False)
            for _, thread in self._consumer.worker_threads:
                thread.join(_ANSWER_SECONDS + _LOOK_SECONDS)

    def close(self) -> None:
        self._huey.storage.close()
        if isinstance(self._huey, RedisHuey):  # whose close() leaves the connections open
            self._huey.storage.conn.connection_pool.disconnect()
