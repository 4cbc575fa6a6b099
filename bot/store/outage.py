"""Says once that a store is gone and once that it is back, instead of once for every message meanwhile."""

import logging
import math
import threading
import time
from collections.abc import Callable

log = logging.getLogger("bot.store")


class Outage:
    """Operations overlap, and end in another order than they began: what an operation that began before the
    last change has met is no news. `is_on` says how it stands."""

    def __init__(self, name: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self.is_on = False
        self._changed = -math.inf

    def begins(self, problem: str, since: float) -> None:
        """An operation that began at `since` failed."""
        if self._turns(True, since):
            log.error("[store] %s does not work, going on without it: %s", self._name, problem)

    def ends(self, since: float) -> None:
        """An operation that began at `since` worked."""
        if self.is_on and self._turns(False, since):
            log.warning("[store] %s works again", self._name)

    def _turns(self, on: bool, since: float) -> bool:
        with self._lock:
            if self.is_on is on or since < self._changed:
                return False
            self.is_on, self._changed = on, self._monotonic()
            return True
