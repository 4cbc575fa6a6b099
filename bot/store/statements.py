"""The SQL of the store: its tables, and a statement for each operation. Executes nothing itself.

Each function takes the current time first, in unix seconds. A row whose lifetime has passed counts as absent.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

Values = tuple[Any, ...]
Statement = tuple[str, Values]

TABLES = (
    """CREATE TABLE IF NOT EXISTS entry (
        key TEXT PRIMARY KEY, value BLOB NOT NULL, expires REAL NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS timetable (
        timetable TEXT, name TEXT, at REAL NOT NULL, PRIMARY KEY (timetable, name)
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS timetable_at ON timetable (timetable, at)",
)


def get(now: float, key: str) -> Statement:
    return "SELECT value FROM entry WHERE key = ? AND expires > ?", (key, now)


PUT = (
    "INSERT INTO entry (key, value, expires) VALUES (?, ?, ?) "
    "ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires = excluded.expires"
)


def put(now: float, key: str, value: bytes, lifetime: float) -> Statement:
    return PUT, (key, value, now + lifetime)


_ADD = PUT + " WHERE entry.expires <= ?"


def add(now: float, key: str, value: bytes, lifetime: float) -> Statement:
    return _ADD, (key, value, now + lifetime, now)


def swap(now: float, key: str, old: bytes, new: bytes, lifetime: float) -> Statement:
    swap = "UPDATE entry SET value = ?, expires = ? WHERE key = ? AND value = ? AND expires > ?"
    return swap, (new, now + lifetime, key, old, now)


def discard(now: float, key: str, value: bytes) -> Statement:
    return "DELETE FROM entry WHERE key = ? AND value = ? AND expires > ?", (key, value, now)


def delete(_: float, key: str) -> Statement:
    return "DELETE FROM entry WHERE key = ?", (key,)


def value(cursor: sqlite3.Cursor) -> Any:
    rows = cursor.fetchall()
    return rows[0][0] if rows else None


def nothing(cursor: sqlite3.Cursor) -> None:
    return None


def changed(cursor: sqlite3.Cursor) -> bool:
    return cursor.rowcount > 0


# The operations that together() accepts: a function that makes the statement, one that reads its result.
CALLS: dict[str, tuple[Callable[..., Statement], Callable[[sqlite3.Cursor], Any]]] = {
    "get": (get, value),
    "put": (put, nothing),
    "add": (add, changed),
    "swap": (swap, changed),
    "discard": (discard, changed),
    "delete": (delete, nothing),
}
