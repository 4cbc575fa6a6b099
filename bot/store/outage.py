"""Says once that a store is gone and once that it is back, instead of once for every message meanwhile."""

import logging

log = logging.getLogger("bot.store")


class Outage:
    """Threads may race here; at worst a line comes twice."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.is_on = False

    def begins(self, problem: str) -> None:
        """An operation failed."""
        if not self.is_on:
            self.is_on = True
            log.error("[store] %s does not work, going on without it: %s", self._name, problem)

    def ends(self) -> None:
        """An operation worked."""
        if self.is_on:
            self.is_on = False
            log.warning("[store] %s works again", self._name)
