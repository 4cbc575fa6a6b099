"""The simulated clock: the real time plus an offset. All expiry times use it.

Deadlines of deliveries use real time: the account's server always has five real seconds.
"""

import time
from collections.abc import Callable

_FARTHEST = 100 * 365 * 86400.0


class Clock:
    """The simulated clock. It can only be advanced, or reset to the real time."""

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self.offset_seconds = 0.0

    def now(self) -> float:
        """Return the simulated time in Unix seconds."""
        return self._real() + self.offset_seconds

    def seconds(self) -> int:
        """Return the simulated time in whole Unix seconds, as WeChat writes it."""
        return int(self.now())

    def real_seconds(self) -> int:
        """Return the real time in whole Unix seconds.

        The timestamp of a delivery uses real time, because the account's server compares the timestamp with
        its own clock.
        """
        return int(self._real())

    def advance(self, seconds: float) -> None:
        """Advance the clock.

        Raises ValueError for negative `seconds`, because expired things would become valid again, and for an
        offset of more than 100 years.
        """
        if seconds < 0:
            raise ValueError("time only goes forward; reset the sandbox to come back to the present")
        if self.offset_seconds + seconds > _FARTHEST:
            raise ValueError("the clock goes no farther than a hundred years")
        self.offset_seconds += seconds

    def reset(self) -> None:
        """Return to the real time."""
        self.offset_seconds = 0.0

    def to_json(self) -> dict[str, float]:
        return {"now": self.now(), "offset_seconds": self.offset_seconds}
