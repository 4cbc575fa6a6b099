"""Choose where a handler runs: on the event loop if its earlier calls were quick, else in a thread.

A handler that waits for a database or for WeChat would block all other deliveries on the loop. Operators do
not declare this: every handler starts in a thread, and its calls are measured. The operating system counts
each wait of a thread, however short (Linux only; on other systems all handlers stay in threads).
"""

import resource
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bot.server import greenlets

_QUICK_SECONDS = 0.005  # a longer call is not quick
_STALL_SECONDS = 0.05  # after such a long call on the loop, more quick calls are needed
_CALLS = 50  # quick calls in a row, in a thread, that bring a handler to the loop
_MOST_CALLS = 5_000_000
_THREAD = getattr(resource, "RUSAGE_THREAD", None)


def _waits() -> int:
    """Return how often this thread has waited so far (voluntary context switches)."""
    return 0 if _THREAD is None else resource.getrusage(_THREAD).ru_nvcsw


class HandlerThreads:
    """Call handlers. Those that are not known to be quick run in a pool of `threads` threads.

    A handler moves to the loop after 50 quick calls in a row, and back to the pool after a call that was slow
    or waited. If that call blocked the loop for 50 ms, ten times as many quick calls are needed from then on.
    """

    def __init__(
        self,
        threads: int,
        timer: Callable[[], float] = time.perf_counter,
        waits: Callable[[], int] = _waits,
    ) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="handler")
        self._timer = timer
        self._waits = waits
        self._calls_left: dict[str, int] = {}  # by handler: how many more quick calls bring it to the loop
        # by handler: how many quick calls are required; more than 50 if it has blocked the loop
        self._calls_needed: dict[str, int] = {}

    def call(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """Call the handler `function`. Return what it returns, or raise what it raises. The measurements of
        the handler are kept under `name`."""
        if not greenlets.is_here():
            return function(*args)
        if self.is_quick(name):
            return greenlets.aside(self._watched, name, True, function, *args)
        return self.in_thread(self._watched, name, False, function, *args)

    def in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function that may block, in the pool. Return what it returns, or raise what it raises."""
        return greenlets.in_thread(function, *args, pool=self._pool)

    def is_quick(self, name: str) -> bool:
        """Return True if the handler `name` would run on the loop now."""
        return _THREAD is not None and self._calls_left.get(name, _CALLS) == 0

    def close(self) -> None:
        """Let each thread end when its handler has ended. Do not wait for them."""
        self._pool.shutdown(wait=False)

    def _watched(self, name: str, on_the_loop: bool, function: Callable[..., Any], *args: Any) -> Any:
        since, waits = self._timer(), self._waits()
        try:
            return function(*args)
        finally:
            seconds = self._timer() - since
            if seconds >= _QUICK_SECONDS or self._waits() != waits:
                if on_the_loop and seconds >= _STALL_SECONDS:
                    self._calls_needed[name] = min(_MOST_CALLS, 10 * self._calls_needed.get(name, _CALLS))
                self._calls_left[name] = self._calls_needed.get(name, _CALLS)
            elif not on_the_loop:
                self._calls_left[name] = max(0, self._calls_left.get(name, _CALLS) - 1)
