"""A pool of threads for calls that may block. Each thread takes one call at a time.

Threads of one interpreter cannot compute at the same time, so few threads run while the calls compute, and
more run while the calls wait. A call that blocks never delays the calls that were submitted with it: before a
thread runs a call, it wakes another thread for the next one.
"""

import asyncio
import collections
import contextlib
import contextvars
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

# At most this many threads take calls without delay. Sixteen computing threads answered a fifth fewer pages.
_FEW = 4
_SPARE_SECONDS = 5.0  # a thread beyond the first four ends after this time without work

Settle = Callable[[Any, BaseException | None], object]


class _Call(NamedTuple):
    function: Callable[..., Any]
    args: tuple[Any, ...]
    context: contextvars.Context
    settle: Settle


class CallThreads:
    """A pool of at most `most` threads with the name `name`.

    More than four threads run if calls have waited for `patience` seconds. If the threads computed meanwhile,
    one more starts; if they waited, one for each waiting call. A thread beyond the first four
    ends after `spare` seconds without work. All methods must be called on the event loop.
    """

    def __init__(self, name: str, most: int, patience: float, spare: float = _SPARE_SECONDS) -> None:
        self._name = name
        self._most = most
        self._patience = patience
        self._spare = spare
        self._lock = threading.Lock()  # guards the fields down to _is_watched
        self.calls: collections.deque[_Call] = collections.deque()
        self.busy = 0  # threads that run a call
        self._threads: set[int] = set()
        self._allowed = min(_FEW, most)  # so many threads may start without delay
        self._idle: list[threading.Lock] = []  # release one to wake its thread; the newest first
        self._is_coming = False  # True from the wake-up of a thread until it looks for a call
        self._taken = 0
        self._is_watched = False
        self._is_closed = False
        self._loop: asyncio.AbstractEventLoop
        self._ended: collections.deque[tuple[Settle, Any, BaseException | None]] = collections.deque()
        self._is_loop_woken = False

    @property
    def running(self) -> int:
        """Return the number of threads."""
        return len(self._threads)

    @property
    def under_way(self) -> int:
        """Return the number of calls that run or wait for a thread."""
        return len(self.calls) + self.busy

    def call(self, function: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":
        """Call `function` in a thread. Return a future of the running loop with its result or error. A
        StopIteration becomes a RuntimeError."""
        done = asyncio.get_running_loop().create_future()
        self.submit(function, args, partial(_set, done))
        return done

    def submit(self, function: Callable[..., Any], args: tuple[Any, ...], settle: Settle) -> None:
        """Call `function` in a thread, then call `settle(result, error)` on the event loop."""
        if not self._threads:
            self._loop = asyncio.get_running_loop()
        call = _Call(function, args, contextvars.copy_context(), settle)
        with self._lock:
            self.calls.append(call)
            if not self._is_coming:
                self._rouse()

    def close(self) -> None:
        """Let each thread end when its call has ended. Do not wait for them."""
        with self._lock:
            self._is_closed = True
            while self._idle:
                self._idle.pop().release()

    # -- threads begin when they are needed

    def _rouse(self) -> None:
        """Let one more thread look for a call. Call it with the lock, while calls wait and no thread is
        coming."""
        if self._idle:
            self._is_coming = True
            self._idle.pop().release()
        elif len(self._threads) < self._allowed and self._begin():
            self._is_coming = True
        elif not self._is_watched and len(self._threads) < self._most:
            self._is_watched = True
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._watch)

    def _begin(self) -> bool:
        """Start a thread. Return False if the system allows no more threads."""
        thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return False
        self._threads.add(thread.ident or 0)
        return True

    def _watch(self) -> None:
        with self._lock:
            self._look_after_patience()

    def _look_after_patience(self) -> None:
        self._loop.call_later(self._patience, self._look, self._taken, self._loop.time(), self._computed())

    def _look(self, taken: int, at: float, computed: float) -> None:
        """Allow more threads if calls still wait. The threads start each other, because the loop would have
        to wait for each start."""
        with self._lock:
            if self.calls:
                do_wait = self._computed() - computed < (self._loop.time() - at) / 4
                more = len(self.calls) if do_wait else int(taken == self._taken)
                self._allowed = min(self._most, len(self._threads) + more)
                if not self._is_coming and len(self._threads) < self._allowed and self._begin():
                    self._is_coming = True
            self._is_watched = bool(self.calls) and len(self._threads) < self._most
            if self._is_watched:
                self._look_after_patience()

    def _computed(self) -> float:
        """Return the CPU seconds of all threads of the pool so far. Call it with the lock: no thread ends
        meanwhile."""
        return sum(map(_cpu_seconds, self._threads))

    # -- a thread

    def _run(self) -> None:
        wakes = threading.Lock()
        wakes.acquire()
        has_run = False
        while True:
            call = None
            with self._lock:
                if has_run:
                    self.busy -= 1
                else:
                    self._is_coming = False
                has_run = bool(self.calls)
                if has_run:
                    call = self.calls.popleft()
                    self.busy += 1
                    self._taken += 1
                    if self.calls and not self._is_coming:
                        self._rouse()
                elif self._is_closed:
                    self._leave()
                    return
                else:
                    self._idle.append(wakes)
            if call is not None:
                self._perform(call)
            elif not self._is_woken(wakes):
                return

    def _is_woken(self, wakes: threading.Lock) -> bool:
        """Wait until this thread is woken. Return False if it must end, because there was no work for it."""
        while not wakes.acquire(timeout=self._spare if len(self._threads) > _FEW else -1):
            with self._lock:
                if wakes in self._idle and len(self._threads) > _FEW:
                    self._idle.remove(wakes)
                    self._leave()
                    return False
        return True

    def _leave(self) -> None:
        self._threads.discard(threading.get_ident())
        self._allowed = max(min(_FEW, self._most), len(self._threads))

    def _perform(self, call: _Call) -> None:
        result = error = None
        try:
            result = call.context.run(call.function, *call.args)
        except BaseException as raised:
            error = raised
        self._ended.append((call.settle, result, error))
        if not self._is_loop_woken:
            self._is_loop_woken = True
            with contextlib.suppress(RuntimeError):  # the loop has ended, so nothing waits for the result
                self._loop.call_soon_threadsafe(self._settle_ended)

    def _settle_ended(self) -> None:
        self._is_loop_woken = False  # first, so that a call that ends now wakes the loop again
        while self._ended:
            settle, result, error = self._ended.popleft()
            settle(result, error)


def _set(done: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if done.done():
        return  # it was cancelled
    if isinstance(error, StopIteration):  # a future refuses this exception
        error = RuntimeError("StopIteration")
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)


def _cpu_seconds(ident: int) -> float:
    """Return the CPU seconds of a thread that has not ended. On systems that cannot say (macOS), return 0:
    all threads then count as waiting."""
    clock = getattr(time, "pthread_getcpuclockid", None)
    return time.clock_gettime(clock(ident)) if clock else 0.0
