"""Plain functions on an event loop, where whoever waits lets the others go on.

The way of a delivery is plain code that any thread can run. On the loop each delivery is a greenlet: where it
has to wait it pauses, and whoever has what it waits for resumes it. Threads of one interpreter cannot compute
side by side, and pay for every change between them; a change of greenlets costs as much as a call or two.
"""

import asyncio
import contextvars
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any, TypeVar

from greenlet import GreenletExit, getcurrent, greenlet

R = TypeVar("R")


class Green(greenlet):
    """Runs one function after the other. Its parent is the loop, which alone may call resume() and fail()."""

    ended: "asyncio.Future[None]"  # of the function, once it has paused
    is_busy = False
    is_aside = False
    _result: Any = None
    _error: BaseException | None = None

    def begin(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Run `function` until it pauses for the first time or ends: it then is not busy any more."""
        self.gr_context = getcurrent().gr_context  # its log lines belong to this request
        self.is_busy = True
        self.switch(function, args)

    def resume(self, value: Any) -> None:
        """Go on: what the function has paused for is `value`."""
        if self.is_busy:  # not cut off meanwhile
            self.switch(value)
            self._tell()

    def fail(self, error: BaseException) -> None:
        """Go on with an error."""
        if self.is_busy:
            self.throw(type(error), error, error.__traceback__)
            self._tell()

    def _tell(self) -> None:
        if not self.is_busy and not self.ended.done():
            self.ended.set_result(None)

    def result(self) -> Any:
        """What the function returned. Raises what it raised."""
        result, error = self._result, self._error
        self._result = self._error = None
        if error is not None:
            raise error
        return result

    def end(self) -> None:
        """Give back its memory, unless its function goes on. Its own frame holds it: nothing else ends it."""
        if not self.is_busy:
            self.throw()

    def run(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """The greenlet's own: it lives on, for the next function."""
        loop: Any = self.parent
        while True:
            try:
                self._result = function(*args)
            except GreenletExit:
                raise
            except BaseException as error:
                self._error = error
            self.is_busy = False
            function, args = loop.switch()


class _Idle(threading.local):
    """Greenlets between two functions. A new one costs as much as the parsing of a message, for Python maps
    memory for the stack of each."""

    def __init__(self) -> None:
        self.greens: list[Green] = []


_idle = _Idle()
_MOST_IDLE = 256


async def run(function: Callable[..., R], *args: Any) -> R:
    """What `function` returns, which may pause. Raises what it raises."""
    green = _idle.greens.pop() if _idle.greens else Green()
    green.begin(function, args)
    if green.is_busy:
        green.ended = asyncio.get_running_loop().create_future()
        try:
            await green.ended
        except asyncio.CancelledError as cut:
            green.fail(cut)
            green.end()  # not used again: whoever wanted to resume it still may
            raise
    try:
        return green.result()  # type: ignore[no-any-return]  # the function's
    finally:
        if len(_idle.greens) < _MOST_IDLE:
            _idle.greens.append(green)
        else:
            green.end()


def is_here() -> bool:
    """Whether this code runs on a loop, and may pause."""
    here = getcurrent()
    return isinstance(here, Green) and not here.is_aside


def pause(begin: Callable[[Green], object]) -> Any:
    """Let others go on, until whoever `begin` has told calls resume() or fail(). Only where is_here()."""
    here: Any = getcurrent()
    begin(here)
    return here.parent.switch()


def wait(awaitable: Awaitable[R]) -> R:
    """The result of `awaitable`; others go on meanwhile."""

    def begin(green: Green) -> None:
        def resume(done: "asyncio.Future[R]") -> None:
            if done.cancelled():
                green.fail(asyncio.CancelledError())
            elif error := done.exception():
                green.fail(error)
            else:
                green.resume(done.result())

        asyncio.ensure_future(awaitable).add_done_callback(resume)

    return pause(begin)  # type: ignore[no-any-return]  # what resume() was given


def sleep(seconds: float) -> None:
    """Let others go on for so long: on the loop and in a thread alike."""
    if is_here():
        pause(lambda green: asyncio.get_running_loop().call_later(seconds, green.resume, None))
    else:
        time.sleep(seconds)  # a thread of its own: nobody else waits


def aside(function: Callable[..., R], *args: Any) -> R:
    """Call what must not pause, for it may hold a lock that the next one wants: for it there is no loop, and
    it may run one of its own."""
    here: Any = getcurrent()
    loop = asyncio.get_running_loop()
    here.is_aside = True
    asyncio._set_running_loop(None)
    try:
        return function(*args)
    finally:
        asyncio._set_running_loop(loop)
        here.is_aside = False


def in_thread(function: Callable[..., R], *args: Any, pool: Executor | None = None) -> R:
    """Call what may take its time: on the loop by a thread, of `pool` or of the loop's own, while others go
    on."""
    if not is_here():
        return function(*args)
    outcome = partial(contextvars.copy_context().run, _outcome, function, *args)
    result, error = wait(asyncio.get_running_loop().run_in_executor(pool, outcome))
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]  # the function's


def _outcome(function: Callable[..., Any], *args: Any) -> tuple[Any, BaseException | None]:
    # Not raised: asyncio gives some exceptions (StopIteration, CancelledError) a meaning of its own.
    try:
        return function(*args), None
    except BaseException as error:
        return None, error


def soon(function: Callable[..., object], *args: Any) -> None:
    """Have it called, on the loop by a thread that nobody waits for. It raises nothing."""
    if is_here():
        asyncio.get_running_loop().run_in_executor(None, function, *args)
    else:
        function(*args)
