"""Migrate the data of versions before 2026-12, whose keys and timetables did not begin with the AppID.

Phone bindings, records and jobs of messages, and answers that wait for their users are kept. Everything else
is dropped: visitors log in again, tokens are fetched again, and users ask for a new SMS code. A job goes to
the account whose message it answers. All other data goes to the first bot that opens the store.
"""

import contextlib
import json
import logging
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from bot.errors import StoreError
from bot.store import Store
from bot.store.url import StoreUrl

log = logging.getLogger("bot.store")

_DONE = "carried-over"
_FOR_EVER = 100 * 365 * 86400.0
_KINDS = ("binding", "phone", "union", "message", "kept", "given", "question", "rest")
_TIMETABLES = ("jobs", "failed-jobs")
_BUSY_SECONDS = 10.0


def carry_over(store: Store, url: str, app_id: str, original_id: str) -> None:
    """Rename the keys that an older version left at `url`. Do it once for each store and account.

    Each rename is atomic and keeps the lifetime, so no key is lost or doubled if this is interrupted or runs
    in several processes at once. `original_id` is the account's gh_… id. Raises StoreError.
    """
    if store.get(_DONE):
        return
    path = StoreUrl.parse(url).sqlite_path
    if path is not None:
        keys, jobs = _in_sqlite(path, app_id, original_id)
    else:
        keys, jobs = _in_redis(url, app_id, original_id)
    store.put(_DONE, b"1", _FOR_EVER)
    if keys or jobs:
        log.warning("[store] migrated the data of an older version: %d values, %d jobs", keys, jobs)


def _in_sqlite(path: str, app_id: str, original_id: str) -> tuple[int, int]:
    rename = "UPDATE OR IGNORE entry SET key = ? || key WHERE key = ?"
    move = "UPDATE OR IGNORE timetable SET timetable = ? || timetable WHERE timetable = ? AND name = ?"
    owner = f"{app_id}:"
    if not Path(path).is_file():
        return 0, 0
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            found = dict(_rows(db, "job:"))
            keys = [key for kind in _KINDS for key, _ in _rows(db, f"{kind}:")]
            keys, jobs = _ours(original_id, keys, found)
            db.executemany(rename, [(owner, key) for key in (*keys, *jobs)])
            for timetable in _TIMETABLES:
                db.executemany(move, [(owner, timetable, key.removeprefix("job:")) for key in jobs])
            db.execute("COMMIT")
    except sqlite3.Error as error:
        raise StoreError(f"SQLite store {path}: {error}") from error
    return len(keys), len(jobs)


def _rows(db: sqlite3.Connection, prefix: str) -> list[tuple[str, bytes]]:
    after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return db.execute("SELECT key, value FROM entry WHERE key >= ? AND key < ?", (prefix, after)).fetchall()


def _in_redis(url: str, app_id: str, original_id: str) -> tuple[int, int]:
    import redis  # a bot on SQLite needs no Redis client in memory

    def find(pattern: str) -> list[str]:
        return [key.decode() for key in client.scan_iter(match=pattern, count=1000)]

    try:
        with contextlib.closing(redis.Redis.from_url(url)) as client:
            found = {key: client.get(key) or b"" for key in find("job:*")}
            keys, jobs = _ours(original_id, [key for kind in _KINDS for key in find(f"{kind}:*")], found)
            for key in (*keys, *jobs):
                with contextlib.suppress(
                    redis.ResponseError
                ):  # "no such key": another process has renamed it
                    client.renamenx(key, f"{app_id}:{key}")
            for timetable in _TIMETABLES:
                old, new = f"timetable:{timetable}", f"{app_id}:timetable:{timetable}"
                for name in (key.removeprefix("job:") for key in jobs):
                    at = client.zscore(old, name)
                    if at is not None:
                        client.zadd(new, {name: at}, nx=True)
                        client.zrem(old, name)
    except redis.RedisError as error:
        raise StoreError(f"Redis store: {type(error).__name__}: {error}") from error
    return len(keys), len(jobs)


def _ours(original_id: str, keys: list[str], jobs: Mapping[str, bytes | str]) -> tuple[list[str], list[str]]:
    """Return the keys and jobs to migrate: all but the jobs that answer messages to another account, and the
    records of these messages. The id of a job is the key of its message."""
    ours = [key for key, job in jobs.items() if _is_for(original_id, job)]
    theirs = {key.removeprefix("job:") for key in jobs if key not in ours}
    return [key for key in keys if key not in theirs], ours


def _is_for(original_id: str, job: bytes | str) -> bool:
    """Return True if a job answers a message to this account. Return False for a job that only shows
    "typing": it has no message, and is dropped."""
    with contextlib.suppress(ValueError, TypeError, KeyError):
        return bool(json.loads(job)["work"]["fields"]["ToUserName"] == original_id)
    return False
