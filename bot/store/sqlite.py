"""The store in one SQLite file: the default, for one machine with any number of processes."""

import contextlib
import math
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from bot.errors import StoreError
from bot.store import Call, Clock, Store, statements
from bot.store.outage import Outage
from bot.store.sqlite_file import LOG_BYTES, SqliteFile
from bot.store.statements import Values

_READ = "BEGIN"
_WRITE = "BEGIN IMMEDIATE"  # takes the write lock at once, because taking it later could fail with "busy"
_SWEEP_EVERY = 256  # writes between two sweeps of dead rows
_SWEEP_ROWS = 1024  # rows that one sweep looks at: four for each write since the last sweep
_LAST = "SELECT key FROM entry WHERE key > ? ORDER BY key LIMIT 1 OFFSET ?"
_DEAD = "FROM entry WHERE key > ? AND key <= ? AND expires <= ?"
_END = b""  # greater than every key, because SQLite sorts blobs after texts
_FIRST_PAUSE_SECONDS, _LAST_PAUSE_SECONDS = 0.00005, 0.005
_BUSY_SECONDS = 1.0  # short, because a delivery has 4.5 s and may write three times


class _Connection(NamedTuple):
    """The connection of one thread. Hold `lock` while you use or close `db`: SQLite crashes the process if
    one thread closes a connection while another thread uses it."""

    thread: threading.Thread
    db: sqlite3.Connection
    lock: threading.Lock


class SqliteStore(Store):
    """A `Store` in an SQLite file. Each thread has its own connection. Readers never wait (write-ahead log).

    With `synchronous=NORMAL` a power cut may lose the last writes. A killed process loses nothing.
    Raises StoreError if the file cannot be opened.
    """

    def __init__(self, path: str, app_id: str, clock: Clock) -> None:
        self._path = path
        self._owner = app_id + ":"  # before every key and timetable
        self._clock = clock
        self._local = threading.local()
        self._connections: list[_Connection] = []
        self._connections_lock = threading.Lock()
        self._writes = 0
        self._swept = ""  # the last key that a sweep has looked at
        self._outage = Outage(f"the SQLite store {path}")
        self._file = SqliteFile(path)
        self._file_lock = threading.Lock()
        self._make()

    def _make(self) -> None:
        try:
            self._file.make()
        except OSError as error:
            raise StoreError(f"cannot open {self._path}: {error.strerror}") from error
        with self._transaction() as db:
            for statement in statements.TABLES:
                db.execute(statement)

    def get(self, key: str) -> bytes | None:
        rows = self._rows(*statements.get(self._clock(), self._owner + key))
        return rows[0][0] if rows else None

    def put(self, key: str, value: bytes, lifetime: float) -> None:
        self._change(*statements.put(self._clock(), self._owner + key, value, lifetime))

    def add(self, key: str, value: bytes, lifetime: float) -> bool:
        return self._change(*statements.add(self._clock(), self._owner + key, value, lifetime))

    def swap(self, key: str, old: bytes, new: bytes, lifetime: float) -> bool:
        return self._change(*statements.swap(self._clock(), self._owner + key, old, new, lifetime))

    def take(self, key: str) -> bytes | None:
        with self._transaction() as db:
            now = self._clock()
            value: bytes | None = statements.value(db.execute(*statements.get(now, self._owner + key)))
            db.execute(*statements.delete(now, self._owner + key))
            return value

    def discard(self, key: str, value: bytes) -> bool:
        return self._change(*statements.discard(self._clock(), self._owner + key, value))

    def delete(self, key: str) -> None:
        self._change(*statements.delete(self._clock(), self._owner + key))

    def count(self, key: str, lifetime: float) -> int:
        now, key = self._clock(), self._owner + key
        with self._transaction() as db:
            row = db.execute(
                "SELECT value, expires FROM entry WHERE key = ? AND expires > ?", (key, now)
            ).fetchone()
            number, expires = (int(row[0]) + 1, row[1]) if row else (1, now + lifetime)
            db.execute(statements.PUT, (key, str(number).encode(), expires))
            return number

    def schedule(self, timetable: str, name: str, at: float) -> None:
        entry = (self._owner + timetable, name, at)
        self._change("REPLACE INTO timetable (timetable, name, at) VALUES (?, ?, ?)", entry)

    def due(
        self, timetable: str, now: float, later: float, limit: int, furthest: float = math.inf
    ) -> list[str]:
        timetable = self._owner + timetable
        query = "SELECT name FROM timetable WHERE timetable = ? AND (at <= ? OR at > ?) ORDER BY at LIMIT ?"
        if not self._rows(query, (timetable, now, furthest, 1)):
            return []  # the usual case: it needs no write lock
        with self._transaction() as db:
            names = [row[0] for row in db.execute(query, (timetable, now, furthest, limit))]
            db.executemany(
                "UPDATE timetable SET at = ? WHERE timetable = ? AND name = ?",
                [(later, timetable, name) for name in names],
            )
            return names

    def scheduled(self, timetable: str, limit: int) -> list[str]:
        query = "SELECT name FROM timetable WHERE timetable = ? ORDER BY at LIMIT ?"
        return [row[0] for row in self._rows(query, (self._owner + timetable, limit))]

    def unschedule(self, timetable: str, name: str) -> None:
        entry = (self._owner + timetable, name)
        self._change("DELETE FROM timetable WHERE timetable = ? AND name = ?", entry)

    def together(self, calls: Sequence[Call], *, may_connect: bool = True) -> list[Any]:
        writes = sum(name != "get" for name, _ in calls)
        # together() blocks the event loop, so it must not wait for a lock. Another call notices the end of
        # the outage.
        if self._outage.is_on and writes:
            raise StoreError(f"SQLite store {self._path}: did not work a moment ago")
        with self._transaction(_WRITE if writes else _READ) as db:
            now, results = self._clock(), []
            for name, (key, *arguments) in calls:
                statement, result = statements.CALLS[name]
                results.append(result(self._when_free(db, *statement(now, self._owner + key, *arguments))))
        if writes:
            self._written(writes)
        return results

    def ping(self) -> None:
        self._notice_other_file()
        self.put("ping", b"", 60)  # a full disk can still be read

    def tend(self) -> None:
        self._notice_other_file()
        if self._file.log_is_long():
            # The first copies the log while others go on, so that little is left for the second, which waits
            # until nobody reads, and holds up those who write.
            for mode in ("PASSIVE", "TRUNCATE"):
                self._rows(f"PRAGMA wal_checkpoint({mode})")

    def _notice_other_file(self) -> None:
        """If the file was deleted or replaced, log it as an outage, and go on with the new file."""
        with self._file_lock:
            problem = self._file.problem()
            if problem:
                self._outage.begins(problem, time.monotonic())
                self.close()
                try:
                    self._make()
                except StoreError:
                    self._file.forget()  # try again the next time
                    raise

    def close(self) -> None:
        """Close the connections of all threads. Wait up to two seconds for each operation that is running."""
        self._local = threading.local()
        with self._connections_lock:
            connections, self._connections = self._connections, []
        for connection in connections:
            # If an operation takes longer, its connection stays open.
            if connection.lock.acquire(timeout=2 * _BUSY_SECONDS):
                connection.db.close()
                connection.lock.release()

    def _connection(self) -> _Connection:
        """Return the connection of this thread."""
        connection: _Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # check_same_thread=False lets close() close the connections of other threads.
            db = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
            self._when_free(db, "PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            db.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
            connection = self._local.connection = _Connection(
                threading.current_thread(), db, threading.Lock()
            )
            with self._connections_lock:
                self._connections = [one for one in self._connections if not _has_ended(one)]
                self._connections.append(connection)
        return connection

    def _rows(self, statement: str, values: Values = ()) -> list[Any]:
        """Execute one statement that reads, and return its rows."""
        since = time.monotonic()
        try:
            connection = self._connection()
            with connection.lock:
                return self._when_free(connection.db, statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._failure(error, since) from error

    def _change(self, statement: str, values: Values) -> bool:
        """Execute one statement that writes, in its own transaction. Return True if it changed a row."""
        since = time.monotonic()
        try:
            connection = self._connection()
            with connection.lock:
                changed = statements.changed(self._when_free(connection.db, statement, values))
        except sqlite3.Error as error:
            raise self._failure(error, since) from error
        if changed:  # a statement that changes no row also works on a full disk
            self._outage.ends(since)
        self._written(1)
        return changed

    @contextlib.contextmanager
    def _transaction(self, begin: str = _WRITE) -> Iterator[sqlite3.Connection]:
        """Run several statements in one transaction. Roll back if the `with` block raises."""
        since = time.monotonic()
        try:
            connection = self._connection()
            with connection.lock:
                db = connection.db
                self._when_free(db, begin)
                try:
                    yield db
                    db.execute("COMMIT")
                except BaseException:
                    if db.in_transaction:
                        db.execute("ROLLBACK")
                    raise
        except sqlite3.Error as error:
            raise self._failure(error, since) from error
        if begin == _WRITE:  # a full disk can still be read
            self._outage.ends(since)

    def _when_free(self, db: sqlite3.Connection, statement: str, values: Values = ()) -> sqlite3.Cursor:
        """Execute a statement as soon as its lock is free. Give up after a second.

        SQLite's own waiting starts with a pause of 1 ms, which is thirty times as long as a message holds the
        lock. Ours starts with 0.05 ms.
        """
        end, pause = 0.0, _FIRST_PAUSE_SECONDS
        while True:
            try:
                return db.execute(statement, values)
            except sqlite3.OperationalError as error:
                now = time.monotonic()
                end = end or now + _BUSY_SECONDS
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or now > end:
                    raise
            time.sleep(pause)  # SQLite cannot notify this process when another one frees the lock
            pause = min(2 * pause, _LAST_PAUSE_SECONDS)

    def _written(self, times: int) -> None:
        """Count writes. Sweep after every 256."""
        self._writes += times  # a race between threads only shifts the time of the next sweep
        if self._writes >= _SWEEP_EVERY:
            self._writes = 0
            with contextlib.suppress(StoreError):  # the caller's own write has succeeded
                self._sweep()

    def _sweep(self) -> None:
        """Delete the expired rows among the next 1024, so that the file does not grow for ever. After the
        last row, start again at the first.

        An index on the lifetimes would find them at once, but would add a quarter to the cost of each write.
        """
        last = self._rows(_LAST, (self._swept, _SWEEP_ROWS - 1))
        bounds = (self._swept, last[0][0] if last else _END, self._clock())
        self._swept = last[0][0] if last else ""
        # take the write lock only if there is a row to delete
        if self._rows(f"SELECT 1 {_DEAD} LIMIT 1", bounds):
            self._change(f"DELETE {_DEAD}", bounds)

    def _failure(self, error: sqlite3.Error, since: float) -> StoreError:
        if "no such table" in str(error):  # somebody has emptied the file
            self._file.forget()
        self._outage.begins(str(error), since)
        return StoreError(f"SQLite store {self._path}: {error}")


def _has_ended(connection: _Connection) -> bool:
    """Return True if the thread of a connection has ended, and close the connection. Each keeps two files
    open."""
    if connection.thread.is_alive():
        return False
    connection.db.close()
    return True
