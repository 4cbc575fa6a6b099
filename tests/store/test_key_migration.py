"""What a store of the version before holds is found again under the keys of this version."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import redis

from bot.account_package import AccountPackage
from bot.app import build
from bot.chat.conversation import Conversations
from bot.chat.replies.kinds import Text
from bot.errors import StoreError
from bot.jobs.liveness import Liveness
from bot.jobs.outbox import Outbox
from bot.people.bindings import Bindings
from bot.store import open_store
from bot.store.key_migration import migrate_keys
from tests.account import WORDING
from tests.conditions import until
from tests.conftest import APP_ID, ORIGINAL_ID, Clock, MakeConfig, RedisServer

MESSAGE = "message:00000000000000000007:" + 32 * "a"
THEIRS = "message:00000000000000000007:" + 32 * "b"


def job(key: str, receiver: str) -> bytes:
    """A job as the version before wrote it."""
    work = {
        "fields": {"FromUserName": "o1", "ToUserName": receiver, "MsgType": "text"},
        "place": "slow.wait#0", "captures": ["2"],
    }  # fmt: skip
    record = {
        "id": key, "kind": "run", "work": work, "state": "waiting", "owner": "", "tries": 0,
        "created": 1_700_000_000.0, "problem": "",
    }  # fmt: skip
    return json.dumps(record).encode()


# Records of the version of 2026-11, byte for byte.
OLD = {
    "binding:o1": b'{"openid": "o1", "phone": "+8613800138000", "unionid": "u1", "since": 1700000000.0}',
    "phone:+8613800138000": b'["o1", 1700000000.0]',
    "union:u1": b"o1",
    MESSAGE: b"Q",
    THEIRS: b"Q",
    f"job:{MESSAGE}": job(MESSAGE, ORIGINAL_ID),
    f"job:{THEIRS}": job(THEIRS, "gh_another"),
    f"job:{MESSAGE}:typing": b'{"id": "x", "kind": "typing", "work": {"openid": "o1"}, "state": "waiting"}',
    "kept:o1": b'[{"source": "m", "kind": "Text", "content": "late"}]',
    "session:0123": b"{}",
    "token:wx0:value": b"{}",
    "message:1": b"of another application",
}
Write = Callable[[dict[str, bytes]], None]


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def old(request: pytest.FixtureRequest, make_config: MakeConfig, clock: Clock) -> Iterator[str]:
    """The URL of a store that the version before has used."""
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        client: redis.Redis = server.client
        for key, value in OLD.items():
            client.set(key, value, px=60_000)
        client.zadd("timetable:jobs", {MESSAGE: clock.now, THEIRS: clock.now, f"{MESSAGE}:typing": clock.now})
        yield server.url
        return
    url = make_config().store_url
    open_store(url, clock, app_id=APP_ID).close()
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db, db:
        rows = [(key, value, clock.now + 60) for key, value in OLD.items()]
        db.executemany("INSERT INTO entry VALUES (?, ?, ?)", rows)
        for name in (MESSAGE, THEIRS, f"{MESSAGE}:typing"):
            db.execute("INSERT INTO timetable VALUES ('jobs', ?, ?)", (name, clock.now))
    yield url


def test_bindings_and_promised_answers_are_migrated(old: str, clock: Clock) -> None:
    with closing(open_store(old, clock, app_id=APP_ID)) as store:
        migrate_keys(store, old, APP_ID, ORIGINAL_ID)
        bindings = Bindings(store, clock)
        by_phone = bindings.of_phone("+8613800138000")
        assert by_phone is not None
        assert by_phone == bindings.of("o1") == bindings.of_unionid("u1")
        assert (by_phone.openid, by_phone.since) == ("o1", 1_700_000_000.0)
        outbox = Outbox(store, Liveness(store), clock)
        assert [job.id for job in outbox.all()] == [MESSAGE]
        claimed = outbox.claim(MESSAGE)
        assert claimed is not None
        assert claimed.work["captures"] == ["2"]
        assert store.get(MESSAGE) == b"Q"
        conversations = Conversations(store)
        assert conversations.kept("o1", "m2", again=False) == Text("late")


def test_what_is_another_accounts_or_can_be_had_anew_stays_where_it_is(old: str, clock: Clock) -> None:
    with closing(open_store(old, clock, app_id=APP_ID)) as store:
        migrate_keys(store, old, APP_ID, ORIGINAL_ID)
        left = (THEIRS, "session:0123", "token:wx0:value", "message:1")
        assert [store.get(key) for key in left] == [None] * 4


def test_each_of_two_accounts_gets_its_jobs_and_a_copy_of_what_they_shared(
    old: str, clock: Clock, request: pytest.FixtureRequest
) -> None:
    other = "wxfedcba9876543210"
    with closing(open_store(old, clock, app_id="token")) as older:  # whose keys begin with "token:"
        older.put(f"{other}:0123abcd:budget:2026-11-30", b"1", 86400)
    for app_id, original_id, message in ((APP_ID, ORIGINAL_ID, MESSAGE), (other, "gh_another", THEIRS)):
        with closing(open_store(old, clock, app_id=app_id)) as store:
            migrate_keys(store, old, app_id, original_id)
            assert [job.id for job in Outbox(store, Liveness(store), clock).all()] == [message]
            assert store.get(message) == b"Q"
            binding = Bindings(store, clock).of_phone("+8613800138000")
            assert binding is not None
            assert binding.openid == "o1"
            assert store.get("kept:o1") is not None


def test_it_is_done_once(old: str, clock: Clock) -> None:
    with (
        closing(open_store(old, clock, app_id=APP_ID)) as store,
        closing(open_store(old, clock, app_id="kept")) as older,  # whose keys begin with "kept:"
    ):
        migrate_keys(store, old, APP_ID, ORIGINAL_ID)
        older.put("o2", b"[]", 60)
        migrate_keys(store, old, APP_ID, ORIGINAL_ID)
        assert store.get("kept:o2") is None


def test_processes_that_start_together_migrate_once(old: str, clock: Clock) -> None:
    start = threading.Barrier(4)

    def begin(_: int) -> None:
        with closing(open_store(old, clock, app_id=APP_ID)) as store:
            start.wait(60)
            migrate_keys(store, old, APP_ID, ORIGINAL_ID)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(begin, range(4)))
    with closing(open_store(old, clock, app_id=APP_ID)) as store:
        assert [job.id for job in Outbox(store, Liveness(store), clock).all()] == [MESSAGE]
        assert store.scheduled("jobs", 9) == [MESSAGE]
        assert Bindings(store, clock).of_phone("+8613800138000") is not None


@pytest.mark.redis
@pytest.mark.parametrize("command", ["zadd", "renamenx", "zrem"])
def test_an_interrupted_migration_is_continued(
    mortal_redis: RedisServer, clock: Clock, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """A job that is in no timetable would never be run."""
    url = mortal_redis.url
    mortal_redis.client.set(f"job:{MESSAGE}", job(MESSAGE, ORIGINAL_ID), px=60_000)
    mortal_redis.client.zadd("timetable:jobs", {MESSAGE: clock.now})

    def fail(*_: object, **__: object) -> None:
        raise redis.ConnectionError("gone")

    with closing(open_store(url, clock, app_id=APP_ID)) as store:
        with monkeypatch.context() as patch:
            patch.setattr(redis.Redis, command, fail)
            with pytest.raises(StoreError):
                migrate_keys(store, url, APP_ID, ORIGINAL_ID)
        migrate_keys(store, url, APP_ID, ORIGINAL_ID)
        assert [job.id for job in Outbox(store, Liveness(store), clock).all()] == [MESSAGE]
        assert store.scheduled("jobs", 9) == [MESSAGE]


@pytest.mark.redis
def test_a_user_without_the_right_is_told_and_the_bot_works(
    mortal_redis: RedisServer, make_config: MakeConfig, clock: Clock, log: pytest.LogCaptureFixture
) -> None:
    """The bot must run jobs all the same: what it owes the store must not stay at its first entry."""
    mortal_redis.client.acl_setuser(
        "bot", enabled=True, passwords=["+secret"], keys=["*"], categories=["+@all"], commands=["-scan"]
    )
    url = mortal_redis.url.replace("unix://", "unix://bot:secret@")
    parts = build(make_config(store_url=url), AccountPackage([], WORDING), clock)
    parts.start(jobs=False)
    until(lambda: "the data of an older version is not migrated" in log.text)
    until(lambda: not parts.chat.records.liveness.owed)
    parts.close()


def test_a_new_value_is_not_replaced_by_an_old_one(old: str, clock: Clock) -> None:
    with closing(open_store(old, clock, app_id=APP_ID)) as store:
        store.put("kept:o1", b"[]", 60)
        migrate_keys(store, old, APP_ID, ORIGINAL_ID)
        assert store.get("kept:o1") == b"[]"
        assert store.get("keys-migrated"), "it is finished all the same"


@pytest.mark.redis
def test_a_redis_that_is_gone_is_said(mortal_redis: RedisServer) -> None:
    with closing(open_store(mortal_redis.url, app_id=APP_ID)) as store:
        mortal_redis.kill()
        with pytest.raises(StoreError):
            migrate_keys(store, mortal_redis.url, APP_ID, ORIGINAL_ID)
