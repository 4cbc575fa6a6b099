"""Threads for calls from a loop: few while they compute, as many as are needed while they wait.

Threads of one interpreter cannot compute side by side. Four that answer pages do so a sixth quicker than
sixteen, which hand the interpreter to each other; but where all four wait for WeChat, others must go on.
"""

import asyncio
import collections
import contextlib
import threading
from collections.abc import Callable
from typing import Any

_FEW = 4
_PATIENCE_SECONDS = 0.02


class Threads:
    """At most `most` threads. One more than four begins only if calls have waited for `patience` seconds and
    nobody took any of them; it ends when there is nothing to do."""

    def __init__(self, most: int, patience: float = _PATIENCE_SECONDS) -> None:
        self._most = most
        self._patience = patience
        self._changed = threading.Condition()  # over all that follows
        self._calls: collections.deque[Callable[[], object]] = collections.deque()
        self._taken = 0
        self._running = 0
        self._free = 0
        self._is_watched = False

    def call(self, function: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":
        """Its result or error, on the loop that runs here."""
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def run() -> None:
            try:
                result, settle = function(*args), done.set_result
            except StopIteration:  # which no future takes
                result, settle = RuntimeError("StopIteration"), done.set_exception
            except BaseException as error:
                result, settle = error, done.set_exception
            with contextlib.suppress(RuntimeError):  # the loop has ended, and whoever waited with it
                loop.call_soon_threadsafe(_unless_cut_off, done, settle, result)

        with self._changed:
            self._calls.append(run)
            if self._free >= len(self._calls):
                self._changed.notify()
            elif self._running < min(_FEW, self._most):
                self._begin()
            elif self._running < self._most and not self._is_watched:
                self._is_watched = True
                loop.call_later(self._patience, self._look, loop, self._taken)
        return done

    def _look(self, loop: asyncio.AbstractEventLoop, taken: int) -> None:
        with self._changed:
            if taken == self._taken:
                for _ in range(min(len(self._calls), self._most - self._running)):
                    self._begin()
            self._is_watched = bool(self._calls) and self._running < self._most
            if self._is_watched:
                loop.call_later(self._patience, self._look, loop, self._taken)

    def _begin(self) -> None:
        self._running += 1
        threading.Thread(target=self._run, name="page", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._calls and self._running > _FEW:
                    self._running -= 1
                    return
                self._free += 1
                while not self._calls:
                    self._changed.wait()
                self._free -= 1
                self._taken += 1
                call = self._calls.popleft()
            call()


def _unless_cut_off(done: "asyncio.Future[Any]", settle: Callable[[Any], None], what: Any) -> None:
    if not done.done():
        settle(what)
