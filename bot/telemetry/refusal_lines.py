"""Write the log lines of refused requests: at most one a second for each address, so that a stranger cannot
fill the log. Each line has the address, so that it can be banned."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

_SECONDS = 1.0
_MOST = 1000  # addresses at the same time; all further ones share their lines
_OTHERS = "others"

Facts = dict[str, Any]


class RefusalLines:
    """Write lines to `log`. The first refusal of an address is written at once. For those that follow within
    a second, one line gives their number (`count`) and the facts of the last one. It is written when the
    second is over, with the next request of anybody. `seconds` holds those that are not over."""

    def __init__(self, log: logging.Logger, timer: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._timer = timer
        self._lock = threading.Lock()
        self.seconds: dict[str, tuple[float, int, Facts]] = {}  # by address, the oldest first

    def add(self, facts: Facts) -> None:
        """Write or count a refused request. `facts` has its `address`."""
        address = str(facts["address"])
        with self._lock:
            if address not in self.seconds and len(self.seconds) >= _MOST:
                address = _OTHERS
                facts = {**facts, "address": _OTHERS}
            if address not in self.seconds:
                self.seconds[address] = (self._timer(), 0, facts)
                self._write(facts)
            else:
                since, count, _ = self.seconds[address]
                self.seconds[address] = (since, count + 1, facts)

    def tell(self) -> None:
        """Write the lines of the seconds that are over. Call it with every request while there are any."""
        now = self._timer()
        with self._lock:
            for address, (since, count, facts) in list(self.seconds.items()):
                if now - since < _SECONDS:
                    return
                del self.seconds[address]
                if count:
                    self.seconds[address] = (now, 0, facts)
                    self._write({**facts, "count": count})

    def _write(self, facts: Facts) -> None:
        self._log.warning("request", extra={"facts": facts})
