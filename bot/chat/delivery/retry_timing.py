"""What the time of a delivery says: WeChat numbers its attempts nowhere.

It delivers a message three times at most: again when it has heard nothing for 5 s, or at once when the
connection broke. Copies of one delivery overlap.
"""

import math

from bot.chat.delivery.record import Claim
from bot.chat.wire.messages import Incoming
from bot.config import Config
from bot.store import Clock

LAST_ATTEMPT = 3
SERIES_SECONDS = 30.0  # after this WeChat does not deliver a message again
_COPY_SECONDS = 1.5  # a copy comes within half a second; CreateTime is in whole ones


class Attempts:
    """`pushes`: whether the account may push; what hangs on a connection then need not."""

    def __init__(self, config: Config, clock: Clock, *, pushes: bool) -> None:
        self._deadline = config.deadline_seconds
        self._clock = clock
        self._pushes = pushes

    def needs_push(self, claim: Claim) -> bool:
        """Return True if WeChat has not received our answer, so that a push is surer than a second answer.

        WeChat delivers again 5 s after a delivery that it got no answer for. A delivery that comes sooner is
        an overlapping copy, and one that comes much later is a replay: both get the answer. A reply that a
        job made and no delivery has used is always given as the answer.
        """
        if not self._pushes or claim.is_unused or self._clock() - claim.at > SERIES_SECONDS:
            return False
        return self._clock() - claim.answered > self._deadline / 2

    def reserve(self, attempt: int) -> float:
        """Seconds of its time that a delivery must not use up: the next one, should this one's answer not
        arrive, would come so soon after it that it would pass for a copy. The first may, for two follow."""
        return 0.4 * self._deadline if self._pushes and attempt > 1 else 0

    def until_last_chance(self, incoming: Incoming, attempt: int) -> float:
        """Seconds until WeChat will surely not ask again: where the account can push, nothing may hang on
        this connection then. A third delivery that comes sooner may be a copy of the first."""
        if self._pushes and attempt >= LAST_ATTEMPT:
            return incoming.created + _COPY_SECONDS - self._clock()
        return math.inf

    def is_last(self, incoming: Incoming, attempt: int) -> bool:
        """Whether this is the last attempt, as far as this process alone can tell: it has seen `attempt` of
        them, others may have gone elsewhere."""
        return attempt >= LAST_ATTEMPT or self._clock() - incoming.created > 2 * self._deadline
