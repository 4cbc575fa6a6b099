"""Which handlers may run on the loop: those that have shown that they do not keep it.

A handler that asks a database or WeChat waits for the answer, and nobody else is served meanwhile if it does
so on the loop. Nobody has to say which ones do: every handler starts out in a thread, and is watched. Whether
it waited at all, however short, the system tells (Linux; elsewhere handlers stay in threads).
"""

import resource
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bot.server import greenlets

_QUICK_SECONDS = 0.005
_STALL_SECONDS = 0.05
_CALLS = 50  # quick ones in a row, in a thread, that bring a handler to the loop
_MOST_CALLS = 5_000_000
_THREAD = getattr(resource, "RUSAGE_THREAD", None)


def _waits() -> int:
    """How often this thread has waited so far."""
    return 0 if _THREAD is None else resource.getrusage(_THREAD).ru_nvcsw


class HandlerThreads:
    """`threads` is how many handlers that are not known to be quick run at the same time."""

    def __init__(
        self,
        threads: int,
        timer: Callable[[], float] = time.perf_counter,
        waits: Callable[[], int] = _waits,
    ) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="handler")
        self._timer = timer
        self._waits = waits
        self._left: dict[str, int] = {}  # quick calls that a handler still owes
        self._owes: dict[str, int] = {}  # how many it owes each time, if it has stalled the loop

    def call(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """What the handler `function` returns or raises. `name` is what is known of it by."""
        if not greenlets.is_here():
            return function(*args)
        if self.is_quick(name):
            return greenlets.aside(self._watched, name, True, function, *args)
        return self.in_thread(self._watched, name, False, function, *args)

    def in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        """What `function` returns or raises, which may take its time."""
        return greenlets.in_thread(function, *args, pool=self._pool)

    def is_quick(self, name: str) -> bool:
        """Whether that handler would run on the loop."""
        return _THREAD is not None and self._left.get(name, _CALLS) == 0

    def close(self) -> None:
        """Let threads end when their handlers have."""
        self._pool.shutdown(wait=False)

    def _watched(self, name: str, on_the_loop: bool, function: Callable[..., Any], *args: Any) -> Any:
        since, waits = self._timer(), self._waits()
        try:
            return function(*args)
        finally:
            seconds = self._timer() - since
            if seconds >= _QUICK_SECONDS or self._waits() != waits:
                if on_the_loop and seconds >= _STALL_SECONDS:
                    self._owes[name] = min(_MOST_CALLS, 10 * self._owes.get(name, _CALLS))
                self._left[name] = self._owes.get(name, _CALLS)
            elif not on_the_loop:
                self._left[name] = max(0, self._left.get(name, _CALLS) - 1)
