"""Who is alive, and what a process owes a store that was gone."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from bot.errors import StoreError
from bot.jobs.liveness import Liveness
from bot.store import open_store
from tests.conftest import APP_ID, Clock, MakeConfig


def test_a_process_is_alive_from_start_to_stop_or_till_its_lease_is_over(
    make_config: MakeConfig, clock: Clock
) -> None:
    store = open_store(make_config().store_url, clock, app_id=APP_ID)
    first, second = Liveness(store), Liveness(store)
    assert not second.is_alive(first.me)
    assert first.is_alive(first.me)
    first.start()
    assert second.is_alive(first.me)
    first.stop()
    assert not second.is_alive(first.me)
    store.put(f"alive:{first.me}", b"1", 3.0)
    clock.advance(3.0)
    assert not second.is_alive(first.me)
    store.close()


def test_a_dead_process_is_dead_though_the_clock_was_set_back(make_config: MakeConfig, clock: Clock) -> None:
    """Its lease then ends in an hour."""
    monotonic = Clock(0)
    store = open_store(make_config().store_url, clock, app_id=APP_ID)
    dead, living, me = (Liveness(store, monotonic) for _ in range(3))
    dead.beat()
    living.beat()
    clock.advance(-3600)
    for _ in range(10):
        living.beat()
        assert me.is_alive(living.me)
        is_dead_alive = me.is_alive(dead.me)
        clock.advance(0.7)
        monotonic.advance(0.7)
    assert not is_dead_alive
    store.close()


def test_during_an_outage_and_for_a_lease_after_it_nobody_can_say_who_is_alive(
    make_config: MakeConfig, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, monotonic = open_store(make_config().store_url, clock, app_id=APP_ID), Clock(0)
    liveness = Liveness(store, monotonic)
    liveness.beat()
    assert not liveness.is_unsure()
    with monkeypatch.context() as patch:
        patch.setattr(store, "put", refuse)
        liveness.beat()
    assert liveness.is_unsure()
    liveness.beat()
    assert liveness.is_unsure()
    monotonic.advance(3.0)
    assert not liveness.is_unsure()
    store.close()


def test_nothing_is_sure_while_something_is_owed(make_config: MakeConfig, clock: Clock) -> None:
    store, monotonic = open_store(make_config().store_url, clock, app_id=APP_ID), Clock(0)
    liveness = Liveness(store, monotonic)
    liveness.beat()
    liveness.owe(lambda: monotonic.advance(60))
    liveness.owe(lambda: None)
    assert liveness.is_unsure()
    liveness.settle()
    assert liveness.is_unsure(), "it took longer than a beat"
    liveness.settle()
    assert not liveness.is_unsure()
    store.close()


def refuse(*_: object) -> None:
    raise StoreError("gone")


def test_a_stop_waits_for_the_step_under_way_and_lets_none_begin(
    make_config: MakeConfig, clock: Clock
) -> None:
    store = open_store(make_config().store_url, clock, app_id=APP_ID)
    liveness, other = Liveness(store), Liveness(store)
    liveness.start()
    with ThreadPoolExecutor(1) as pool:
        with liveness.step() as may:
            assert may
            stopping = pool.submit(liveness.stop, 60)
            while True:
                with liveness.step() as may:
                    if not may:
                        break
            assert other.is_alive(liveness.me)
        stopping.result(60)
    assert not other.is_alive(liveness.me)
    store.close()


def test_what_is_owed_is_done_in_order_once_the_store_is_back(make_config: MakeConfig, clock: Clock) -> None:
    store = open_store(make_config().store_url, clock, app_id=APP_ID)
    liveness, done, gone = Liveness(store, clock), list[str](), [True]

    def first() -> None:
        if gone:
            raise StoreError("gone")
        done.append("first")

    def broken() -> None:
        raise ValueError("a fault of its own")

    liveness.owe(first)
    liveness.owe(broken)
    liveness.owe(lambda: done.append("second"))
    with pytest.raises(StoreError):
        liveness.settle()
    assert done == []
    gone.clear()
    liveness.settle()
    assert done == ["first", "second"]
    store.close()


def test_who_owes_much_is_alive_while_it_is_settled(make_config: MakeConfig, clock: Clock) -> None:
    store = open_store(make_config().store_url, clock, app_id=APP_ID)
    liveness, other, done = Liveness(store, clock), Liveness(store), list[int]()

    def act(number: int) -> None:
        clock.advance(0.002)
        assert other.is_alive(liveness.me)
        done.append(number)

    for number in range(2500):
        liveness.owe(partial(act, number))
    while len(done) < 2500:
        liveness.beat()
        clock.advance(0.7)
    assert done == list(range(2500))
    store.close()


def test_what_is_too_much_to_be_owed_is_dropped_and_said_once_for_an_outage(
    make_config: MakeConfig, clock: Clock, log: pytest.LogCaptureFixture
) -> None:
    store = open_store(make_config().store_url, clock, app_id=APP_ID)
    liveness, done = Liveness(store), list[int]()

    def first() -> None:
        if not done:
            done.append(-1)
            for number in range(1, 10_003):  # while the store was busy with the first
                liveness.owe(partial(done.append, number))
            raise StoreError("gone")
        done.append(0)

    for _ in range(2):
        done.clear()
        liveness.owe(first)
        with pytest.raises(StoreError):
            liveness.settle()
        while liveness.owed:
            liveness.settle()
        assert done == [-1, *range(10_000)], "what is under way is one of them"
    assert log.text.count("10000 writes wait until the store works; further ones are dropped") == 2
    store.close()
