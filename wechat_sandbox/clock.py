"""The time of the simulated world: the real clock plus what was travelled. Every expiry asks it.

Deadlines of deliveries do not: a server has five real seconds, however far the world has travelled.
"""

import time
from collections.abc import Callable

_FARTHEST = 100 * 365 * 86400.0


class Clock:
    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self.offset_seconds = 0.0

    def now(self) -> float:
        """Unix seconds in the simulated world."""
        return self._real() + self.offset_seconds

    def seconds(self) -> int:
        """The same, whole, as WeChat writes time."""
        return int(self.now())

    def real_seconds(self) -> int:
        """What the account's server reads on its own clock: a delivery's timestamp must look fresh there."""
        return int(self._real())

    def advance(self, seconds: float) -> None:
        """Travels forward. Raises ValueError for times that no calendar holds, and for a step back: expired
        things would come to life again."""
        if seconds < 0:
            raise ValueError("time only goes forward; reset the sandbox to come back to the present")
        if self.offset_seconds + seconds > _FARTHEST:
            raise ValueError("the clock goes no farther than a hundred years")
        self.offset_seconds += seconds

    def reset(self) -> None:
        self.offset_seconds = 0.0

    def to_json(self) -> dict[str, float]:
        return {"now": self.now(), "offset_seconds": self.offset_seconds}
