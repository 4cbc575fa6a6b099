"""One run per message, on both stores: the three states, joining, promising."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.callback.dedup import Dedup, State
from bot.store import Store, open_store
from tests.callback.waiting import Waiting
from tests.conftest import Clock, MakeConfig

LIFETIME = 900.0


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def store(request: pytest.FixtureRequest, make_config: MakeConfig, clock: Clock) -> Iterator[Store]:
    redis = request.param == "redis"
    url = request.getfixturevalue("redis_server").url if redis else make_config().store_url
    store = open_store(url, clock)
    yield store
    store.close()


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def dedup(store: Store, waiting: Waiting) -> Dedup:
    return Dedup(store, LIFETIME, waiting.monotonic, waiting.sleep)


def test_a_message_is_new_then_running_then_done(dedup: Dedup) -> None:
    assert dedup.claim("k").state is State.NEW
    second = dedup.claim("k")
    assert (second.state, second.attempt) == (State.RUNNING, 2)
    assert dedup.finish("k", b"<reply/>")
    third = dedup.claim("k")
    assert (third.state, third.attempt, third.reply) == (State.DONE, 3, b"<reply/>")
    assert dedup.claim("other").state is State.NEW


def test_of_many_deliveries_at_once_one_is_new(dedup: Dedup) -> None:
    start = threading.Barrier(8)

    def claim() -> State:
        start.wait()
        return dedup.claim("k").state

    with ThreadPoolExecutor(8) as pool:
        states = [task.result() for task in [pool.submit(claim) for _ in range(8)]]
    assert sorted(state.value for state in states) == ["new"] + ["running"] * 7


def test_joining_gives_the_runs_reply_when_it_comes(dedup: Dedup, waiting: Waiting) -> None:
    dedup.claim("k")
    waiting.meanwhile = [lambda: None, lambda: dedup.finish("k", b"reply")]
    assert dedup.wait("k", 5.0) == b"reply"
    assert waiting.now < 1.0


def test_joining_ends_with_the_time_it_was_given(dedup: Dedup, waiting: Waiting) -> None:
    dedup.claim("k")
    assert dedup.wait("k", 4.5) is None
    assert waiting.now == pytest.approx(4.5)


def test_a_promised_reply_goes_another_way(dedup: Dedup) -> None:
    dedup.claim("k")
    assert dedup.promise("k")
    assert not dedup.promise("k"), "one promise is enough"
    assert dedup.claim("k").state is State.DONE
    assert dedup.claim("k").reply == b""
    assert dedup.wait("k", 1.0) == b""
    assert not dedup.finish("k", b"late"), "the caller must deliver it"
    assert dedup.claim("k").reply == b"", "a retry gets nothing twice"


def test_nothing_is_promised_when_the_run_has_ended(dedup: Dedup) -> None:
    dedup.claim("k")
    dedup.finish("k", b"reply")
    assert not dedup.promise("k")
    assert dedup.wait("k", 0.0) == b"reply"


def test_promise_and_finish_at_once_agree_on_who_delivers(dedup: Dedup) -> None:
    for n in range(40):
        key, start = f"k{n}", threading.Barrier(2)
        dedup.claim(key)

        def at_once(act: Callable[[], bool], start: threading.Barrier = start) -> bool:
            start.wait()
            return act()

        with ThreadPoolExecutor(2) as pool:
            promised = pool.submit(at_once, lambda key=key: dedup.promise(key))
            finished = pool.submit(at_once, lambda key=key: dedup.finish(key, b"r"))
            assert promised.result() != finished.result()


def test_a_record_outlives_the_freshness_window(make_config: MakeConfig, clock: Clock) -> None:
    store = open_store(make_config().store_url, clock)
    dedup = Dedup(store, LIFETIME)
    dedup.claim("k")
    dedup.finish("k", b"reply")
    clock.advance(LIFETIME - 1)
    assert dedup.claim("k").reply == b"reply"
    clock.advance(1)
    assert dedup.claim("k").state is State.NEW
    store.close()
