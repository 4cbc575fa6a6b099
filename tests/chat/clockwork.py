"""Time for what waits: it passes only while somebody sleeps, and a test says what happens meanwhile."""

from collections.abc import Callable


class Clockwork:
    """`meanwhile`: what happens at the first sleep, at the second …, while the caller sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.meanwhile: list[Callable[[], object]] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds
        if self.meanwhile:
            self.meanwhile.pop(0)()
