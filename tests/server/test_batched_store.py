"""Deliveries on a loop share their ways to the store, and do not share their answers."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import StoreError
from bot.server import greenlets
from bot.server.batched_store import BatchedStore
from bot.store import Call, Store, open_store, sqlite
from bot.store.sqlite import SqliteStore
from tests import on_loop
from tests.conftest import APP_ID, Clock, MakeConfig, RedisServer


class Watched:
    """Notes how many calls went together each time."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.groups: list[int] = []

    def together(self, calls: Sequence[Call], *, may_connect: bool = True) -> list[Any]:
        self.groups.append(len(calls))
        result: list[Any] = self._store.together(calls, may_connect=may_connect)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def watched(request: pytest.FixtureRequest, make_config: MakeConfig, clock: Clock) -> Iterator[Watched]:
    url = request.getfixturevalue("redis_server").url if request.param == "redis" else make_config().store_url
    store = open_store(url, clock, app_id=APP_ID)
    store.ping()  # from now on it has a connection
    yield Watched(store)
    store.close()


@pytest.fixture
def store(watched: Watched) -> Store:
    return BatchedStore(watched)  # type: ignore[arg-type]  # it has whatever the store has


def at_once(act: Callable[[int], object], deliveries: int = 8) -> list[object]:
    """What `act` returned or raised in each of so many deliveries that came in together."""

    async def all_of_them() -> list[object]:
        every = (greenlets.run(act, number) for number in range(deliveries))
        return await asyncio.gather(*every, return_exceptions=True)

    return on_loop.run(all_of_them())


def test_of_many_that_claim_together_one_succeeds(store: Store, watched: Watched) -> None:
    assert at_once(lambda n: store.add("k", b"%d" % n, 60)) == [True] + 7 * [False]
    assert store.get("k") == b"0"
    assert watched.groups == [8], "one transaction, or one round trip"


def test_each_gets_the_answer_to_what_it_asked(store: Store, watched: Watched) -> None:
    def deliver(number: int) -> tuple[object, ...]:
        key, value = f"k{number}", b"%d" % number
        found = store.get(key)
        added = store.add(key, value, 60)
        swapped = store.swap(key, value, b"new", 60) if number % 2 else store.discard(key, value)
        store.put("last", value, 60)
        return found, added, swapped, store.get(key)

    expected = [(None, True, True, b"new" if number % 2 else None) for number in range(8)]
    assert at_once(deliver) == expected
    assert watched.groups == 5 * [8]


def test_what_is_asked_together_on_the_loop_goes_with_the_others(store: Store, watched: Watched) -> None:
    def deliver(number: int) -> object:
        if number % 2:
            own = f"k{number}"
            return store.together([("add", (own, b"v", 60)), ("get", ("k",)), ("get", (own,))])
        return store.add("k", b"%d" % number, 60)

    assert at_once(deliver, 4) == [True, [True, b"0", b"v"], False, [True, b"0", b"v"]]
    assert watched.groups == [8]


def test_who_comes_in_a_moment_later_goes_with_the_others(store: Store, watched: Watched) -> None:
    async def deliver(number: int) -> bool:
        for _ in range(number):  # of the loop's rounds
            await asyncio.sleep(0)
        return await greenlets.run(store.add, f"k{number}", b"v", 60.0)

    async def all_of_them() -> list[bool]:
        return await asyncio.gather(*(deliver(number) for number in range(3)))

    assert on_loop.run(all_of_them()) == 3 * [True]
    assert watched.groups == [3]


def test_what_goes_together_goes_in_the_order_in_which_it_was_asked(store: Store) -> None:
    calls: list[Call] = [
        ("put", ("k", b"one", 60)), ("get", ("k",)), ("swap", ("k", b"one", b"two", 60)),
        ("swap", ("k", b"one", b"three", 60)), ("get", ("k",)), ("delete", ("k",)), ("get", ("k",)),
        ("add", ("k", b"four", 60)), ("discard", ("k", b"five")), ("discard", ("k", b"four")),
    ]  # fmt: skip
    found = [None, b"one", True, False, b"two", None, None, True, False, True]
    assert at_once(lambda _: store.together(calls), 1) == [found]
    assert store.together(calls) == found, "and one by one"


def test_in_a_thread_it_is_the_store_itself(store: Store, watched: Watched) -> None:
    store.put("k", b"v", 60)
    assert (store.get("k"), store.count("c", 60), store.take("k"), store.get("k")) == (b"v", 1, b"v", None)
    assert watched.groups == []


def test_a_disk_that_is_full_is_an_error_for_each_and_spoils_nothing(tmp_path: Path, clock: Clock) -> None:
    inner = SqliteStore(f"{tmp_path}/bot.db", APP_ID, clock)
    store = BatchedStore(inner)
    store.put("before", b"v", 60)

    def deliver(number: int) -> None:
        if number == 0:
            inner._connection().db.execute("PRAGMA max_page_count=1")
        store.add(f"k{number}", b"x" * 100_000, 60)

    outcomes = at_once(deliver)
    assert [type(outcome) for outcome in outcomes] == 8 * [StoreError]
    assert len({id(outcome) for outcome in outcomes}) == 8, "a traceback of its own for each"
    assert [store.get(key) for key in ("before", "k0", "k7")] == [b"v", None, None]
    # Each run has a thread of its own, and with it a connection without that limit.
    assert [type(outcome) for outcome in at_once(lambda n: store.add(f"k{n}", b"x", 60))] == 8 * [StoreError]
    store.put("alive", b"1", 60)  # by a thread, which holds up nobody if it has to wait
    assert at_once(lambda n: store.add(f"k{n}", b"x", 60)) == 8 * [True]
    store.close()


def test_a_file_that_another_program_holds_stops_the_loop_once(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_SECONDS", 0.01)
    inner = SqliteStore(f"{tmp_path}/bot.db", APP_ID, clock)
    store = BatchedStore(inner)
    store.put("before", b"v", 60)
    with closing(sqlite3.connect(f"{tmp_path}/bot.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert [type(one) for one in at_once(lambda n: store.add(f"k{n}", b"x", 60), 2)] == 2 * [StoreError]
        monkeypatch.setattr(inner, "_when_free", None)  # not even tried
        assert [type(one) for one in at_once(lambda n: store.add(f"k{n}", b"x", 60), 2)] == 2 * [StoreError]
        monkeypatch.undo()
        assert at_once(lambda n: store.get("before"), 2) == 2 * [b"v"], "who only reads waits for nobody"
        other.execute("ROLLBACK")
    store.put("alive", b"1", 60)
    assert at_once(lambda n: store.add(f"k{n}", b"x", 60), 2) == 2 * [True]
    store.close()


def test_an_outage_is_said_once_however_many_groups_it_meets(
    tmp_path: Path, clock: Clock, log: pytest.LogCaptureFixture
) -> None:
    inner = SqliteStore(f"{tmp_path}/bot.db", APP_ID, clock)
    store = BatchedStore(inner)

    def deliver(number: int) -> None:
        inner._connection().db.execute("PRAGMA max_page_count=1")
        for again in range(5):
            with contextlib.suppress(StoreError):
                store.add(f"k{number}-{again}", b"x" * 100_000, 60)

    at_once(deliver)
    assert [record.getMessage().count("does not work") for record in log.records] == [1]
    store.close()


def test_a_thread_finds_out_that_the_store_works_again(tmp_path: Path, clock: Clock) -> None:
    inner = SqliteStore(f"{tmp_path}/bot.db", APP_ID, clock)
    store = BatchedStore(inner)
    claim: list[Call] = [("add", ("k", b"v", 60)), ("get", ("other",))]
    inner._outage.begins("disk full", 0.0)
    assert [type(one) for one in at_once(lambda _: store.together(claim), 1)] == [StoreError]
    assert store.together(claim) == [True, None]
    assert at_once(lambda _: store.together(claim), 1) == [[False, None]]
    store.close()


def test_a_group_that_only_reads_waits_for_a_file_that_is_busy_for_a_moment(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while another process takes up the log of one that was killed."""
    inner = SqliteStore(f"{tmp_path}/bot.db", APP_ID, clock)
    inner.put("k", b"v", 60)
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY_RECOVERY
    failures = [busy, busy]
    connection = inner._connection()
    real = connection.db

    class Busy:
        def execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
            if statement.startswith("SELECT") and failures:
                raise failures.pop()
            return real.execute(statement, values)

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    monkeypatch.setattr(inner, "_connection", lambda: connection._replace(db=Busy()))
    assert inner.together([("get", ("k",))]) == [b"v"]
    assert failures == []
    monkeypatch.undo()
    inner.close()


def test_who_asks_for_nonsense_is_the_only_one_that_fails(store: Store) -> None:
    def deliver(number: int) -> object:
        lifetime: Any = {2: timedelta(minutes=1), 5: float("inf")}.get(number, 60)
        return store.add(f"k{number}", b"x", lifetime)

    outcomes = at_once(deliver)
    assert [outcome for number, outcome in enumerate(outcomes) if number not in (2, 5)] == 6 * [True]
    assert isinstance(outcomes[2], Exception)
    assert store.get("k7") == b"x"


def test_what_only_retries_ask_for_is_asked_in_a_thread(store: Store) -> None:
    def deliver(number: int) -> tuple[object, ...]:
        store.ping()
        store.schedule("t", f"n{number}", 1.0 + number)
        counted = store.count("c", 60)
        store.put(f"k{number}", b"v", 60)
        return counted, store.take(f"k{number}"), store.take(f"k{number}")

    outcomes = at_once(deliver)
    assert sorted(outcome[0] for outcome in outcomes) == list(range(1, 9))  # type: ignore[index]
    assert {outcome[1:] for outcome in outcomes} == {(b"v", None)}  # type: ignore[index]
    assert store.scheduled("t", 9) == [f"n{number}" for number in range(8)]
    assert at_once(lambda n: store.due("t", 100.0, 200.0, 9), 1) == [[f"n{number}" for number in range(8)]]
    at_once(lambda n: store.unschedule("t", f"n{n}"))
    assert store.scheduled("t", 9) == []


def test_dead_rows_are_swept_by_groups_too(tmp_path: Path, clock: Clock) -> None:
    inner = SqliteStore(f"{tmp_path}/bot.db", APP_ID, clock)
    store = BatchedStore(inner)
    at_once(lambda n: store.put(f"dead{n}", b"v", 10), 600)
    clock.advance(11)
    at_once(lambda n: store.put("live", b"v", 10), 300)
    at_once(lambda n: store.put("live", b"v", 10), 300)
    assert inner._rows("SELECT count(*) FROM entry") == [(1,)]
    store.close()


@pytest.mark.redis
def test_a_redis_that_was_started_anew_learns_its_scripts_again(mortal_redis: RedisServer) -> None:
    store = BatchedStore(open_store(mortal_redis.url, app_id=APP_ID))
    store.put("k", b"old", 60)
    mortal_redis.client.script_flush()

    def deliver(number: int) -> bool:
        return store.swap("k", b"old", b"new", 60)

    assert sorted(at_once(deliver, 3), key=str) == [False, False, True]
    store.close()


@pytest.mark.redis
def test_while_redis_is_gone_the_loop_does_not_wait_for_it_again(mortal_redis: RedisServer) -> None:
    inner = open_store(mortal_redis.url, app_id=APP_ID)
    watched = Watched(inner)
    store = BatchedStore(watched)  # type: ignore[arg-type]
    mortal_redis.kill()
    assert [type(outcome) for outcome in at_once(lambda n: store.get("k"), 2)] == 2 * [StoreError]
    sent: list[object] = []
    watched._store._send = lambda commands: sent.append(commands)
    assert [type(outcome) for outcome in at_once(lambda n: store.get("k"), 2)] == 2 * [StoreError]
    assert sent == [], "a thread of ours finds out when it is back"
    del watched._store._send
    inner.close()
