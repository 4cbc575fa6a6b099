"""Handlers run in threads; inline ones run on the event loop, and are named if they keep it."""

import asyncio
import concurrent.futures
import logging
import threading
import traceback
from collections.abc import Iterator

import pytest

from bot.server import greenlets
from bot.server.handler_threads import HandlerThreads
from bot.telemetry import metrics
from bot.telemetry.log import request_id
from tests import on_loop


class Watch:
    """What the clock would say."""

    def __init__(self) -> None:
        self.now = 0.0

    def take(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def threads(watch: Watch) -> Iterator[HandlerThreads]:
    threads = HandlerThreads(2, timer=lambda: watch.now)
    yield threads
    threads.close()


def nothing() -> None:
    """A quick handler."""


def test_a_handler_runs_in_a_thread_however_quick_it_was_and_an_inline_one_on_the_loop(
    threads: HandlerThreads,
) -> None:
    async def both() -> tuple[set[int], set[int]]:
        apart = {await greenlets.run(threads.call, "echo", threading.get_ident) for _ in range(60)}
        inline = {await greenlets.run(threads.inline, "echo", threading.get_ident) for _ in range(60)}
        assert threading.get_ident() not in apart
        return inline, {threading.get_ident()}

    inline, loop = on_loop.run(both())
    assert inline == loop


def test_a_handler_that_was_quick_and_then_blocks_holds_up_nobody(threads: HandlerThreads) -> None:
    go = threading.Event()

    async def both() -> object:
        for _ in range(60):
            await greenlets.run(threads.call, "echo", nothing)
        waiting = asyncio.create_task(greenlets.run(threads.call, "echo", go.wait, 60))
        for _ in range(60):
            await greenlets.run(threads.call, "echo", nothing)
        go.set()
        return await waiting

    assert on_loop.run(both()) is True


def test_at_the_limit_there_is_no_room_and_the_operator_hears_of_it_once(
    threads: HandlerThreads, caplog: pytest.LogCaptureFixture
) -> None:
    go = threading.Event()
    before = metrics.handlers_full._value.get()

    async def full() -> list[bool]:
        rooms = [threads.has_room()]
        waiting = [asyncio.create_task(greenlets.run(threads.call, "echo", go.wait, 60)) for _ in range(2)]
        await asyncio.sleep(0)
        rooms += [threads.has_room() for _ in range(3)]
        assert await greenlets.run(threads.in_thread, divmod, 7, 2) == (3, 1), "uploads go on"
        go.set()
        await asyncio.gather(*waiting)
        async with asyncio.timeout(60):
            while not threads.has_room():
                await asyncio.sleep(0)
        return rooms

    with caplog.at_level(logging.WARNING, logger="bot"):
        assert on_loop.run(full()) == [True, False, False, False]
    assert [record.getMessage() for record in caplog.records] == [
        "[handle] 2 handlers run in this process (HANDLER_THREADS): further ones run as jobs"
    ]
    assert metrics.handlers_full._value.get() >= before + 3


def test_an_inline_handler_that_keeps_the_loop_is_named_once_a_minute(
    threads: HandlerThreads, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    before = metrics.inline_stalls._value.get()
    with caplog.at_level(logging.WARNING, logger="bot"):
        for name, seconds in (("a", 0.049), ("b", 0.05), ("b", 0.3), ("c", 1.5)):
            on_loop.run(greenlets.run(threads.inline, f"text.{name}", watch.take, seconds))
        on_loop.run(greenlets.run(threads.call, "text.d", watch.take, 3))
    said = [record.getMessage() for record in caplog.records]
    assert [line.partition(", in which")[0] for line in said] == [
        "[handle] handler text.b has inline=True and took 50 ms",
        "[handle] handler text.c has inline=True and took 1500 ms",
    ]
    assert metrics.inline_stalls._value.get() == before + 3


@pytest.mark.parametrize("way", ["call", "inline"])
@pytest.mark.parametrize(
    "error", [LookupError, StopIteration, asyncio.CancelledError, concurrent.futures.CancelledError]
)
def test_what_a_handler_raises_comes_out_with_its_place(
    threads: HandlerThreads, way: str, error: type[BaseException]
) -> None:
    def handler() -> None:
        raise error("mine")

    def deliver() -> str:
        try:
            getattr(threads, way)("echo", handler)
        except error as caught:
            return "".join(traceback.format_exception(caught))
        return "nothing"

    said = on_loop.run(greenlets.run(deliver))
    assert "in handler" in said
    assert "mine" in said


def test_an_inline_handler_does_not_pause_so_it_may_hold_a_lock(threads: HandlerThreads) -> None:
    lock = threading.Lock()

    def handler() -> bool:
        with lock:
            greenlets.sleep(0)  # where a delivery would let others run
            return greenlets.is_here()

    async def both() -> list[bool]:
        return await asyncio.gather(
            *(greenlets.run(threads.inline, "echo", handler) for _ in range(2)),
        )

    assert on_loop.run(both()) == [False, False]


def test_the_log_lines_of_a_handler_belong_to_its_request(threads: HandlerThreads) -> None:
    async def request(way: str) -> str:
        request_id.set("abc")
        return str(await greenlets.run(getattr(threads, way), "echo", request_id.get))

    assert [on_loop.run(request(way)) for way in ("call", "inline")] == ["abc", "abc"]


def test_without_a_loop_a_handler_runs_where_it_is_called(threads: HandlerThreads) -> None:
    here = threading.get_ident()
    ways = (threads.call, threads.inline)
    assert [way("echo", threading.get_ident) for way in ways] == [here, here]
