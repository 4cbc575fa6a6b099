"""Which handlers run on the loop, and which in a thread."""

import asyncio
import concurrent.futures
import threading
import traceback
from collections.abc import Callable, Iterator

import pytest

from bot.server import greenlets
from bot.server.handler_threads import HandlerThreads
from bot.telemetry.log import request_id
from tests import on_loop


class Watch:
    """What the clock and the system would say."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits = 0

    def take(self, seconds: float) -> None:
        self.now += seconds

    def wait(self) -> None:
        self.waits += 1


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def pace(watch: Watch) -> Iterator[HandlerThreads]:
    pace = HandlerThreads(2, lambda: watch.now, lambda: watch.waits)
    yield pace
    pace.close()


def where(pace: HandlerThreads, handler: Callable[[], object], calls: int) -> str:
    """For each of so many calls in a row: l for the loop's thread, t for another one."""

    async def on_the_loop() -> str:
        seen = ""
        for _ in range(calls):
            runs_in = []

            def watched(runs_in: list[int] = runs_in) -> None:
                runs_in.append(threading.get_ident())
                handler()

            await greenlets.run(pace.call, "echo#0", watched)
            seen += "l" if runs_in == [threading.get_ident()] else "t"
        return seen

    return on_loop.run(on_the_loop())


def nothing() -> None:
    """A quick handler."""


def test_a_handler_comes_to_the_loop_when_it_has_been_quick_fifty_times(pace: HandlerThreads) -> None:
    assert where(pace, nothing, 52) == 50 * "t" + "ll"
    assert not pace.is_quick("another#0")


def test_a_handler_that_takes_its_time_or_waits_never_comes_to_the_loop(
    pace: HandlerThreads, watch: Watch
) -> None:
    assert where(pace, lambda: watch.take(0.006), 60) == 60 * "t"
    assert where(pace, watch.wait, 60) == 60 * "t", "however short: the next one may wait for long"


def test_one_that_waits_on_the_loop_has_to_show_again_that_it_is_quick(
    pace: HandlerThreads, watch: Watch
) -> None:
    assert where(pace, nothing, 50) == 50 * "t"
    for _ in range(2):
        assert where(pace, watch.wait, 1) == "l"
        assert where(pace, nothing, 51) == 50 * "t" + "l"


def test_one_that_stalls_the_loop_stays_away_for_longer_each_time(pace: HandlerThreads, watch: Watch) -> None:
    assert where(pace, nothing, 50) == 50 * "t"
    for stays_away in (500, 5000):
        assert where(pace, lambda: watch.take(0.06), 1) == "l"
        assert where(pace, nothing, stays_away + 1) == stays_away * "t" + "l"


def test_the_system_tells_whether_a_thread_has_waited() -> None:
    pace = HandlerThreads(1)
    assert where(pace, lambda: threading.Event().wait(0.001), 60) == 60 * "t"
    pace.close()
    pace = HandlerThreads(1)
    assert "l" in where(pace, nothing, 2000), (
        "one that does not wait, though others keep the interpreter busy"
    )
    pace.close()


def test_what_a_handler_raises_comes_out_of_either_place(pace: HandlerThreads) -> None:
    def fails() -> None:
        raise LookupError("mine")

    for _ in range(52):
        with pytest.raises(LookupError, match="mine"):
            where(pace, fails, 1)
    assert pace.is_quick("echo#0"), "it was quick about it"


@pytest.mark.parametrize("error", [StopIteration, asyncio.CancelledError, concurrent.futures.CancelledError])
def test_exceptions_that_mean_something_to_asyncio_are_exceptions_like_others(
    pace: HandlerThreads, error: type[BaseException]
) -> None:
    def handler() -> None:
        raise error

    def deliver() -> str:
        try:
            pace.call("echo#0", handler)
        except error:
            return "caught"
        return "nothing"

    assert [on_loop.run(greenlets.run(deliver)) for _ in range(52)] == 52 * ["caught"]


def test_the_place_where_a_handler_failed_is_told(pace: HandlerThreads) -> None:
    def handler() -> None:
        raise LookupError

    for _ in range(52):
        with pytest.raises(LookupError) as caught:
            on_loop.run(greenlets.run(pace.call, "echo#0", handler))
        assert "in handler" in "".join(traceback.format_tb(caught.value.__traceback__))


def test_a_handler_on_the_loop_may_run_a_loop_of_its_own(pace: HandlerThreads) -> None:
    async def inner() -> str:
        return "inner"

    def handler() -> str:
        return asyncio.run(inner())

    quick = HandlerThreads(1, lambda: 0.0, lambda: 0)
    said = [on_loop.run(greenlets.run(quick.call, "async#0", handler)) for _ in range(52)]
    assert said == 52 * ["inner"]
    assert quick.is_quick("async#0")
    quick.close()


def test_a_handler_that_waits_holds_up_nobody(pace: HandlerThreads) -> None:
    go = threading.Event()

    async def both() -> list[object]:
        waiting = asyncio.create_task(greenlets.run(pace.call, "waits#0", go.wait, 60))
        for _ in range(60):
            await greenlets.run(pace.call, "echo#0", nothing)
        go.set()
        return [await waiting, pace.is_quick("echo#0")]

    assert on_loop.run(both()) == [True, True]


def test_log_lines_of_a_handler_in_a_thread_belong_to_its_request(pace: HandlerThreads) -> None:
    async def request() -> str:
        request_id.set("abc")
        return str(await greenlets.run(pace.call, "echo#0", request_id.get))

    assert on_loop.run(request()) == "abc"


def test_without_a_loop_a_handler_runs_where_it_is_called(pace: HandlerThreads) -> None:
    assert pace.call("echo#0", threading.get_ident) == threading.get_ident()
    assert not pace.is_quick("echo#0"), "nothing is learnt there: a thread may take its time"
