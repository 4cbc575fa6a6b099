"""One run per message, on both stores: the states, joining, promising, taking over from the dead."""

import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.chat.delivery.record import Records, State
from bot.chat.replies.kinds import Article, News, Text
from bot.jobs.liveness import Liveness
from bot.store import Store, open_store
from tests.chat.clockwork import Clockwork
from tests.conftest import APP_ID, Clock, MakeConfig

LIFETIME = 900.0
REPLY = Text("reply")


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def store(request: pytest.FixtureRequest, make_config: MakeConfig, clock: Clock) -> Iterator[Store]:
    redis = request.param == "redis"
    url = request.getfixturevalue("redis_server").url if redis else make_config().store_url
    store = open_store(url, clock, app_id=APP_ID)
    yield store
    store.close()


@pytest.fixture
def waiting() -> Clockwork:
    return Clockwork()


MakeDedup = Callable[[], Records]


@pytest.fixture
def processes(store: Store, waiting: Clockwork, clock: Clock) -> Iterator[tuple[list[Liveness], MakeDedup]]:
    """Processes that share the store, all alive; and how to add one."""
    alive: list[Liveness] = []

    def make() -> Records:
        alive.append(Liveness(store))
        alive[-1].start()
        return Records(store, alive[-1], LIFETIME, clock, waiting.monotonic, waiting.sleep)

    yield alive, make
    for process in alive:
        process.stop()


@pytest.fixture
def dedup(processes: tuple[list[Liveness], MakeDedup]) -> Records:
    return processes[1]()


def nobody(process: str) -> None:
    """What a promise needs no job for."""


def test_a_message_is_new_then_running_then_done(dedup: Records, clock: Clock) -> None:
    assert dedup.claim("k").state is State.NEW
    second = dedup.claim("k")
    assert (second.state, second.attempt) == (State.RUNNING, 2)
    assert dedup.finish("k", REPLY)
    third = dedup.claim("k")
    assert (third.state, third.attempt, third.reply, third.at) == (State.DONE, 3, REPLY, clock.now)
    assert dedup.claim("other").state is State.NEW


def test_a_reply_of_any_kind_and_none_come_back_as_they_were(dedup: Records) -> None:
    for number, reply in enumerate((None, Text("]]>\x00中"), News((Article("a"), Article("b", url="u"))))):
        dedup.claim(str(number))
        dedup.finish(str(number), reply)
        assert dedup.claim(str(number)).reply == reply


def test_of_many_deliveries_at_once_one_is_new(dedup: Records) -> None:
    start = threading.Barrier(8)

    def claim() -> State:
        start.wait()
        return dedup.claim("k").state

    with ThreadPoolExecutor(8) as pool:
        states = [task.result() for task in [pool.submit(claim) for _ in range(8)]]
    assert sorted(state.value for state in states) == ["new"] + ["running"] * 7


def test_joining_gives_the_runs_reply_when_it_comes(dedup: Records, waiting: Clockwork) -> None:
    dedup.claim("k")
    waiting.meanwhile = [lambda: None, lambda: dedup.finish("k", REPLY)]
    joined = dedup.wait("k", 2, 5.0)
    assert (joined.state, joined.attempt, joined.reply) == (State.DONE, 2, REPLY)
    assert waiting.now < 1.0


def test_joining_ends_with_the_time_it_was_given(dedup: Records, waiting: Clockwork) -> None:
    dedup.claim("k")
    assert dedup.wait("k", 2, 4.5).state is State.RUNNING
    assert waiting.now == pytest.approx(4.5)


def test_a_promised_reply_goes_another_way(
    dedup: Records, processes: tuple[list[Liveness], MakeDedup]
) -> None:
    expected: list[str] = []
    dedup.claim("k")
    assert dedup.promise("k", expected.append)
    assert expected == [processes[0][0].me], "a job is written for the process that runs it"
    assert dedup.is_promised("k")
    assert dedup.promise("k", expected.append), "another delivery finds it promised"
    assert (dedup.claim("k").state, dedup.claim("k").reply) == (State.DONE, None)
    assert not dedup.finish("k", REPLY), "the caller must deliver it"
    assert dedup.claim("k").reply is None, "a retry gets nothing twice"


def test_nothing_is_promised_when_the_run_has_ended(dedup: Records) -> None:
    dedup.claim("k")
    dedup.finish("k", REPLY)
    assert not dedup.promise("k", nobody)
    assert not dedup.promise("unknown", nobody)
    assert dedup.wait("k", 2, 0.0).reply == REPLY


def test_promise_and_finish_at_once_agree_on_who_delivers(dedup: Records) -> None:
    for n in range(40):
        key, start = f"k{n}", threading.Barrier(2)
        dedup.claim(key)

        def at_once(act: Callable[[], bool], start: threading.Barrier = start) -> bool:
            start.wait()
            return act()

        with ThreadPoolExecutor(2) as pool:
            promised = pool.submit(at_once, lambda key=key: dedup.promise(key, nobody))
            finished = pool.submit(at_once, lambda key=key: dedup.finish(key, REPLY))
            assert promised.result() != finished.result()


def test_a_queued_message_is_nobodys_to_take_over(processes: tuple[list[Liveness], MakeDedup]) -> None:
    alive, make = processes
    first, second = make(), make()
    first.claim("k")
    first.queue("k")
    alive[0].stop()
    assert second.claim("k").state is State.RUNNING
    assert second.finish("k", REPLY), "whoever runs the job may finish it"


def test_the_next_delivery_takes_over_from_a_dead_process(
    processes: tuple[list[Liveness], MakeDedup],
) -> None:
    alive, make = processes
    first, second = make(), make()
    assert first.claim("k").state is State.NEW
    assert second.claim("k").state is State.RUNNING
    alive[0].stop()
    taken = second.claim("k")
    assert (taken.state, taken.attempt) == (State.NEW, 3)
    assert not first.finish("k", Text("of the dead")), "held for dead, it has lost the message"
    assert second.finish("k", REPLY)


def test_a_joined_delivery_takes_over_when_the_process_dies(
    processes: tuple[list[Liveness], MakeDedup], waiting: Clockwork
) -> None:
    alive, make = processes
    first, second = make(), make()
    first.claim("k")
    waiting.meanwhile = [lambda: None, alive[0].stop]
    assert second.wait("k", 2, 4.5).state is State.NEW
    assert waiting.now < 1.0


def test_a_reply_is_withdrawn_once(dedup: Records) -> None:
    dedup.claim("k")
    dedup.finish("k", REPLY)
    claim = dedup.claim("k")
    assert dedup.withdraw("k", claim)
    assert not dedup.withdraw("k", claim)
    assert (dedup.claim("k").state, dedup.claim("k").reply) == (State.DONE, None)


def test_a_record_that_the_store_lost_meanwhile_is_ours(dedup: Records, store: Store) -> None:
    dedup.claim("k")
    store.delete("k")
    assert dedup.finish("k", REPLY)
    assert dedup.claim("k").reply == REPLY


def test_a_record_outlives_the_freshness_window(make_config: MakeConfig, clock: Clock) -> None:
    store = open_store(make_config().store_url, clock, app_id=APP_ID)
    dedup = Records(store, Liveness(store), LIFETIME, clock)
    dedup.claim("k")
    dedup.finish("k", REPLY)
    clock.advance(LIFETIME - 1)
    assert dedup.claim("k").reply == REPLY
    clock.advance(1)
    assert dedup.claim("k").state is State.NEW
    store.close()


def test_a_reply_of_before_the_clock_was_set_back_is_old(dedup: Records, clock: Clock) -> None:
    """Otherwise the job that brings it would wait for as long as the clock was set back."""
    dedup.claim("k")
    dedup.finish("k", Text("x"), given=False)
    claim = dedup.look("k", 2)
    clock.advance(30)
    assert dedup.age(claim) == 30
    clock.advance(-33)
    assert dedup.age(claim) == -3, "the clocks of two machines may differ a little"
    clock.advance(-3600)
    assert dedup.age(claim) == math.inf
