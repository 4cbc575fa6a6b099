"""Every promise of `Store`, kept by both backends: one class of tests, run on a real SQLite file and on a
real redis-server. Lifetimes: SQLite's clock is turned; in Redis a key's own time to live is cut."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import StoreError
from bot.store import DELETE, Store, Write, open_store, sqlite
from bot.store.redis import RedisStore
from bot.store.sqlite import SqliteStore
from tests.conditions import until
from tests.conftest import APP_ID, Clock, MakeConfig, RedisServer, in_processes

THREADS = 8


class Backend:
    """A store, its URL, and a way to let time pass for one key."""

    def __init__(self, url: str, clock: Clock, client: "redis.Redis | None" = None) -> None:
        self.url = url
        self.store: Store = open_store(url, clock, app_id=APP_ID)
        self.clock = clock
        self._client = client

    def age(self, key: str, seconds: float) -> None:
        """Make `key` older by `seconds`."""
        if self._client is None:
            self.clock.advance(seconds)
            return
        key = f"{APP_ID}:{key}"
        left = self._client.pttl(key)
        assert left != -1, f"{key} would stay for ever"
        if left > 0:
            # Some milliseconds have really passed since the write: they only make it older. 0 deletes it.
            self._client.pexpire(key, max(0, round(left - seconds * 1000)))


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def backend(
    request: pytest.FixtureRequest, make_config: MakeConfig, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Backend]:
    # Of many writers at once, the last one waits long on a slow machine.
    monkeypatch.setattr(sqlite, "_BUSY_SECONDS", 60)
    if request.param == "redis":
        server = request.getfixturevalue("redis_server")
        backend = Backend(server.url, clock, server.client)
    else:
        backend = Backend(make_config().store_url, clock)
    yield backend
    backend.store.close()


@pytest.fixture
def store(backend: Backend) -> Store:
    return backend.store


def at_once(act: Callable[[int], object], threads: int = THREADS) -> list[object]:
    """What `act` returned in each of many threads that began together."""
    start = threading.Barrier(threads)

    def run(number: int) -> object:
        start.wait()
        return act(number)

    with ThreadPoolExecutor(threads) as pool:
        return [task.result() for task in [pool.submit(run, number) for number in range(threads)]]


class TestStore:
    """The docstrings of bot/store/__init__.py, line by line."""

    def test_get_is_none_for_what_was_never_put(self, store: Store) -> None:
        assert store.get("nothing") is None

    def test_put_writes_whatever_was_there(self, store: Store) -> None:
        store.put("k", b"one", 60)
        store.put("k", b"two", 60)
        assert store.get("k") == b"two"
        assert store.get("other") is None

    @pytest.mark.parametrize("value", [b"", b"\x00\xff\x00", "中文😀".encode(), b"123", b"x" * 2_000_000])
    def test_a_value_of_any_bytes_comes_back_as_it_was(self, store: Store, value: bytes) -> None:
        store.put("k", value, 60)
        assert store.get("k") == value
        assert store.swap("k", value, b"2", 60)
        assert store.swap("k", b"2", value, 60)
        assert store.discard("k", value)
        assert store.add("k", value, 60)
        assert store.take("k") == value

    @pytest.mark.parametrize("key", ["a b", "键:中文", "k" * 500, "%s{0}'\"", "a\nb"])
    def test_a_key_may_be_any_text(self, store: Store, key: str) -> None:
        store.put(key, b"v", 60)
        assert store.get(key) == b"v"
        assert store.get(key + "x") is None

    def test_add_writes_only_if_nothing_is_there(self, store: Store) -> None:
        assert store.add("k", b"one", 60) is True
        assert store.add("k", b"two", 60) is False
        assert store.get("k") == b"one"

    def test_swap_writes_only_over_the_value_it_was_told(self, store: Store) -> None:
        assert store.swap("k", b"one", b"two", 60) is False
        assert store.get("k") is None
        store.put("k", b"one", 60)
        assert store.swap("k", b"other", b"two", 60) is False
        assert store.get("k") == b"one"
        assert store.swap("k", b"one", b"two", 60) is True
        assert store.get("k") == b"two"

    def test_take_gives_the_value_and_it_is_gone(self, store: Store) -> None:
        store.put("k", b"v", 60)
        assert store.take("k") == b"v"
        assert store.take("k") is None
        assert store.get("k") is None

    def test_discard_deletes_only_the_value_it_was_told(self, store: Store) -> None:
        store.put("k", b"mine", 60)
        assert store.discard("k", b"theirs") is False
        assert store.get("k") == b"mine"
        assert store.discard("k", b"mine") is True
        assert store.discard("k", b"mine") is False
        assert store.get("k") is None

    def test_delete_deletes_whatever_was_there(self, store: Store) -> None:
        store.put("k", b"v", 60)
        store.delete("k")
        store.delete("k")
        assert store.get("k") is None

    def test_count_counts_from_one(self, store: Store) -> None:
        assert [store.count("k", 60) for _ in range(3)] == [1, 2, 3]
        assert store.count("other", 60) == 1

    def test_ping_returns(self, store: Store) -> None:
        store.ping()

    # -- lifetimes

    def test_a_value_lives_as_long_as_it_was_told(self, backend: Backend) -> None:
        for write in (
            lambda: backend.store.put("k", b"v", 100),
            lambda: backend.store.add("k", b"v", 100),
            lambda: backend.store.put("k", b"u", 5) or backend.store.swap("k", b"u", b"v", 100),
        ):
            write()
            backend.age("k", 95)
            assert backend.store.get("k") == b"v"
            backend.age("k", 5)
            assert backend.store.get("k") is None

    def test_a_value_whose_lifetime_has_passed_is_as_if_it_had_never_been(self, backend: Backend) -> None:
        def lapse() -> None:
            backend.store.put("k", b"v", 100)
            backend.age("k", 100)

        lapse()
        assert backend.store.take("k") is None
        lapse()
        assert not backend.store.swap("k", b"v", b"w", 100)
        lapse()
        assert not backend.store.discard("k", b"v")
        lapse()
        assert backend.store.add("k", b"new", 100)
        assert backend.store.get("k") == b"new"

    def test_writing_anew_begins_a_new_lifetime(self, backend: Backend) -> None:
        backend.store.put("k", b"v", 100)
        backend.age("k", 60)
        backend.store.put("k", b"v", 100)
        backend.age("k", 60)
        assert backend.store.get("k") == b"v"

    def test_a_refused_add_does_not_lengthen_a_life(self, backend: Backend) -> None:
        backend.store.put("k", b"v", 100)
        backend.age("k", 60)
        backend.store.add("k", b"w", 100)
        backend.store.swap("k", b"wrong", b"w", 100)
        backend.age("k", 60)
        assert backend.store.get("k") is None

    def test_a_counters_lifetime_starts_with_its_first_count(self, backend: Backend) -> None:
        assert backend.store.count("k", 100) == 1
        backend.age("k", 60)
        assert backend.store.count("k", 100) == 2
        backend.age("k", 60)
        assert backend.store.count("k", 100) == 1

    def test_a_lifetime_may_be_a_fraction_of_a_second(self, backend: Backend) -> None:
        assert backend.store.add("k", b"v", 0.25)
        backend.age("k", 0.25)
        assert backend.store.get("k") is None

    # -- updates

    def test_an_update_writes_what_it_makes_of_the_value(self, store: Store) -> None:
        assert store.update("k", lambda now: Write((now or b"") + b"a", 60)) == Write(b"a", 60)
        assert store.update("k", lambda now: Write((now or b"") + b"b", 60)) == Write(b"ab", 60)
        assert store.get("k") == b"ab"

    def test_an_update_may_leave_a_value_or_delete_it(self, store: Store) -> None:
        assert store.update("k", lambda now: None) is None
        assert store.update("k", lambda now: DELETE) == DELETE
        assert store.get("k") is None
        store.put("k", b"v", 60)
        assert store.update("k", lambda now: None) is None
        assert store.get("k") == b"v"
        assert store.update("k", lambda now: DELETE) == DELETE
        assert store.get("k") is None

    def test_an_error_of_an_update_changes_nothing(self, store: Store) -> None:
        store.put("k", b"v", 60)
        with pytest.raises(ZeroDivisionError):
            store.update("k", lambda now: Write(b"%d" % (1 // 0), 60))
        assert store.get("k") == b"v"

    def test_of_many_updates_at_once_none_is_lost(self, store: Store) -> None:
        def add(number: int) -> None:
            for _ in range(10):
                store.update("k", lambda now: Write((now or b"") + b"%c" % (65 + number), 60))

        at_once(add)
        value = store.get("k") or b""
        assert sorted(value) == sorted(10 * bytes(range(65, 65 + THREADS)))

    def test_stores_of_two_accounts_in_one_database_share_nothing(self, backend: Backend) -> None:
        one = backend.store
        with closing(open_store(backend.url, backend.clock, app_id="wxfedcba9876543210")) as other:
            one.put("k", b"one", 60)
            one.schedule("t", "job", 1)
            one.count("n", 60)
            assert other.get("k") is None
            assert other.add("k", b"other", 60)
            assert other.due("t", now=2, later=9, limit=9) == other.scheduled("t", 9) == []
            assert other.count("n", 60) == 1
            assert other.together([("get", ("k",)), ("swap", ("k", b"one", b"x", 60))]) == [b"other", False]
            other.unschedule("t", "job")
            other.delete("k")
            assert other.take("k") is None
            assert one.get("k") == b"one"
            assert one.due("t", now=2, later=9, limit=9) == ["job"]

    # -- timetables

    def test_a_name_is_due_from_its_moment_on_the_longest_due_first(self, store: Store) -> None:
        store.schedule("t", "late", 300)
        store.schedule("t", "early", 100)
        store.schedule("t", "中间", 200)
        store.schedule("other", "elsewhere", 1)
        assert store.due("t", now=99, later=1000, limit=10) == []
        assert store.due("t", now=200, later=1000, limit=10) == ["early", "中间"]
        assert store.scheduled("t", 10)[0] == "late"

    def test_a_name_that_was_given_out_is_due_again_later(self, store: Store) -> None:
        store.schedule("t", "n", 100)
        assert store.due("t", now=100, later=160, limit=10) == ["n"]
        assert store.due("t", now=159, later=220, limit=10) == []
        assert store.due("t", now=160, later=220, limit=10) == ["n"]

    def test_no_more_names_are_given_out_than_asked_for(self, store: Store) -> None:
        for n in range(5):
            store.schedule("t", f"n{n}", n)
        assert store.due("t", now=10, later=100, limit=2) == ["n0", "n1"]
        assert store.due("t", now=10, later=100, limit=10) == ["n2", "n3", "n4"]
        assert len(store.scheduled("t", 3)) == 3

    def test_a_later_entry_replaces_an_earlier_one(self, store: Store) -> None:
        store.schedule("t", "n", 100)
        store.schedule("t", "n", 500)
        assert store.due("t", now=499, later=1000, limit=10) == []
        assert store.scheduled("t", 10) == ["n"]

    def test_a_name_of_the_far_future_is_due_now(self, store: Store) -> None:
        """It was entered before the clock was set back."""
        for name, at in (("past", 5), ("soon", 20), ("far", 3605), ("farther", 4000)):
            store.schedule("t", name, at)
        assert store.due("t", now=10, later=20, limit=2, furthest=70) == ["past", "far"]
        assert store.due("t", now=10, later=20, limit=2, furthest=70) == ["farther"]
        assert store.due("t", now=10, later=20, limit=9, furthest=70) == []
        assert sorted(store.due("t", now=20, later=99, limit=9)) == ["far", "farther", "past", "soon"]

    def test_a_name_that_was_struck_out_is_never_due(self, store: Store) -> None:
        store.schedule("t", "n", 100)
        store.unschedule("t", "n")
        store.unschedule("t", "n")
        assert store.due("t", now=1000, later=2000, limit=10) == []
        assert store.scheduled("t", 10) == []

    def test_of_many_askers_each_name_comes_to_one(self, store: Store) -> None:
        for n in range(40):
            store.schedule("t", f"n{n}", n)
        given_out = at_once(lambda _: store.due("t", now=100, later=1000, limit=10))
        names = [name for names in given_out for name in names]  # type: ignore[attr-defined]
        assert sorted(names) == sorted(f"n{n}" for n in range(40))

    # -- many at once

    def test_of_many_adders_one_succeeds(self, store: Store) -> None:
        for n in range(20):
            assert sum(map(bool, at_once(lambda i, n=n: store.add(f"k{n}", b"%d" % i, 60)))) == 1

    def test_of_many_takers_one_gets_the_value(self, store: Store) -> None:
        for n in range(20):
            store.put(f"k{n}", b"v", 60)
            taken = at_once(lambda _, n=n: store.take(f"k{n}"))
            assert sorted(map(str, taken)) == ["None"] * (THREADS - 1) + ["b'v'"]

    def test_of_many_swappers_one_succeeds(self, store: Store) -> None:
        for n in range(20):
            store.put(f"k{n}", b"old", 60)
            assert sum(map(bool, at_once(lambda i, n=n: store.swap(f"k{n}", b"old", b"%d" % i, 60)))) == 1

    def test_of_many_discarders_one_succeeds(self, store: Store) -> None:
        for n in range(20):
            store.put(f"k{n}", b"v", 60)
            assert sum(map(bool, at_once(lambda _, n=n: store.discard(f"k{n}", b"v")))) == 1

    def test_no_count_is_lost(self, store: Store) -> None:
        counted = at_once(lambda _: [store.count("k", 60) for _ in range(25)])
        numbers = [number for numbers in counted for number in numbers]  # type: ignore[attr-defined]
        assert sorted(numbers) == list(range(1, 25 * THREADS + 1))

    def test_processes_are_as_good_as_threads(self, backend: Backend) -> None:
        outcomes = [output.split() for output in in_processes(2, CHILD, backend.url)]
        added = sum(int(outcome[0]) for outcome in outcomes)
        counted = sorted(int(word) for outcome in outcomes for word in outcome[1:])
        assert added == 100
        assert counted == list(range(1, 201))

    @settings(
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=40
    )
    @given(st.lists(st.tuples(st.sampled_from("pasdtc"), st.sampled_from(["a", "b"]), st.binary(max_size=2))))
    def test_any_sequence_of_operations_does_what_a_dict_would(
        self, store: Store, steps: list[tuple[str, str, bytes]]
    ) -> None:
        store.delete("a")
        store.delete("b")
        model: dict[str, bytes] = {}
        for step, key, value in steps:
            if step == "p":
                store.put(key, value, 60)
                model[key] = value
            elif step == "a":
                assert store.add(key, value, 60) == (key not in model)
                model.setdefault(key, value)
            elif step == "s":
                matches = model.get(key) == value
                assert store.swap(key, value, b"swapped", 60) == matches
                if matches:
                    model[key] = b"swapped"
            elif step == "d":
                matches = model.get(key) == value
                assert store.discard(key, value) == matches
                if matches:
                    del model[key]
            elif step == "t":
                assert store.take(key) == model.pop(key, None)
            else:
                store.delete(key)
                model.pop(key, None)
            assert {name: store.get(name) for name in "ab"} == {name: model.get(name) for name in "ab"}


# Adds the same hundred keys and counts the same counter as its sibling, at the same time.
CHILD = """
import sys
from bot.store import DELETE, Store, Write, open_store, sqlite
sqlite._BUSY_SECONDS = 60
store = open_store(sys.argv[1], lambda: 1_700_000_000.0, app_id='wx0123456789abcdef')
store.ping()
print("ready", flush=True)
sys.stdin.readline()
print(sum(store.add(f"k{n}", b"v", 60) for n in range(100)))
print(*[store.count("counter", 60) for _ in range(100)])
store.close()
"""


# -- SQLite's own


def test_dead_rows_are_swept(make_config: MakeConfig, clock: Clock) -> None:
    url = make_config().store_url
    store = open_store(url, clock, app_id=APP_ID)
    for n in range(600):
        store.put(f"dead{n}", b"v", 10)
    clock.advance(11)
    for _ in range(600):
        store.put("live", b"v", 10)
    store.close()
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db:
        assert db.execute("SELECT count(*) FROM entry").fetchone() == (1,)


def test_the_sweep_goes_on_past_rows_that_live(
    make_config: MakeConfig, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_SWEEP_ROWS", 4)
    monkeypatch.setattr(sqlite, "_SWEEP_EVERY", 8)
    url = make_config().store_url
    store = open_store(url, clock, app_id=APP_ID)
    for n in range(20):
        store.put(f"a{n}", b"v", 1000)
        store.put(f"{chr(0x10FFFF)}{n}", b"v", 10)
    clock.advance(11)
    for _ in range(100):
        store.put("live", b"v", 10)
    store.close()
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db:
        assert db.execute("SELECT count(*), min(key) FROM entry").fetchone() == (21, f"{APP_ID}:a0")


def test_a_message_finds_its_rows_by_key_however_many_there_are(
    make_config: MakeConfig, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No statement of a message looks through the table: its time does not grow with the store."""
    store = SqliteStore(make_config().store_url.removeprefix("sqlite:///"), APP_ID, clock)
    plans: list[str] = []
    execute = store._when_free

    def explained(db: sqlite3.Connection, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        plans.extend(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", values))
        return execute(db, statement, values)

    monkeypatch.setattr(store, "_when_free", explained)
    assert store.add("message", b"R", 60)
    assert store.get("kept") is None
    assert store.swap("message", b"R", b"D", 60)
    assert plans
    assert all(plan.startswith("SEARCH entry USING PRIMARY KEY") for plan in plans), plans
    store.close()


def test_a_value_outlives_the_process_in_the_file(make_config: MakeConfig, clock: Clock) -> None:
    url = make_config().store_url
    store = open_store(url, clock, app_id=APP_ID)
    store.put("k", b"v", 60)
    store.close()
    store = open_store(url, clock, app_id=APP_ID)
    assert store.get("k") == b"v"
    store.close()


def test_the_folder_of_the_file_is_made(make_config: MakeConfig, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/new/folder/bot.db", app_id=APP_ID)
    store.ping()
    store.close()


def test_a_store_works_again_after_it_was_closed(make_config: MakeConfig) -> None:
    """`python -m bot` opens it once to see that it can, closes it, and hands over to its workers."""
    store = open_store(make_config().store_url, app_id=APP_ID)
    store.put("k", b"v", 60)
    store.close()
    assert store.get("k") == b"v"
    store.close()


@pytest.mark.parametrize("spoil", ["folder", "file for a folder", "not a database"])
def test_a_file_that_cannot_be_used_is_a_store_error_that_names_it(tmp_path: Path, spoil: str) -> None:
    folder = tmp_path
    path = folder / "bot.db"
    if spoil == "folder":
        path.mkdir()
    elif spoil == "file for a folder":
        (folder / "file").write_text("x")
        path = folder / "file" / "bot.db"
    else:
        path.write_bytes(b"this is no database, whatever its name says " * 50)
    with pytest.raises(StoreError) as error:
        open_store(f"sqlite:///{path}", app_id=APP_ID)
    assert str(path) in str(error.value)


def test_an_unknown_kind_of_store_is_a_store_error() -> None:
    with pytest.raises(StoreError, match="STORE_URL"):
        open_store("mysql://x", app_id=APP_ID)


# -- Redis's own


@pytest.mark.redis
def test_every_method_of_a_dead_redis_is_a_store_error_and_it_comes_back(mortal_redis: RedisServer) -> None:
    moment = Clock(0.0)
    store = RedisStore(mortal_redis.url, APP_ID, moment)
    store.put("k", b"v", 60)
    mortal_redis.kill()
    calls: list[Callable[[], object]] = [
        lambda: store.get("k"),
        lambda: store.put("k", b"v", 60),
        lambda: store.add("k", b"v", 60),
        lambda: store.swap("k", b"v", b"w", 60),
        lambda: store.take("k"),
        lambda: store.discard("k", b"v"),
        lambda: store.delete("k"),
        lambda: store.count("k", 60),
        lambda: store.schedule("t", "n", 1),
        lambda: store.due("t", 1, 2, 3),
        lambda: store.scheduled("t", 1),
        lambda: store.unschedule("t", "n"),
        store.ping,
    ]
    for call in calls:
        moment.advance(2)
        with pytest.raises(StoreError):
            call()
    mortal_redis.start()
    moment.advance(2)
    assert store.count("k", 60) == 1
    assert store.swap("k", b"1", b"2", 60)
    store.close()


@pytest.mark.redis
def test_a_dead_redis_is_not_asked_again_for_a_moment(
    mortal_redis: RedisServer, log: pytest.LogCaptureFixture
) -> None:
    """A message makes several calls, and each would wait for its own time-out."""
    moment = Clock(0.0)
    store = RedisStore(mortal_redis.url, APP_ID, moment)
    mortal_redis.kill()
    with pytest.raises(StoreError):
        store.ping()
    mortal_redis.start()
    moment.advance(0.9)
    with pytest.raises(StoreError):
        store.ping()
    moment.advance(0.2)
    store.ping()
    store.close()
    assert len(log.records) == 2, "that it is gone, and that it is back"


def test_a_redis_that_cannot_be_reached_is_named_without_its_password() -> None:
    store = open_store("redis://user:hunter2@127.0.0.1:1/0", app_id=APP_ID)
    with pytest.raises(StoreError) as error:
        store.ping()
    assert "127.0.0.1" in str(error.value)
    assert "hunter2" not in str(error.value)
    store.close()


@pytest.mark.redis
def test_every_key_in_redis_has_a_time_to_live(redis_server: RedisServer) -> None:
    store = open_store(redis_server.url, app_id=APP_ID)
    store.put("put", b"v", 100)
    store.add("add", b"v", 100)
    store.put("swap", b"u", 5)
    store.swap("swap", b"u", b"v", 100)
    store.count("count", 100)
    for key in ("put", "add", "swap", "count"):
        left = redis_server.client.pttl(f"{APP_ID}:{key}")
        assert 90_000 < left <= 100_000
    store.close()


def test_sqlite_closes_the_connections_of_threads_that_have_ended(
    make_config: MakeConfig, clock: Clock
) -> None:
    config = make_config()
    path = config.store_url.removeprefix("sqlite:///")
    with closing(open_store(config.store_url, clock, app_id=APP_ID)) as store:
        for _ in range(20):
            thread = threading.Thread(target=store.get, args=("key",))
            thread.start()
            thread.join()
        opened = [os.path.realpath(file) for file in Path("/proc/self/fd").iterdir()]
    assert 1 <= sum(file == os.path.realpath(path) for file in opened) <= 3


def test_sqlite_closes_no_connection_that_another_thread_uses(make_config: MakeConfig, clock: Clock) -> None:
    """SQLite would crash the process."""
    store = SqliteStore(make_config().store_url.removeprefix("sqlite:///"), APP_ID, clock)
    begun, is_closing = threading.Event(), threading.Event()

    def write() -> bytes | None:
        with store._transaction() as db:
            begun.set()
            assert is_closing.wait(60)
            db.execute("INSERT INTO entry VALUES (?, 'value', 1e12)", (f"{APP_ID}:key",))
        return store.get("key")

    with ThreadPoolExecutor(2) as pool:
        written = pool.submit(write)
        assert begun.wait(60)
        before = store._local
        closed = pool.submit(store.close)
        until(lambda: store._local is not before)
        is_closing.set()
        assert written.result(60) == "value"
        closed.result(60)
    store.close()


def test_what_sqlite_has_written_is_written_even_if_the_sweep_fails(
    make_config: MakeConfig, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise StoreError("locked")

    with closing(SqliteStore(make_config().store_url.removeprefix("sqlite:///"), APP_ID, clock)) as store:
        monkeypatch.setattr(store, "_sweep", fails)
        added = [store.add(f"key{number}", b"1", 60) for number in range(600)]
    assert all(added)


@pytest.mark.redis
def test_a_connection_that_redis_closed_while_nobody_used_it_is_no_outage(
    redis_server: RedisServer, clock: Clock, log: pytest.LogCaptureFixture
) -> None:
    with closing(RedisStore(redis_server.url, APP_ID, clock)) as store:
        store.put("key", b"1", 60)
        clock.advance(2)
        redis_server.client.client_kill_filter(_type="normal", skipme=True)
        assert store.get("key") == b"1"
    assert not log.records
