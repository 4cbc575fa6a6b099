"""Count the visits that lead to WeChat or come back from it, for each network and minute.

It never counts a visitor who is known: only steps that cost a state or a call to WeChat are limited.
"""

from bot.errors import VisitError
from bot.oauth.request import Request
from bot.store.limits import Limits


class VisitLimit:
    """Allow `per_minute` (RATE_LIMIT) visits of a network in a minute, over all processes."""

    def __init__(self, limits: Limits, per_minute: int) -> None:
        self._limits = limits
        self._per_minute = per_minute

    def count(self, request: Request) -> None:
        """Count one visit. Raises VisitError(too-many) once the limit is passed."""
        if not self._limits.take("visit", request.network, self._per_minute, 60):
            raise VisitError("too-many", 429)
