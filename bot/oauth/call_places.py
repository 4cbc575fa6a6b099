"""Bound how many visits call WeChat at the same time in this process.

It must not hold up deliveries, which share the threads of the process with pages: while WeChat is silent, a
visit does not wait for a place.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.errors import VisitError

_PLACE_SECONDS = 3.0  # how long a visitor waits for a place among the calls
_SILENT_SECONDS = 5.0  # after WeChat has not answered, no visit waits for a place


class CallPlaces:
    """Give out `at_once` places. `monotonic` is a clock in seconds."""

    def __init__(self, at_once: int = 8, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._monotonic = monotonic
        self._silent_until = float("-inf")

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place, after a wait of a few seconds if need be. Raises VisitError(busy) if none gets free.

        A VisitError(wechat-down) inside is passed on, and ends the waiting for places for a while.
        """
        patience = _PLACE_SECONDS if self._monotonic() > self._silent_until else 0
        if not self._free.acquire(timeout=patience):
            raise VisitError("busy", 503)
        try:
            yield
        except VisitError as error:
            if error.reason == "wechat-down":
                self._silent_until = self._monotonic() + _SILENT_SECONDS
            raise
        finally:
            self._free.release()

    @contextmanager
    def place_if_free(self) -> Iterator[bool]:
        """Hold a place if one is free at once. Yields False if none is."""
        is_held = self._free.acquire(blocking=False)
        try:
            yield is_held
        finally:
            if is_held:
                self._free.release()
