"""Count the visits that are redirected to WeChat or return from it, for each network and minute.

This module must not count known visitors: only steps that create a state or call WeChat are limited.
"""

from bot.errors import VisitError
from bot.oauth.request import Request
from bot.store.limits import Limits


class VisitLimit:
    """Allow `per_minute` (RATE_LIMIT) visits of a network in a minute, counted over all processes."""

    def __init__(self, limits: Limits, per_minute: int) -> None:
        self._limits = limits
        self._per_minute = per_minute

    def count(self, request: Request) -> None:
        """Count one visit. Raises VisitError(too-many) if the limit is exceeded."""
        if not self._limits.take("visit", request.network, self._per_minute, 60):
            raise VisitError("too-many", 429)
