"""Until when, and how often, the account may push custom messages to each user (protocol §8.1, rule 34)."""

from dataclasses import dataclass
from enum import Enum

from wechat_sandbox.clock import Clock
from wechat_sandbox.errors import WeChatError


class Occasion(Enum):
    """What opens a window: (messages, seconds)."""

    MESSAGE = ("message", 5, 48 * 3600)
    MENU = ("menu tap", 3, 60)
    FOLLOW = ("follow", 3, 60)
    SCAN = ("scan", 3, 60)

    @property
    def count(self) -> int:
        return self.value[1]

    @property
    def seconds(self) -> int:
        return self.value[2]


@dataclass
class _Window:
    remaining: int
    closes: float


class Windows:
    """Quotas of different occasions do not add up: a message counts against every open window, so the largest
    one rules. (Sources are silent or say "the maximum is taken".)"""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[str, dict[Occasion, _Window]] = {}

    def open(self, openid: str, occasion: Occasion) -> None:
        """A new occasion of the same kind restarts its own count."""
        window = _Window(occasion.count, self._clock.now() + occasion.seconds)
        self._windows.setdefault(openid, {})[occasion] = window

    def close(self, openid: str) -> None:
        self._windows.pop(openid, None)

    def check(self, openid: str) -> None:
        """Raises 45015 when no window is open, 45047 when those that are have been used up."""
        windows = self._open(openid)
        if not windows:
            raise WeChatError(45015)
        if not any(window.remaining for window in windows):
            raise WeChatError(45047)

    def use(self, openid: str) -> None:
        for window in self._open(openid):
            window.remaining = max(0, window.remaining - 1)

    def _open(self, openid: str) -> list[_Window]:
        now = self._clock.now()
        return [window for window in self._windows.get(openid, {}).values() if window.closes > now]
