"""A thread pool for pages: four threads while they compute, more while they wait.

Threads of one interpreter cannot compute at the same time. Four threads answer about 20% more pages than
sixteen, which lose time by switching. But if all four wait for WeChat, further threads must serve the rest.
"""

import asyncio
import collections
import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

_FEW = 4
_PATIENCE_SECONDS = 0.02
_SPARE_SECONDS = 5.0  # a thread beyond the first four ends after this time without work


class PageThreads:
    """A pool of at most `most` threads.

    More than four are started only if calls have waited for `patience` seconds, and in that time either no
    waiting call was taken or the process used less than a quarter of one CPU. A thread beyond the first four
    ends after `spare` seconds without work.
    """

    def __init__(self, most: int, patience: float = _PATIENCE_SECONDS, spare: float = _SPARE_SECONDS) -> None:
        self._most = most
        self._patience = patience
        self._spare = spare
        self._lock = threading.Lock()  # guards all fields below
        self.calls: collections.deque[Callable[[], object]] = collections.deque()
        self._taken = 0
        self.running = 0
        self._idle: list[threading.Condition] = []  # wake the newest first, so that the others can end
        self._is_watched = False

    def call(self, function: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":
        """Call `function` in a thread. Return a future of the running loop with its result or error. A
        StopIteration becomes a RuntimeError."""
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def run() -> None:
            try:
                result, settle = function(*args), done.set_result
            except StopIteration:  # a future refuses this exception
                result, settle = RuntimeError("StopIteration"), done.set_exception
            except BaseException as error:
                result, settle = error, done.set_exception
            with contextlib.suppress(RuntimeError):  # the loop has ended, so nothing waits for the result
                loop.call_soon_threadsafe(_unless_cancelled, done, settle, result)

        with self._lock:
            self.calls.append(run)
            if self._idle:
                self._idle.pop().notify()
            elif self.running < min(_FEW, self._most):
                self._begin()
            elif not self._is_watched:
                self._watch(loop)
        return done

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_watched = bool(self.calls) and self.running < self._most
        if self._is_watched:
            loop.call_later(self._patience, self._look, loop, self._taken, loop.time(), time.process_time())

    def _look(self, loop: asyncio.AbstractEventLoop, taken: int, at: float, computed: float) -> None:
        with self._lock:
            do_wait = time.process_time() - computed < (loop.time() - at) / 4
            if taken == self._taken or do_wait:
                for _ in range(min(len(self.calls), self._most - self.running)):
                    self._begin()
            self._watch(loop)

    def _begin(self) -> None:
        self.running += 1
        threading.Thread(target=self._run, name="page", daemon=True).start()

    def _run(self) -> None:
        wakes = threading.Condition(self._lock)
        while True:
            with self._lock:
                while not self.calls:
                    self._idle.append(wakes)
                    was_woken = wakes.wait(self._spare if self.running > _FEW else None)
                    if not was_woken and wakes in self._idle:
                        self._idle.remove(wakes)
                        if self.running > _FEW:
                            self.running -= 1
                            return
                self._taken += 1
                call = self.calls.popleft()
            call()


def _unless_cancelled(done: "asyncio.Future[Any]", settle: Callable[[Any], None], what: Any) -> None:
    if not done.done():
        settle(what)
