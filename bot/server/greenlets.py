"""Run plain blocking functions on an event loop. Each runs in a greenlet, which pauses where it must wait.

The code of a delivery is plain and can also run in a thread. On the loop, other deliveries run while it is
paused. Greenlets are cheaper than threads: threads of one interpreter cannot compute at the same time, and a
switch between two of them is expensive. A switch between greenlets costs about as much as two function calls.
"""

import asyncio
import contextvars
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from greenlet import GreenletExit, getcurrent, greenlet

R = TypeVar("R")


class ReusableGreenlet(greenlet):
    """A greenlet that runs one function after another. Its parent is the event loop.

    Only code of the loop may call resume() and fail().
    """

    ended: "asyncio.Future[None]"  # done when the function ends; set only if the function has paused
    is_busy = False
    may_pause = True  # False while it runs a function that must not pause: see without_pause()
    _result: Any = None
    _error: BaseException | None = None

    def begin(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Run `function` until it first pauses or until it ends. After its end, `is_busy` is False."""
        self.gr_context = getcurrent().gr_context  # so that its log lines have the id of this request
        self.is_busy = True
        self.switch(function, args)

    def resume(self, value: Any) -> None:
        """Let the function continue: its pause() returns `value`. Do nothing if it was cancelled
        meanwhile."""
        if self.is_busy:
            self.switch(value)
            self._report_end()

    def fail(self, error: BaseException) -> None:
        """Let the function continue: its pause() raises `error`. Do nothing if it was cancelled meanwhile."""
        if self.is_busy:
            self.throw(type(error), error, error.__traceback__)
            self._report_end()

    def settle(self, result: Any, error: BaseException | None) -> None:
        """Let the function continue: its pause() returns `result`, or raises `error` if there is one."""
        if error is None:
            self.resume(result)
        else:
            self.fail(error)

    def _report_end(self) -> None:
        if not self.is_busy and not self.ended.done():
            self.ended.set_result(None)

    def result(self) -> Any:
        """Return what the function returned, or raise what it raised."""
        result, error = self._result, self._error
        self._result = self._error = None
        if error is not None:
            raise error
        return result

    def end(self) -> None:
        """End the greenlet and free its memory, unless its function is still running.

        The garbage collector cannot do this: the greenlet's own frame refers to the greenlet.
        """
        if not self.is_busy:
            self.throw()

    def run(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Run functions until end() is called. Overrides `greenlet.run`."""
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
    """Greenlets of this thread that can be used again. A new one costs as much as parsing a message, because
    Python maps memory for its stack."""

    def __init__(self) -> None:
        self.greenlets: list[ReusableGreenlet] = []


_idle = _Idle()
_MOST_IDLE = 256


async def run(function: Callable[..., R], *args: Any) -> R:
    """Call `function` in a greenlet, where it may pause. Return what it returns, or raise what it raises."""
    one = _idle.greenlets.pop() if _idle.greenlets else ReusableGreenlet()
    one.begin(function, args)
    if one.is_busy:
        one.ended = asyncio.get_running_loop().create_future()
        try:
            await one.ended
        except asyncio.CancelledError as cut:
            one.fail(cut)
            one.end()  # do not use it again: a late resume() would reach the next function
            raise
    try:
        return one.result()  # type: ignore[no-any-return]  # the function's
    finally:
        if len(_idle.greenlets) < _MOST_IDLE:
            _idle.greenlets.append(one)
        else:
            one.end()


def is_here() -> bool:
    """Return True if the calling code runs in a greenlet on the loop and may pause."""
    here = getcurrent()
    return isinstance(here, ReusableGreenlet) and here.may_pause


def pause(begin: Callable[[ReusableGreenlet], object]) -> Any:
    """Let other greenlets run until this one is resumed. Return the value given to resume(), or raise the
    error given to fail().

    `begin(greenlet)` must arrange that the loop calls one of the two later. Call this only if is_here().
    """
    here: Any = getcurrent()
    begin(here)
    return here.parent.switch()


def wait(awaitable: Awaitable[R]) -> R:
    """Return the result of `awaitable`, or raise its error. Other greenlets run meanwhile."""

    def begin(one: ReusableGreenlet) -> None:
        def resume(done: "asyncio.Future[R]") -> None:
            if done.cancelled():
                one.fail(asyncio.CancelledError())
            elif error := done.exception():
                one.fail(error)
            else:
                one.resume(done.result())

        asyncio.ensure_future(awaitable).add_done_callback(resume)

    return pause(begin)  # type: ignore[no-any-return]  # what resume() was given


def sleep(seconds: float) -> None:
    """Wait for `seconds` and let others run meanwhile. Works on the loop and in a thread."""
    if is_here():
        pause(lambda one: asyncio.get_running_loop().call_later(seconds, one.resume, None))
    else:
        time.sleep(seconds)  # this thread belongs to one caller, so nobody else waits


def without_pause(function: Callable[..., R], *args: Any) -> R:
    """Call a function that must not pause on the loop, and return its result.

    It is for inline handlers: a handler may hold a lock, and another greenlet that waits for the lock would
    block the loop. A call of the store inside blocks the loop until it returns.
    """
    here: Any = getcurrent()
    here.may_pause = False
    try:
        return function(*args)
    finally:
        here.may_pause = True


def in_thread(function: Callable[..., R], *args: Any) -> R:
    """Call a function that may block. Return its result or raise its error.

    On the loop it runs in a thread of the loop's own pool, and other greenlets run meanwhile. In a thread it
    is called directly.
    """
    if not is_here():
        return function(*args)
    outcome = partial(contextvars.copy_context().run, _outcome, function, *args)
    result, error = wait(asyncio.get_running_loop().run_in_executor(None, outcome))
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]  # the function's


def _outcome(function: Callable[..., Any], *args: Any) -> tuple[Any, BaseException | None]:
    # Return the exception: asyncio treats some (StopIteration, CancelledError) in a special way if raised.
    try:
        return function(*args), None
    except BaseException as error:
        return None, error


def soon(function: Callable[..., object], *args: Any) -> None:
    """Call `function`, which must not raise. On the loop, call it in a thread and do not wait for it."""
    if is_here():
        asyncio.get_running_loop().run_in_executor(None, function, *args)
    else:
        function(*args)
