"""Plain functions on the loop: each pauses where it waits, and nobody else does."""

import asyncio
import contextvars
import gc
import threading

import pytest

from bot.server import greenlets
from tests import on_loop


def test_a_function_that_does_not_wait_runs_to_its_end() -> None:
    assert on_loop.run(greenlets.run(divmod, 7, 2)) == (3, 1)


def test_what_a_function_raises_comes_out_before_and_after_it_has_paused() -> None:
    def fails(pauses: bool) -> None:
        if pauses:
            greenlets.sleep(0)
        raise LookupError("mine")

    for pauses in (False, True):
        with pytest.raises(LookupError, match="mine"):
            on_loop.run(greenlets.run(fails, pauses))


def test_whoever_sleeps_lets_the_others_go_on() -> None:
    order = []

    def sleeper() -> None:
        order.append("begins")
        while "beside" not in order:
            greenlets.sleep(0.001)
        order.append("ends")

    async def both() -> None:
        await asyncio.gather(greenlets.run(sleeper), greenlets.run(order.append, "beside"))

    on_loop.run(both())
    assert order == ["begins", "beside", "ends"]


def test_wait_gives_the_result_of_an_awaitable_or_raises_its_error() -> None:
    async def answer(error: Exception | None) -> str:
        await asyncio.sleep(0)
        if error:
            raise error
        return "answer"

    def asks(error: Exception | None) -> str:
        try:
            return greenlets.wait(answer(error))
        except KeyError:
            return "caught"

    assert on_loop.run(greenlets.run(asks, None)) == "answer"
    assert on_loop.run(greenlets.run(asks, KeyError("k"))) == "caught"
    with pytest.raises(asyncio.CancelledError):
        on_loop.run(greenlets.run(asks, asyncio.CancelledError()))


def test_context_variables_are_the_requests_own() -> None:
    name = contextvars.ContextVar("name", default="nobody")

    def says() -> tuple[str, str]:
        before = name.get()
        greenlets.sleep(0)
        return before, name.get()

    async def request(who: str) -> tuple[str, str]:
        name.set(who)
        return await greenlets.run(says)

    async def both() -> list[tuple[str, str]]:
        return await asyncio.gather(request("a"), request("b"))

    assert on_loop.run(both()) == [("a", "a"), ("b", "b")]


def test_a_request_that_is_cut_off_ends_where_it_waits_and_stays_ended() -> None:
    seen = []
    paused: list[greenlets.ReusableGreenlet] = []

    def waits() -> None:
        try:
            greenlets.pause(paused.append)
        except asyncio.CancelledError:
            seen.append("cut off")
            raise

    async def cut() -> None:
        task = asyncio.create_task(greenlets.run(waits))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        paused[0].resume("too late")
        paused[0].fail(KeyError("too late"))

    on_loop.run(cut())
    assert seen == ["cut off"]


def test_in_a_thread_there_is_no_loop_and_sleep_is_a_plain_one() -> None:
    assert not greenlets.is_here()
    greenlets.sleep(0)
    assert on_loop.run(greenlets.run(greenlets.is_here))


def test_what_must_not_pause_is_not_seen_as_on_the_loop() -> None:
    lock, held = threading.Lock(), []

    def inside() -> bool:
        with lock:
            held.append(lock.locked())
            greenlets.sleep(0)  # does not pause: the next one would wait for the lock, and the loop with it
            return greenlets.is_here()

    def deliver() -> tuple[bool, bool]:
        return greenlets.without_pause(inside), greenlets.is_here()

    async def both() -> list[tuple[bool, bool]]:
        return await asyncio.gather(greenlets.run(deliver), greenlets.run(deliver))

    assert on_loop.run(both()) == [(False, True), (False, True)]
    assert held == [True, True]


def test_bursts_leave_no_more_and_more_behind() -> None:
    async def burst() -> None:
        await asyncio.gather(*(greenlets.run(greenlets.sleep, 0.01) for _ in range(1000)))

    async def bursts() -> list[int]:
        alive = []
        for _ in range(3):
            await burst()
            gc.collect()
            alive.append(sum(isinstance(one, greenlets.ReusableGreenlet) for one in gc.get_objects()))
        return alive

    first, *_, last = on_loop.run(bursts())
    assert last - first < 10


def test_soon_is_done_by_a_thread_and_nobody_waits_for_it() -> None:
    go, done = threading.Event(), threading.Event()

    def act() -> None:
        go.wait(60)
        done.set()

    async def deliver() -> None:
        await greenlets.run(greenlets.soon, act)
        assert not done.is_set()
        go.set()

    on_loop.run(deliver())
    assert done.wait(60)
    done.clear()
    greenlets.soon(act)
    assert done.is_set(), "where there is no loop it is done at once"
