"""Migrate the data of versions before 2026-12, whose keys and timetables did not begin with the AppID.

Phone bindings, records and jobs of messages, and answers that wait for their users are kept. Everything
else is dropped: visitors log in again, tokens are fetched again, and users ask for a new SMS code. A job
goes to the account whose message it answers. If bots of several accounts have used the store, the older
version mixed their data: each account then gets a copy of all other data, and the old keys expire after
30 days.
"""

import contextlib
import json
import logging
import re
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.errors import StoreError
from bot.store import Store
from bot.store.url import StoreUrl

log = logging.getLogger("bot.store")

_DONE = "keys-migrated"
_FOR_EVER = 100 * 365 * 86400.0
_COPIED_SECONDS = 30 * 86400
# The keys to migrate. Other applications may use the same Redis database: their keys have another form.
_KEY = re.compile(
    r"(binding|kept|question|rest):o[\w-]{1,63}|union:[\w-]{1,64}|phone:\+\d{2,15}"
    r"|(given:|job:)?message:\d{20}:[0-9a-f]{32}(:[a-z]+)?"
)
_OWNED = re.compile(r"(?:token|ticket|media):(wx[0-9a-f]{16}):.*|(wx[0-9a-f]{16}):.*", re.DOTALL)
_TIMETABLES = ("jobs", "failed-jobs")
_BUSY_SECONDS = 10.0
_REDIS_SECONDS = 5.0


@dataclass(frozen=True)
class _Found:
    """The old `keys` and `jobs` to migrate. `is_shared`: bots of other accounts have used the store, too."""

    keys: list[str]
    jobs: list[str]
    is_shared: bool


def migrate_keys(store: Store, url: str, app_id: str, original_id: str) -> None:
    """Migrate what an older version left at `url`, once for each account. Call it when a process begins to
    serve.

    Each key is migrated in an operation of its own, with its lifetime, and a new value is never replaced. So
    several processes may migrate at once, and the next start continues an interrupted migration.
    `original_id` is the account's gh_… id. Raises StoreError.
    """
    if store.get(_DONE):
        return
    path = StoreUrl.parse(url).sqlite_path
    ids = app_id, original_id
    found = _in_redis(url, *ids) if path is None else _in_sqlite(path, *ids)
    store.put(_DONE, b"1", _FOR_EVER)
    if found.keys or found.jobs:
        counts = len(found.keys), len(found.jobs)
        log.warning("[store] migrated the data of an older version: %d values, %d jobs", *counts)


def _in_sqlite(path: str, app_id: str, original_id: str) -> _Found:
    value = "SELECT value FROM entry WHERE key = ?"
    copy = "INSERT OR IGNORE INTO entry SELECT ? || key, value, expires FROM entry WHERE key = ?"
    shorten = "UPDATE entry SET expires = min(expires, ?) WHERE key = ?"
    rename = "UPDATE OR IGNORE entry SET key = ? || key WHERE key = ?"
    move = "UPDATE OR IGNORE timetable SET timetable = ? || timetable WHERE timetable = ? AND name = ?"
    owner = f"{app_id}:"
    if not Path(path).is_file():
        return _Found([], [], is_shared=False)
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            names = [key for (key,) in db.execute("SELECT key FROM entry")]
            found = _find(app_id, original_id, names, lambda key: db.execute(value, (key,)).fetchone()[0])
            moved = [(owner, key) for key in found.keys]
            if found.is_shared:
                db.executemany(copy, moved)
                end = time.time() + _COPIED_SECONDS
                db.executemany(shorten, [(end, key) for key in found.keys])
            else:
                db.executemany(rename, moved)
            db.executemany(rename, [(owner, key) for key in found.jobs])
            for timetable in _TIMETABLES:
                db.executemany(move, [(owner, timetable, key.removeprefix("job:")) for key in found.jobs])
            db.execute("COMMIT")
    except sqlite3.Error as error:
        raise StoreError(f"SQLite store {path}: {error}") from error
    return found


def _in_redis(url: str, app_id: str, original_id: str) -> _Found:
    import redis  # a bot on SQLite needs no Redis client in memory

    from bot.store.redis_connections import RedisConnector

    owner = f"{app_id}:"

    def rename(key: str) -> None:
        try:
            client.renamenx(key, owner + key)
        except redis.ResponseError as error:
            if "no such key" not in str(error):  # it has expired since
                raise

    try:
        pool = RedisConnector(url, _REDIS_SECONDS).pool()
        with contextlib.closing(redis.Redis(connection_pool=pool)) as client:
            names = [key.decode("utf-8", "replace") for key in client.scan_iter(count=1000, _type="string")]
            found = _find(app_id, original_id, names, lambda key: client.get(key) or b"")
            for key in found.keys:
                if not found.is_shared:
                    rename(key)
                elif client.copy(key, owner + key) and client.ttl(key) > _COPIED_SECONDS:
                    client.expire(key, _COPIED_SECONDS)
            for key in found.jobs:
                # First the timetable: a name without a job is removed later, a job without its name would
                # be lost.
                name = key.removeprefix("job:")
                for timetable in _TIMETABLES:
                    at = client.zscore(f"timetable:{timetable}", name)
                    if at is not None:
                        client.zadd(f"{owner}timetable:{timetable}", {name: at}, nx=True)
                rename(key)
                for timetable in _TIMETABLES:
                    client.zrem(f"timetable:{timetable}", name)
    except redis.RedisError as error:
        raise StoreError(f"Redis store: {type(error).__name__}: {error}") from error
    return found


def _find(app_id: str, original_id: str, names: list[str], value: Callable[[str], bytes | str]) -> _Found:
    """Return what to migrate: all but the jobs that answer messages to another account, and the records
    of these messages. The id of a job is the key of its message."""
    keys = [key for key in names if _KEY.fullmatch(key)]
    jobs = [key for key in keys if key.startswith("job:")]
    ours = [key for key in jobs if _is_for(original_id, value(key))]
    theirs = {key.removeprefix("job:") for key in jobs} - {key.removeprefix("job:") for key in ours}
    owners = {owned[1] or owned[2] for key in names if (owned := _OWNED.fullmatch(key))}
    is_shared = bool(owners - {app_id})
    return _Found([key for key in keys if key not in theirs and key not in jobs], ours, is_shared)


def _is_for(original_id: str, job: bytes | str) -> bool:
    """Return True if a job answers a message to this account. Return False for a job that only shows
    "typing": it has no message, and is dropped."""
    with contextlib.suppress(ValueError, TypeError, KeyError):
        return bool(json.loads(job)["work"]["fields"]["ToUserName"] == original_id)
    return False
