"""Turns: who computes, who waits, and that nobody waits for long."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.turn import Turn

PATH = "/wechat"


class App:
    """A WSGI application that says how many are inside at the same time, and runs `work` there."""

    def __init__(self, work: Callable[[], None] = lambda: None) -> None:
        self.most = 0
        self._inside = 0
        self._lock = threading.Lock()
        self._work = work

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
        try:
            self._work()
        finally:
            with self._lock:
                self._inside -= 1
        return [b"done"]


def call(app: Callable[..., Iterable[bytes]], path: str = PATH) -> bytes:
    return b"".join(app({"PATH_INFO": path}, lambda *_: None))


def test_deliveries_compute_one_after_the_other() -> None:
    app = App(lambda: sum(range(2000)) and None)
    taking_turns = Turn(1, patience=20).taken_by(app, PATH)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: call(taking_turns), range(400))) == {b"done"}
    assert app.most == 1


def test_whoever_sleeps_lets_the_next_one_go_first() -> None:
    turn, order = Turn(1, patience=20), list[str]()
    asleep, gone = threading.Event(), threading.Event()

    def work() -> None:
        if not order:
            order.append("first begins")
            asleep.set()
            while not gone.is_set():
                turn.sleep(0.001)
            order.append("first ends")
        else:
            order.append("second")
            gone.set()

    taking_turns = turn.taken_by(App(work), PATH)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(call, taking_turns)
        assert asleep.wait(10)
        call(taking_turns)
        first.result(10)
    assert order == ["first begins", "second", "first ends"]


def test_a_handler_that_waits_for_somebody_else_does_not_stop_the_others() -> None:
    go, inside = threading.Event(), threading.Barrier(3)

    def work() -> None:
        inside.wait(10)
        assert go.wait(10)

    taking_turns = Turn(1).taken_by(App(work), PATH)
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(call, taking_turns) for _ in range(2)]
        inside.wait(10)  # two are inside at once, though only one has the turn
        go.set()
        assert [done.result(10) for done in both] == [b"done", b"done"]


def test_a_handler_that_waits_loses_its_turn_and_no_other() -> None:
    """Behind it, deliveries go on one after the other."""
    go, waits, turn = threading.Event(), threading.Event(), Turn(1)

    def wait() -> None:
        waits.set()
        assert go.wait(10)

    app = App(lambda: sum(range(2000)) and None)
    with ThreadPoolExecutor(9) as pool:
        stuck = pool.submit(call, turn.taken_by(App(wait), PATH))
        assert waits.wait(10)
        assert call(turn.taken_by(app, PATH)) == b"done"  # the patience is over
        turn._patience = 20
        assert set(pool.map(lambda _: call(turn.taken_by(app, PATH)), range(200))) == {b"done"}
        go.set()
        assert stuck.result(10) == b"done"
        assert set(pool.map(lambda _: call(turn.taken_by(app, PATH)), range(200))) == {b"done"}
    assert app.most == 1


def test_whoever_has_waited_longest_is_next() -> None:
    turn, order = Turn(1, patience=20), list[int]()
    turn._take()  # by this thread

    def call_as(number: int) -> None:
        turn.taken_by(App(lambda: order.append(number)), PATH)({"PATH_INFO": PATH}, lambda *_: None)

    with ThreadPoolExecutor(6) as pool:
        calls = []
        for number in range(6):
            calls.append(pool.submit(call_as, number))
            while len(turn._waiting) <= number:
                pass
        turn._give_back()
        for done in calls:
            done.result(10)
    assert order == list(range(6))


def test_pages_take_no_turns() -> None:
    inside = threading.Barrier(2)
    taking_turns = Turn(1).taken_by(App(lambda: inside.wait(10) and None), PATH)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: call(taking_turns, "/"), range(2))) == [b"done", b"done"]


def test_a_failure_gives_the_turn_back() -> None:
    def fail() -> None:
        raise ValueError("x")

    turn = Turn(1, patience=20)
    for _ in range(3):
        with pytest.raises(ValueError, match="x"):
            call(turn.taken_by(App(fail), PATH))
    assert call(turn.taken_by(App(), PATH)) == b"done"
