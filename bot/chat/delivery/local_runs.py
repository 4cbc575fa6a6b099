"""Run handlers in this process alone while the store fails.

A delivery to the same process waits for the run. In another process the handler runs again. Each run has its
own thread, because a delivery must be answered within 5 s even if the handler takes longer.
"""

import contextvars
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.chat.delivery.retry_timing import SERIES_SECONDS
from bot.chat.replies.kinds import Reply
from bot.store import Clock

_MOST_RUNS = 200  # at the same time; each has a thread
_MOST_IN_LINE = 20  # messages of one user that wait for their turn
_FIRST_POLL_SECONDS = 0.001
_LAST_POLL_SECONDS = 0.2

Bring = Callable[[Reply | None], None]


class Run:
    """The run of one message in one process. `attempts` counts the deliveries to this process. `reply` is set
    when the run has `ended`. `is_promised`: WeChat got an answer without the reply, which is brought later.
    """

    def __init__(self, at: float) -> None:
        self.at = at
        self.attempts = 0
        self.reply: Reply | None = None
        self.ended = False
        self.is_promised = False
        self._bring: Bring | None = None
        self._lock = threading.Lock()

    def promise(self, bring: Bring) -> bool:
        """Call `bring` with the reply when it is ready. Return False if it is already ready."""
        with self._lock:
            if self.ended and not self.is_promised:
                return False
            self._bring = self._bring or bring
            self.is_promised = True
            return True

    def end(self, reply: Reply | None) -> None:
        with self._lock:
            self.reply, self.ended = reply, True
        if self._bring:
            self._bring(reply)


class LocalRuns:
    """The runs of this process while the store fails, and for half a minute afterwards."""

    def __init__(
        self,
        clock: Clock = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._runs: dict[str, Run] = {}  # in the order of their start
        self.under_way = 0
        self._lock = threading.Lock()
        self._lines: dict[str, list[object]] = {}  # by user; the first one runs
        self._turn_ends = threading.Condition()

    def find(self, key: str) -> Run | None:
        """Return the run of this message if this process began it while the store failed, else None."""
        if not self._runs:
            return None
        with self._lock:
            self._drop_old()
            return self._runs.get(key)

    def begin(self, key: str, handle: Callable[[], Reply | None]) -> Run | None:
        """Return the run of this message. Start it at the first delivery. `handle` must not raise. Return
        None if too many runs are active."""
        with self._lock:
            run = self._runs.get(key)
            if run is not None:
                return run
            if self.under_way >= _MOST_RUNS:
                return None
            self.under_way += 1
            run = self._runs[key] = Run(self._clock())
        context = contextvars.copy_context()  # the log lines of the handler belong to this request
        threading.Thread(
            target=context.run, args=(self._go, run, handle), name="local-run", daemon=True
        ).start()
        return run

    def _go(self, run: Run, handle: Callable[[], Reply | None]) -> None:
        run.end(handle())
        with self._lock:
            self.under_way -= 1

    @contextmanager
    def turn(self, openid: str) -> Iterator[bool]:
        """Let the messages of one user's ordered routes wait for each other, in the order of the calls. Yield
        False at once if too many wait: each takes a thread."""
        turn = object()
        with self._turn_ends:
            line = self._lines.setdefault(openid, [])
            has_room = len(line) < _MOST_IN_LINE
            if has_room:
                line.append(turn)
                self._turn_ends.wait_for(lambda: line[0] is turn)
        if not has_room:
            yield False
            return
        try:
            yield True
        finally:
            with self._turn_ends:
                line.remove(turn)
                if not line:
                    del self._lines[openid]
                self._turn_ends.notify_all()

    def wait(self, run: Run, seconds: float) -> None:
        """Wait until the run has ended, at most for `seconds`."""
        end, pause = self._monotonic() + seconds, _FIRST_POLL_SECONDS
        while not run.ended:
            left = end - self._monotonic()
            if left <= 0:
                return
            self._sleep(min(pause, left))
            pause = min(2 * pause, _LAST_POLL_SECONDS)

    def _drop_old(self) -> None:
        """Delete old runs that have ended. The dict is in the order of their start."""
        now = self._clock()
        old = itertools.takewhile(lambda item: now - item[1].at >= SERIES_SECONDS, self._runs.items())
        for key in [key for key, run in old if run.ended]:
            del self._runs[key]
