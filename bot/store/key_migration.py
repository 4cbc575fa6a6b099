"""Migrate the data of versions before 2026-12, whose keys and timetables did not begin with the AppID.

Phone bindings, records and jobs of messages, and answers that wait for their users are kept. Everything else
is dropped: visitors log in again, tokens are fetched again, and users ask for a new SMS code. A job goes to
the account whose message it answers. All other data goes to the first bot that opens the store.
"""

import contextlib
import json
import logging
import re
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path

from bot.errors import StoreError
from bot.store import Store
from bot.store.url import StoreUrl

log = logging.getLogger("bot.store")

_DONE = "keys-migrated"
_FOR_EVER = 100 * 365 * 86400.0
# The keys to migrate. Other applications may use the same Redis database: their keys have another form.
_KEY = re.compile(
    r"(binding|kept|question|rest):o[\w-]{1,63}|union:[\w-]{1,64}|phone:\+\d{2,15}"
    r"|(given:|job:)?message:\d{20}:[0-9a-f]{32}(:[a-z]+)?"
)
_TIMETABLES = ("jobs", "failed-jobs")
_BUSY_SECONDS = 10.0


def migrate_keys(store: Store, url: str, app_id: str, original_id: str) -> None:
    """Rename the keys that an older version left at `url`. Call it when a process begins to serve.

    Each rename is atomic and keeps the lifetime, so no key is lost or doubled if the migration is interrupted
    or runs in several processes at once. Once nothing is left, a mark is stored, and later calls only read
    the mark. `original_id` is the account's gh_… id. Raises StoreError.
    """
    if store.get(_DONE):
        return
    path = StoreUrl.parse(url).sqlite_path
    if path is not None:
        keys, jobs = _in_sqlite(path, app_id, original_id)
    else:
        keys, jobs = _in_redis(url, app_id, original_id)
    if keys or jobs:
        log.warning("[store] migrated the data of an older version: %d values, %d jobs", keys, jobs)
    else:
        store.put(_DONE, b"1", _FOR_EVER)


def _in_sqlite(path: str, app_id: str, original_id: str) -> tuple[int, int]:
    rename = "UPDATE OR IGNORE entry SET key = ? || key WHERE key = ?"
    move = "UPDATE OR IGNORE timetable SET timetable = ? || timetable WHERE timetable = ? AND name = ?"
    value = "SELECT value FROM entry WHERE key = ?"
    owner = f"{app_id}:"
    if not Path(path).is_file():
        return 0, 0
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            found = (key for (key,) in db.execute("SELECT key FROM entry").fetchall())
            keys, jobs = _ours(original_id, found, lambda key: db.execute(value, (key,)).fetchone()[0])
            db.executemany(rename, [(owner, key) for key in (*keys, *jobs)])
            for timetable in _TIMETABLES:
                db.executemany(move, [(owner, timetable, key.removeprefix("job:")) for key in jobs])
            db.execute("COMMIT")
    except sqlite3.Error as error:
        raise StoreError(f"SQLite store {path}: {error}") from error
    return len(keys), len(jobs)


def _in_redis(url: str, app_id: str, original_id: str) -> tuple[int, int]:
    import redis  # a bot on SQLite needs no Redis client in memory

    try:
        with contextlib.closing(redis.Redis.from_url(url)) as client:
            found = (key.decode("utf-8", "replace") for key in client.scan_iter(count=1000, _type="string"))
            keys, jobs = _ours(original_id, found, lambda key: client.get(key) or b"")
            for key in (*keys, *jobs):
                # "no such key": another process has renamed it
                with contextlib.suppress(redis.ResponseError):
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


def _ours(
    original_id: str, found: Iterable[str], value: Callable[[str], bytes | str]
) -> tuple[list[str], list[str]]:
    """Return the keys and the jobs to migrate: all but the jobs that answer messages to another account,
    and the records of these messages. The id of a job is the key of its message."""
    keys = [key for key in found if _KEY.fullmatch(key)]
    jobs = [key for key in keys if key.startswith("job:")]
    ours = [key for key in jobs if _is_for(original_id, value(key))]
    theirs = {key.removeprefix("job:") for key in jobs} - {key.removeprefix("job:") for key in ours}
    return [key for key in keys if key not in theirs and key not in jobs], ours


def _is_for(original_id: str, job: bytes | str) -> bool:
    """Return True if a job answers a message to this account. Return False for a job that only shows
    "typing": it has no message, and is dropped."""
    with contextlib.suppress(ValueError, TypeError, KeyError):
        return bool(json.loads(job)["work"]["fields"]["ToUserName"] == original_id)
    return False
