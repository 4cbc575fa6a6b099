"""When WeChat delivers a message again, and what follows from the time of a delivery.

WeChat does not number its deliveries. It delivers a message three times at most: again when it has heard
nothing for 5 s, or at once when the connection broke. Copies of one delivery overlap.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.chat.delivery.record import Claim
from bot.chat.wire.messages import Incoming
from bot.config import Config
from bot.store import Clock

LAST_ATTEMPT = 3
SERIES_SECONDS = 30.0  # after this WeChat does not deliver a message again
_COPY_SECONDS = 1.5  # a copy comes within half a second; CreateTime is in whole ones


class RetryTiming:
    """The deadlines of this account's deliveries. `places` is how many deliveries of this process may wait
    for a reply at the same time."""

    def __init__(
        self, config: Config, clock: Clock, monotonic: Callable[[], float] = time.monotonic, *, places: int
    ) -> None:
        self.can_push = config.can_push  # then no reply needs to wait on a connection
        self._deadline = config.deadline_seconds
        self._clock = clock
        self._monotonic = monotonic
        self._places = threading.BoundedSemaphore(places)

    def end(self) -> float:
        """Return when a delivery that has just begun must be answered, for left()."""
        return self._monotonic() + self._deadline

    def left(self, end: float) -> float:
        """Return the seconds until `end`."""
        return end - self._monotonic()

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Take one of the places for deliveries that wait. Yield False if all are taken."""
        has_place = self._places.acquire(blocking=False)
        try:
            yield has_place
        finally:
            if has_place:
                self._places.release()

    def needs_push(self, claim: Claim) -> bool:
        """Return True if WeChat has not received our answer, so that a push is surer than a second answer.

        WeChat delivers again 5 s after a delivery that it got no answer for. A delivery that comes sooner is
        an overlapping copy, and one that comes much later is a replay: both get the answer. A reply that a
        job made and no delivery has used is always given as the answer.
        """
        if not self.can_push or claim.is_unused or self._clock() - claim.at > SERIES_SECONDS:
            return False
        return self._clock() - claim.answered > self._deadline / 2

    def reserve(self, attempt: int) -> float:
        """Return how many seconds of its time a delivery must not use up. If its answer does not arrive, the
        next delivery must come late enough not to pass for a copy. The first may use all, for two more
        follow."""
        return 0.4 * self._deadline if self.can_push and attempt > 1 else 0

    def until_last_chance(self, incoming: Incoming, attempt: int) -> float:
        """Return the seconds until WeChat will surely not deliver again. From then on, an account that can
        push must not rely on this connection. A third delivery that comes sooner may be a copy of the first.
        """
        if self.can_push and attempt >= LAST_ATTEMPT:
            return incoming.created + _COPY_SECONDS - self._clock()
        return math.inf

    def is_last(self, incoming: Incoming, attempt: int) -> bool:
        """Return True if this is the last delivery, as far as this process can tell: it has seen `attempt` of
        them, and others may have gone to other processes."""
        return attempt >= LAST_ATTEMPT or self._clock() - incoming.created > 2 * self._deadline
