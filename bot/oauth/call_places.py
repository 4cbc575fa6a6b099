"""Limit how many visits call WeChat at the same time in this process.

Visits must not delay deliveries, because pages and deliveries share the threads of the process. So while
WeChat does not answer, a visit does not wait for a place.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.errors import VisitError

_PLACE_SECONDS = 3.0  # how long a visit waits for a place
_SILENT_SECONDS = 5.0  # how long no visit waits for a place after a call without an answer


class CallPlaces:
    """A limited number of places: `at_once` calls may run at the same time. `monotonic` is a clock in
    seconds."""

    def __init__(self, at_once: int = 8, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._monotonic = monotonic
        self._silent_until = float("-inf")

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place. Wait up to 3 seconds for a free one. Raises VisitError(busy) if all are still taken.

        If the `with` block raises VisitError(wechat-down), the error is passed on, and for 5 seconds no visit
        waits for a place.
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
        """Hold a place without waiting. Yield False if all are taken."""
        is_held = self._free.acquire(blocking=False)
        try:
            yield is_held
        finally:
            if is_held:
                self._free.release()
