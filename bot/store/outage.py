"""Log one line when a store begins to fail and one when it works again, instead of one for every message."""

import logging
import math
import threading
import time
from collections.abc import Callable

log = logging.getLogger("bot.store")


class Outage:
    """The outage state of one store: `is_on` is True while it fails. `name` is its name in log lines.

    Operations of several threads overlap. The result of an operation that began before the last change of
    `is_on` is outdated, and is ignored. Threads may share an Outage.
    """

    def __init__(self, name: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self.is_on = False
        self._changed = -math.inf

    def begins(self, problem: str, since: float) -> None:
        """Note that an operation which began at `since` (monotonic seconds) failed. Log a new outage."""
        if self._change_to(True, since):
            log.error("[store] %s does not work; the bot goes on without it: %s", self._name, problem)

    def ends(self, since: float) -> None:
        """Note that an operation which began at `since` worked. Log the end of an outage."""
        if self.is_on and self._change_to(False, since):
            log.warning("[store] %s works again", self._name)

    def _change_to(self, on: bool, since: float) -> bool:
        """Set `is_on`. Return False if it has that value already, or was changed after `since`."""
        with self._lock:
            if self.is_on is on or since < self._changed:
                return False
            self.is_on, self._changed = on, self._monotonic()
            return True
