"""Turns: how many deliveries compute at the same time in one process.

Threads of one interpreter cannot compute side by side. Where sixteen try, they hand the interpreter to each
other at every call of the store, which costs more than the work itself. So a delivery takes a turn before it
begins, and gives it back while it waits. Turns go to whoever has waited longest.
"""

import collections
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Turn:
    """`at_once` deliveries have a turn at the same time: as many as the store keeps waiting, and one more.

    If no turn ends for `patience` seconds while somebody waits, whoever has had one longest has lost it: a
    handler that waits for somebody else must not hold up the others. It runs on, beside them.
    """

    def __init__(self, at_once: int, patience: float = 0.01) -> None:
        self._at_once = at_once
        self._patience = patience
        self._lock = threading.Lock()  # over the three below; held for a moment
        # A turn is a lock of its own, which whoever waits for it cannot get yet.
        self._taken: dict[threading.Lock, None] = {}  # in the order in which they began
        self._waiting: collections.deque[threading.Lock] = collections.deque()
        self._ended = 0
        self._mine = threading.local()

    def taken_by(self, app: Wsgi, path: str) -> Wsgi:
        """`app`, where requests for `path` take turns."""

        def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if environ["PATH_INFO"] != path:
                return app(environ, start_response)
            self._take()
            try:
                return app(environ, start_response)
            finally:
                self._give_back()

        return wsgi

    def sleep(self, seconds: float) -> None:
        """Let others have the turn for so long."""
        self._give_back()
        time.sleep(seconds)
        self._take()

    def _take(self) -> None:
        turn = self._mine.turn = threading.Lock()
        with self._lock:
            if len(self._taken) < self._at_once:
                self._taken[turn] = None
                return
            turn.acquire()
            self._waiting.append(turn)
            ended = self._ended
        while not turn.acquire(timeout=self._patience):
            with self._lock:
                if ended == self._ended:
                    del self._taken[next(iter(self._taken))]
                    self._pass_on()
                ended = self._ended

    def _give_back(self) -> None:
        with self._lock:
            if self._mine.turn in self._taken:  # not lost
                del self._taken[self._mine.turn]
                self._pass_on()

    def _pass_on(self) -> None:
        self._ended += 1
        if self._waiting:
            turn = self._waiting.popleft()
            self._taken[turn] = None
            turn.release()
