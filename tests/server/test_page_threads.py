"""PageThreads for pages: few while they compute, more while they wait."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from bot.server.page_threads import PageThreads
from tests import on_loop


def compute() -> int:
    """Some work; returns its thread."""
    sum(range(20_000))
    return threading.get_ident()


def test_results_and_errors_come_back() -> None:
    def fails(error: type[BaseException]) -> None:
        raise error("mine")

    async def calls() -> list[object]:
        threads = PageThreads(2)
        with pytest.raises(LookupError, match="mine"):
            await threads.call(fails, LookupError)
        with pytest.raises(RuntimeError, match="StopIteration"):
            await threads.call(fails, StopIteration)
        return [await threads.call(divmod, 7, 2), await threads.call(lambda: None)]

    assert on_loop.run(calls()) == [(3, 1), None]


def test_calls_that_compute_share_four_threads() -> None:
    async def calls() -> set[int]:
        threads = PageThreads(16, patience=600)
        return set(await asyncio.gather(*(threads.call(compute) for _ in range(200))))

    assert 1 <= len(on_loop.run(calls())) <= 4


def test_while_threads_wait_others_begin_up_to_the_most_and_end_again() -> None:
    go, inside = threading.Event(), threading.Semaphore(0)

    def wait() -> int:
        inside.release()
        assert go.wait(60)
        return threading.get_ident()

    async def calls() -> None:
        threads = PageThreads(9, spare=0.05)
        waiting = [threads.call(wait) for _ in range(8)]
        assert await threads.call(compute) not in {None}, "eight wait, and the ninth goes on"
        waiting += [threads.call(wait) for _ in range(3)]
        for _ in range(9):
            await asyncio.to_thread(inside.acquire, timeout=60)
        assert (threads.running, len(threads.calls)) == (9, 2), "nine at most"
        go.set()
        assert len(set(await asyncio.gather(*waiting))) == 9
        async with asyncio.timeout(60):
            while threads.running > 4:
                await threads.call(compute)
        assert threads.running == 4

    on_loop.run(calls())


def test_threads_that_wait_a_little_each_are_more_than_four() -> None:
    never = threading.Event()

    def wait() -> int:
        never.wait(0.05)
        return threading.get_ident()

    async def calls() -> set[int]:
        threads = PageThreads(16, patience=0.5)  # ten times the length of a call
        return set(await asyncio.gather(*(threads.call(wait) for _ in range(200))))

    assert len(on_loop.run(calls())) > 4


def test_a_thread_that_began_beside_four_that_are_held_stays() -> None:
    async def calls() -> None:
        threads, go = PageThreads(16, spare=600), threading.Event()
        held = [threads.call(go.wait) for _ in range(4)]
        await threads.call(compute)
        threads._patience = 600  # no more threads begin
        begun = threads.running  # five, or more on a busy machine
        async with asyncio.timeout(60):
            seen = {await threads.call(compute) for _ in range(50)}
        assert threads.running == begun
        assert len(seen) <= begun - 4
        go.set()
        await asyncio.gather(*held)

    on_loop.run(calls())


@pytest.mark.parametrize("busy", [0, 3])
def test_no_call_is_forgotten_behind_one_that_waits(busy: int) -> None:
    """Two calls at once where one thread is free: the second is not that one's alone."""

    async def calls() -> None:
        threads, go = PageThreads(16), threading.Event()
        held = [threads.call(go.wait) for _ in range(busy)]
        await threads.call(compute)
        first, second = threads.call(go.wait), threads.call(compute)
        await asyncio.wait_for(second, 60)
        assert not first.done()
        go.set()
        await asyncio.gather(first, *held)

    on_loop.run(calls())


def test_who_does_not_wait_for_the_result_any_more_disturbs_nobody() -> None:
    async def calls() -> list[Callable[..., object]]:
        threads, go = PageThreads(1), threading.Event()
        cut = threads.call(go.wait)
        cut.cancel()
        go.set()
        return [await threads.call(lambda: compute)]

    assert on_loop.run(calls()) == [compute]
