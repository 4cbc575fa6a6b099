"""What a store of the version before holds is found again under the keys of this version."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
import redis

from bot.chat.conversation import Conversations
from bot.chat.replies.kinds import Text
from bot.errors import StoreError
from bot.jobs.liveness import Liveness
from bot.jobs.outbox import Outbox
from bot.people.bindings import Bindings
from bot.store import open_store
from bot.store.key_migration import migrate_keys
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
    other = "wxfedcba9876543210"
    with (
        closing(open_store(old, clock, app_id=APP_ID)) as store,
        closing(open_store(old, clock, app_id=other)) as others,
    ):
        migrate_keys(store, old, APP_ID, ORIGINAL_ID)
        assert [store.get(key) for key in (THEIRS, "session:0123", "token:wx0:value", "message:1")] == [
            None
        ] * 4
        migrate_keys(others, old, other, "gh_another")
        assert [job.id for job in Outbox(others, Liveness(others), clock).all()] == [THEIRS]
        assert others.get(THEIRS) == b"Q"
        assert Bindings(others, clock).of("o1") is None, "the first bot has it"


def test_later_starts_take_what_is_left_until_nothing_is(old: str, clock: Clock) -> None:
    with (
        closing(open_store(old, clock, app_id=APP_ID)) as store,
        closing(open_store(old, clock, app_id="kept")) as older,  # whose keys begin with "kept:"
    ):
        migrate_keys(store, old, APP_ID, ORIGINAL_ID)
        store.delete("kept:o1")
        older.put("o2", b"[]", 60)  # an older process was still running
        migrate_keys(store, old, APP_ID, ORIGINAL_ID)
        assert store.get("kept:o1") is None
        assert store.get("kept:o2") == b"[]"
        assert store.get(f"job:{MESSAGE}") is not None
        migrate_keys(store, old, APP_ID, ORIGINAL_ID)
        older.put("o3", b"[]", 60)
        migrate_keys(store, old, APP_ID, ORIGINAL_ID)
        assert store.get("kept:o3") is None, "a start found nothing, so later ones do not look"


def test_a_new_value_is_not_replaced_by_an_old_one(old: str, clock: Clock) -> None:
    with closing(open_store(old, clock, app_id=APP_ID)) as store:
        store.put("kept:o1", b"[]", 60)
        migrate_keys(store, old, APP_ID, ORIGINAL_ID)
        assert store.get("kept:o1") == b"[]"


@pytest.mark.redis
def test_a_redis_that_is_gone_is_said(mortal_redis: RedisServer) -> None:
    with closing(open_store(mortal_redis.url, app_id=APP_ID)) as store:
        mortal_redis.kill()
        with pytest.raises(StoreError):
            migrate_keys(store, mortal_redis.url, APP_ID, ORIGINAL_ID)
