"""The store in one SQLite file: the default, for one machine with any number of processes."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import StoreError
from bot.store import Clock
from bot.store.outage import Outage

_TABLES = (
    """CREATE TABLE IF NOT EXISTS entry (
        key TEXT PRIMARY KEY, value BLOB NOT NULL, expires REAL NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS entry_expires ON entry (expires)",
    """CREATE TABLE IF NOT EXISTS timetable (
        timetable TEXT, name TEXT, at REAL NOT NULL, PRIMARY KEY (timetable, name)
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS timetable_at ON timetable (timetable, at)",
)
_UPSERT = (
    "INSERT INTO entry (key, value, expires) VALUES (?, ?, ?) "
    "ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires = excluded.expires"
)
_SWEEP_EVERY = 256  # writes between two sweeps of dead rows
_SWEEP_ROWS = 1024  # rows of one sweep: more than are written between sweeps, few enough to be quick
_BUSY_SECONDS = 1.0  # a delivery has 4.5 s, and may write three times


class SqliteStore:
    """Keeps the promises of `Store`. One connection per thread; write-ahead log, so readers never wait.

    With `synchronous=NORMAL` a power cut may lose the last moments, a killed process loses nothing.
    """

    def __init__(self, path: str, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._connections_lock = threading.Lock()
        self._writes = 0
        self._outage = Outage(f"the SQLite store {path}")
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            if path != ":memory:":
                # Tokens and visitors are in it: for this user's eyes only, as are the files beside it.
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise StoreError(f"cannot open {path}: {error.strerror}") from error
        with self._write() as db:
            for statement in _TABLES:
                db.execute(statement)

    def get(self, key: str) -> bytes | None:
        with self._read() as db:
            return self._live(db, key)

    def put(self, key: str, value: bytes, lifetime: float) -> None:
        with self._write() as db:
            db.execute(_UPSERT, (key, value, self._clock() + lifetime))

    def add(self, key: str, value: bytes, lifetime: float) -> bool:
        now = self._clock()
        with self._write() as db:
            done = db.execute(_UPSERT + " WHERE entry.expires <= ?", (key, value, now + lifetime, now))
            return done.rowcount > 0

    def swap(self, key: str, old: bytes, new: bytes, lifetime: float) -> bool:
        now = self._clock()
        with self._write() as db:
            done = db.execute(
                "UPDATE entry SET value = ?, expires = ? WHERE key = ? AND value = ? AND expires > ?",
                (new, now + lifetime, key, old, now),
            )
            return done.rowcount > 0

    def take(self, key: str) -> bytes | None:
        with self._write() as db:
            value = self._live(db, key)
            db.execute("DELETE FROM entry WHERE key = ?", (key,))
            return value

    def discard(self, key: str, value: bytes) -> bool:
        with self._write() as db:
            done = db.execute(
                "DELETE FROM entry WHERE key = ? AND value = ? AND expires > ?", (key, value, self._clock())
            )
            return done.rowcount > 0

    def delete(self, key: str) -> None:
        with self._write() as db:
            db.execute("DELETE FROM entry WHERE key = ?", (key,))

    def count(self, key: str, lifetime: float) -> int:
        now = self._clock()
        with self._write() as db:
            row = db.execute(
                "SELECT value, expires FROM entry WHERE key = ? AND expires > ?", (key, now)
            ).fetchone()
            number, expires = (int(row[0]) + 1, row[1]) if row else (1, now + lifetime)
            db.execute(_UPSERT, (key, str(number).encode(), expires))
            return number

    def schedule(self, timetable: str, name: str, at: float) -> None:
        with self._write() as db:
            db.execute("REPLACE INTO timetable (timetable, name, at) VALUES (?, ?, ?)", (timetable, name, at))

    def due(self, timetable: str, now: float, later: float, limit: int) -> list[str]:
        query = "SELECT name FROM timetable WHERE timetable = ? AND at <= ? ORDER BY at LIMIT ?"
        with self._read() as db:  # nearly always there is nothing: no need to lock out writers for that
            if db.execute(query, (timetable, now, 1)).fetchone() is None:
                return []
        with self._write() as db:
            names = [row[0] for row in db.execute(query, (timetable, now, limit))]
            db.executemany(
                "UPDATE timetable SET at = ? WHERE timetable = ? AND name = ?",
                [(later, timetable, name) for name in names],
            )
            return names

    def scheduled(self, timetable: str, limit: int) -> list[str]:
        query = "SELECT name FROM timetable WHERE timetable = ? ORDER BY at LIMIT ?"
        with self._read() as db:
            return [row[0] for row in db.execute(query, (timetable, limit))]

    def unschedule(self, timetable: str, name: str) -> None:
        with self._write() as db:
            db.execute("DELETE FROM timetable WHERE timetable = ? AND name = ?", (timetable, name))

    def ping(self) -> None:
        with self._read() as db:
            db.execute("SELECT 1 FROM entry LIMIT 1").fetchone()

    def close(self) -> None:
        with self._connections_lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()

    def _live(self, db: sqlite3.Connection, key: str) -> bytes | None:
        row = db.execute(
            "SELECT value FROM entry WHERE key = ? AND expires > ?", (key, self._clock())
        ).fetchone()
        return bytes(row[0]) if row else None

    def _connection(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            # check_same_thread=False only so that close() may end the connections of other threads.
            db = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            self._local.db = db
            with self._connections_lock:
                self._connections.append(db)
        return db

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._connection()
        except sqlite3.Error as error:
            raise self._failure(error) from error
        self._outage.ends()

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """The single place that begins, commits and rolls back."""
        try:
            db = self._connection()
            db.execute("BEGIN IMMEDIATE")  # take the write lock now: a later upgrade could fail as "busy"
            try:
                yield db
                self._sweep(db)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise self._failure(error) from error
        self._outage.ends()

    def _sweep(self, db: sqlite3.Connection) -> None:
        """Now and then delete rows whose lifetime has passed, so that the file does not grow for ever."""
        self._writes += 1  # races between threads only shift the moment of the next sweep
        if self._writes % _SWEEP_EVERY == 0:
            db.execute(
                "DELETE FROM entry WHERE key IN (SELECT key FROM entry WHERE expires <= ? LIMIT ?)",
                (self._clock(), _SWEEP_ROWS),
            )

    def _failure(self, error: sqlite3.Error) -> StoreError:
        self._outage.begins(str(error))
        return StoreError(f"SQLite store {self._path}: {error}")
