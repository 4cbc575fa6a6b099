"""The queue of job ids, in Huey: hands each id to one worker among all processes and machines.

It may lose an id. The outbox keeps the jobs themselves.
"""

import contextlib
import json
import logging
import sqlite3
from collections.abc import Callable
from typing import Any

from huey import MemoryHuey, RedisHuey, SqliteHuey
from huey.consumer import Consumer
from huey.registry import Message
from huey.serializer import Serializer
from redis import RedisError
from redis.sentinel import SentinelConnectionPool

from bot.errors import StoreError
from bot.jobs.queue_file import QueueFile
from bot.store.redis_connections import RedisConnector
from bot.store.url import StoreUrl

# Hide Huey's log lines about its threads and tasks. The runner logs the lines for operators.
logging.getLogger("huey").setLevel(logging.CRITICAL)

_POLL_SECONDS = 0.05  # SQLite cannot wake a waiting worker; Redis does
_MAX_POLL_SECONDS = 0.1
_LOOK_SECONDS = 1  # how long Redis holds a read of the empty queue
# after this time without an answer, Redis counts as down; longer than a read of the queue takes
_ANSWER_SECONDS = 2.5


class _JsonSerializer(Serializer):  # type: ignore[misc]  # huey has no types
    """Use JSON instead of Huey's pickle: with pickle, anyone who can write to the queue could run code
    here."""

    def _serialize(self, data: Message) -> bytes:
        return json.dumps(data).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(bytes(data)))


class _Consumer(Consumer):  # type: ignore[misc]
    """Huey's consumer without its signal handlers, because the process has its own."""

    def _set_signal_handlers(self) -> None:
        return


class _SqliteQueue(SqliteHuey):  # type: ignore[misc]
    """Huey with SQLite, which reports a broken file: Huey itself only logs errors of its consumer."""

    file: QueueFile | None = None

    def dequeue(self) -> Any:
        return self._reporting(super().dequeue)

    def execute(self, *arguments: Any) -> Any:  # reads the file once more
        return self._reporting(super().execute, *arguments)

    def _reporting(self, act: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return act(*arguments)
        except sqlite3.Error as error:
            if self.file is not None:
                self.file.report(error)
            raise


class JobQueue:
    """The queue of one account, at the same URL as the store.

    `run(job_id)` is called in a thread of one of the processes that have called start(). With SQLite, the
    queue is a separate file beside the store (`…-jobs`), so that polling it never blocks the store. If
    this file cannot be used, it is set aside: all jobs are in the outbox.
    """

    def __init__(self, store_url: str, app_id: str, run: Callable[[str], None]) -> None:
        name = f"bot-{app_id}"  # bots of several accounts may share one database
        common: dict[str, Any] = {"results": False, "serializer": _JsonSerializer()}
        store_path = StoreUrl.parse(store_url).sqlite_path
        self._file: QueueFile | None = None
        if store_path is not None:
            self._file = QueueFile(store_path + "-jobs")
            found = self._file.open(lambda path: _SqliteQueue(name, filename=path, **common))
            # an empty queue of Huey 2 counts as False
            self._huey: Any = MemoryHuey(name, **common) if found is None else found
            self._huey.file = self._file
        else:
            pool = RedisConnector(store_url, _ANSWER_SECONDS).pool()
            self._huey = RedisHuey(
                name, connection_pool=pool, blocking=True, read_timeout=_LOOK_SECONDS, **common
            )
        self._task = self._huey.task(name="job")(run)
        self._consumer: _Consumer | None = None

    def wake(self, job_id: str) -> None:
        """Put a job into the queue. Raises any error of Redis or SQLite: the caller may ignore it, because
        the timetable of the outbox hands the job out later."""
        self._task(job_id)

    def waiting(self) -> int:
        """Return the number of jobs in the queue. Raises StoreError."""
        try:
            return int(self._huey.pending_count())
        except (RedisError, sqlite3.Error) as error:
            if self._file is not None:
                self._file.report(error)
            raise StoreError(f"job queue: {type(error).__name__}") from error

    def tend(self) -> None:
        """Notice that the queue is elsewhere now: Sentinels name another master, or its file was deleted or
        replaced. Call it about once a second."""
        pool = getattr(self._huey.storage, "pool", None)
        if isinstance(pool, SentinelConnectionPool):
            with contextlib.suppress(RedisError):  # the present master may work though the Sentinels do not
                # drops the connections to the former master
                pool.get_master_address()  # type: ignore[no-untyped-call]
        if self._file is not None and self._file.has_moved():
            former = self._huey.storage
            storage = self._file.open(lambda path: self._huey.create_storage())
            if storage is not None:
                self._huey.storage = storage
                former.close()

    def start(self) -> None:
        """Begin to take jobs, one at a time. `run` must return soon, so it must start a thread for each
        job."""
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
        """Take no more jobs. Wait until the last read of the queue has ended: up to a second with Redis, or
        3.5 seconds if Redis does not answer."""
        if self._consumer is not None:
            self._consumer.stop(graceful=False)
            for _, thread in self._consumer.worker_threads:
                thread.join(_ANSWER_SECONDS + _LOOK_SECONDS)

    def close(self) -> None:
        """Close all connections."""
        self._huey.storage.close()
        if isinstance(self._huey, RedisHuey):  # its close() leaves the connections open
            self._huey.storage.conn.connection_pool.disconnect()
