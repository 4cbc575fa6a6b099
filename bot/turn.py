"""Turns: how many deliveries compute at the same time in one process.

Threads of one interpreter cannot compute side by side. Where sixteen try, they hand the interpreter to each
other at every call of the store, which costs more than the work itself. So a delivery takes a turn before it
begins, and gives it back while it waits.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Turn:
    """`at_once` deliveries have a turn at the same time: as many as the store keeps waiting, and one more.

    Whoever has waited for `patience` seconds goes on without one: a handler that waits for somebody else
    must not hold up the others.
    """

    def __init__(self, at_once: int, patience: float = 0.01) -> None:
        self._patience = patience
        # One token for each turn. A queue in C: the semaphore of the library costs a tenth of a message.
        self._free: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(at_once):
            self._free.put(None)
        self._held = threading.local()

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
        try:
            self._free.get(timeout=self._patience)
            self._held.turn = True
        except queue.Empty:
            self._held.turn = False

    def _give_back(self) -> None:
        if getattr(self._held, "turn", False):
            self._held.turn = False
            self._free.put(None)
