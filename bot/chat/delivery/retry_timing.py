"""Calculate deadlines, and recognise retries and copies by the time of a delivery.

WeChat does not number its deliveries. It delivers a message at most three times: again if it gets no answer
within 5 s, or at once if the connection breaks. Copies of one delivery overlap.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from bot.chat.delivery.record import Claim
from bot.chat.wire.messages import Incoming
from bot.config import Config
from bot.store import Clock

LAST_ATTEMPT = 3
SERIES_SECONDS = 30.0  # WeChat delivers no message again after this time
# A job waits this long for a delivery to answer with its reply. Deliveries look for the reply every 0.2 s, so
# if none has answered by then, their processes have died.
UNUSED_SECONDS = 1.0
# A delivery waits this long after its deadline (4.5 s) so that WeChat delivers again: WeChat does so only if
# it gets no answer within 5 s.
OUTWAIT_SECONDS = 1.0
_COPY_SECONDS = 1.5  # a copy arrives within 0.5 s, and CreateTime has whole seconds


class Delivery(NamedTuple):
    """One delivery that waits for its answer: its deadline, and whether its connection has been closed."""

    end: float
    is_closed: Callable[[], bool]


class RetryTiming:
    """The deadlines of this account's deliveries. At most `places` deliveries of this process may wait for a
    reply at the same time."""

    def __init__(
        self, config: Config, clock: Clock, monotonic: Callable[[], float] = time.monotonic, *, places: int
    ) -> None:
        self.can_push = config.can_push  # if True, no delivery needs to wait for a late reply
        self._deadline = config.deadline_seconds
        self._clock = clock
        self._monotonic = monotonic
        self._places = threading.BoundedSemaphore(places)

    def begin(self, is_closed: Callable[[], bool]) -> Delivery:
        """Return a delivery that begins now."""
        return Delivery(self._monotonic() + self._deadline, is_closed)

    def left(self, delivery: Delivery) -> float:
        """Return the seconds until the deadline of a delivery."""
        return delivery.end - self._monotonic()

    def has_hung_up(self, delivery: Delivery) -> bool:
        """Return True if WeChat can no longer receive the answer of this delivery."""
        return delivery.is_closed() or self.left(delivery) < -OUTWAIT_SECONDS

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Take one of the places for waiting deliveries. Yield False if all are taken."""
        has_place = self._places.acquire(blocking=False)
        try:
            yield has_place
        finally:
            if has_place:
                self._places.release()

    def needs_push(self, claim: Claim) -> bool:
        """Return True if WeChat has not received our earlier answer, so that the reply must be pushed.

        WeChat delivers again 5 s after a delivery that got no answer. A delivery that arrives sooner is an
        overlapping copy, and one that arrives much later is a replay: both get the answer. A reply that a job
        made and no delivery has used is always given as the answer.
        """
        if not self.can_push or claim.is_unused or self._clock() - claim.at > SERIES_SECONDS:
            return False
        return self._clock() - claim.answered > self._deadline / 2

    def reserve(self, attempt: int) -> float:
        """Return the seconds that a delivery must leave unused before its deadline.

        If its answer is lost, the next delivery must arrive late enough not to be taken for a copy. The first
        delivery may use all its time, because two more follow.
        """
        return 0.4 * self._deadline if self.can_push and attempt > 1 else 0

    def until_last_chance(self, incoming: Incoming, attempt: int) -> float:
        """Return the seconds until WeChat will certainly not deliver again, or infinity.

        After that, an account that can push must not rely on this connection. A third delivery that arrives
        sooner may be a copy of the first one.
        """
        if self.can_push and attempt >= LAST_ATTEMPT:
            return incoming.created + _COPY_SECONDS - self._clock()
        return math.inf

    def is_last(self, incoming: Incoming, attempt: int) -> bool:
        """Return True if this is probably the last delivery. This process has counted `attempt` deliveries;
        others may have gone to other processes."""
        return attempt >= LAST_ATTEMPT or self._clock() - incoming.created > 2 * self._deadline
