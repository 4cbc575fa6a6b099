"""CallThreads: one call at a time for each thread, few threads while calls compute, more while they wait."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from bot.server.call_threads import CallThreads
from tests import on_loop

NEVER = 600.0  # seconds


def compute() -> int:
    """Some work; returns its thread."""
    sum(range(20_000))
    return threading.get_ident()


def test_results_and_errors_come_back() -> None:
    def fails(error: type[BaseException]) -> None:
        raise error("mine")

    async def calls() -> list[object]:
        threads = CallThreads("call", 2, 0.02)
        with pytest.raises(LookupError, match="mine"):
            await threads.call(fails, LookupError)
        with pytest.raises(RuntimeError, match="StopIteration"):
            await threads.call(fails, StopIteration)
        return [await threads.call(divmod, 7, 2), await threads.call(lambda: None)]

    assert on_loop.run(calls()) == [(3, 1), None]


def test_calls_that_compute_share_four_threads() -> None:
    async def calls() -> set[int]:
        threads = CallThreads("call", 16, NEVER)
        return set(await asyncio.gather(*(threads.call(compute) for _ in range(200))))

    assert 1 <= len(on_loop.run(calls())) <= 4


@pytest.mark.parametrize("blocked", [1, 2, 3])
def test_a_call_that_blocks_does_not_hold_those_that_were_submitted_with_it(blocked: int) -> None:
    """They are handed over in one turn of the loop, and no time passes until the others are taken."""

    async def calls() -> None:
        threads, go = CallThreads("call", 16, NEVER), threading.Event()
        held = [threads.call(go.wait) for _ in range(blocked)]
        others = [threads.call(compute) for _ in range(50)]
        await asyncio.wait_for(asyncio.gather(*others), 60)
        assert not any(one.done() for one in held)
        go.set()
        await asyncio.gather(*held)

    on_loop.run(calls())


def test_a_hundred_blocked_calls_do_not_hold_another_one() -> None:
    async def calls() -> None:
        threads, go = CallThreads("call", 200, 0.001), threading.Event()
        held = [threads.call(go.wait) for _ in range(100)]
        assert await asyncio.wait_for(threads.call(divmod, 7, 2), 60) == (3, 1)
        async with asyncio.timeout(60):
            while threads.under_way != 100:  # until the thread of the answered call notes its end
                await asyncio.sleep(0)
        go.set()
        await asyncio.gather(*held)
        async with asyncio.timeout(60):
            while threads.under_way:
                await asyncio.sleep(0)

    on_loop.run(calls())


def test_while_threads_wait_others_begin_up_to_the_most_and_end_again() -> None:
    go, inside = threading.Event(), threading.Semaphore(0)

    def wait() -> int:
        inside.release()
        assert go.wait(60)
        return threading.get_ident()

    async def calls() -> None:
        threads = CallThreads("call", 9, 0.02, spare=0.05)
        waiting = [threads.call(wait) for _ in range(8)]
        assert await threads.call(compute) not in {None}, "eight wait, and the ninth goes on"
        waiting += [threads.call(wait) for _ in range(3)]
        for _ in range(9):
            await asyncio.to_thread(inside.acquire, timeout=60)
        assert (threads.running, len(threads.calls)) == (9, 2), "nine at most"
        assert threads.under_way == 11
        go.set()
        assert len(set(await asyncio.gather(*waiting))) == 9
        async with asyncio.timeout(60):
            while threads.running > 4:
                await threads.call(compute)
        assert threads.running == 4

    on_loop.run(calls())


def test_if_threads_compute_one_more_begins_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four threads compute for long, as their CPU clocks say: ten more calls do not get ten threads at
    once."""
    computed = iter(range(1_000_000))
    monkeypatch.setattr("bot.server.call_threads._cpu_seconds", lambda ident: float(next(computed)))
    go = threading.Event()

    async def calls() -> None:
        threads = CallThreads("call", 16, 0.001)
        looks = []
        look = threads._look

        def noted(*args: float) -> None:
            before = threads.running
            look(*args)  # type: ignore[arg-type]  # as _look_after_patience() passes them
            looks.append(threads._allowed - before)

        monkeypatch.setattr(threads, "_look", noted)
        held = [threads.call(go.wait) for _ in range(14)]
        async with asyncio.timeout(60):
            while threads.running < 14:
                await asyncio.sleep(0)
        assert max(looks) == 1
        go.set()
        await asyncio.gather(*held)

    on_loop.run(calls())


def test_a_thread_that_began_beside_four_that_are_held_stays() -> None:
    async def calls() -> None:
        threads, go = CallThreads("call", 16, 0.02, spare=NEVER), threading.Event()
        held = [threads.call(go.wait) for _ in range(4)]
        await threads.call(compute)
        threads._patience = NEVER  # no more threads begin
        begun = threads.running  # five, or more on a busy machine
        async with asyncio.timeout(60):
            seen = {await threads.call(compute) for _ in range(50)}
        assert threads.running == begun
        assert len(seen) <= begun - 4
        go.set()
        await asyncio.gather(*held)

    on_loop.run(calls())


def test_a_system_without_room_for_threads_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    begin, refusals = threading.Thread.start, [True] * 3

    def start(thread: threading.Thread) -> None:
        if thread.name == "call" and refusals:
            refusals.pop()
            raise RuntimeError("can't start new thread")
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", start)

    async def calls() -> object:
        return await asyncio.wait_for(CallThreads("call", 16, 0.001).call(divmod, 7, 2), 60)

    assert on_loop.run(calls()) == (3, 1)
    assert refusals == []


def test_who_does_not_wait_for_the_result_any_more_disturbs_nobody() -> None:
    async def calls() -> list[Callable[..., object]]:
        threads, go = CallThreads("call", 1, 0.02), threading.Event()
        cut = threads.call(go.wait)
        cut.cancel()
        go.set()
        return [await threads.call(lambda: compute)]

    assert on_loop.run(calls()) == [compute]


def test_after_close_each_thread_ends_with_its_call() -> None:
    async def calls() -> None:
        threads, go = CallThreads("call", 16, 0.02), threading.Event()
        held = [threads.call(go.wait) for _ in range(2)]
        await threads.call(compute)
        threads.close()
        go.set()
        await asyncio.gather(*held)
        async with asyncio.timeout(60):
            while threads.running:
                await asyncio.sleep(0)

    on_loop.run(calls())
