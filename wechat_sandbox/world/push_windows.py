"""The windows in which the account may send custom messages to a user (protocol §8.1, rule 34)."""

from dataclasses import dataclass
from enum import Enum

from wechat_sandbox.clock import Clock
from wechat_sandbox.errors import WeChatError


class Occasion(Enum):
    """An act of the user that opens a window: its name, the number of messages allowed, the seconds."""

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
    """The open windows of all users.

    The windows of one user do not add up. A message counts in every open window, so the largest window is the
    limit. Some sources confirm that the maximum applies; others do not mention it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[str, dict[Occasion, _Window]] = {}

    def open(self, openid: str, occasion: Occasion) -> None:
        """Open a window for `occasion`. A window of the same occasion starts again with its full count."""
        window = _Window(occasion.count, self._clock.now() + occasion.seconds)
        self._windows.setdefault(openid, {})[occasion] = window

    def close(self, openid: str) -> None:
        """Close all windows of the user."""
        self._windows.pop(openid, None)

    def check(self, openid: str) -> None:
        """Check that a message is allowed, without counting it.

        Raises WeChatError: 45015 if no window is open, 45047 if all open windows are used up.
        """
        windows = self._open(openid)
        if not windows:
            raise WeChatError(45015)
        if not any(window.remaining for window in windows):
            raise WeChatError(45047)

    def use(self, openid: str) -> None:
        """Count one message in every open window of the user."""
        for window in self._open(openid):
            window.remaining = max(0, window.remaining - 1)

    def _open(self, openid: str) -> list[_Window]:
        now = self._clock.now()
        return [window for window in self._windows.get(openid, {}).values() if window.closes > now]
