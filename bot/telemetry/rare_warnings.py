"""Write a warning at most once a minute for each subject, so that a repeated fault does not fill the log."""

import logging
import time
from collections.abc import Callable

_SECONDS = 60.0


class RareWarnings:
    """Write warnings to `log`: for each subject, at most one a minute."""

    def __init__(self, log: logging.Logger, timer: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._timer = timer
        self._last: dict[str, float] = {}

    def warn(self, subject: str, text: str, *args: object) -> None:
        """Write the warning, unless one with this subject was written within the last minute. The number of
        subjects must be small."""
        now = self._timer()
        if now - self._last.get(subject, -_SECONDS) >= _SECONDS:
            self._last[subject] = now
            self._log.warning(text, *args)
