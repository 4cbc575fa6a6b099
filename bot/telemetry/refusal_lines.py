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
    """Write lines to `log`.

    The first refused request of an address gets a line at once. The requests of the same address in the next
    second get one line together, with their number (`count`) and the facts of the last one. This line is
    written at the first request after that second, from any address. `counts` has the addresses of the last
    second.
    """

    def __init__(self, log: logging.Logger, timer: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._timer = timer
        self._lock = threading.Lock()
        self.counts: dict[str, tuple[float, int, Facts]] = {}  # by address, the oldest first

    def add(self, facts: Facts) -> None:
        """Write a line for a refused request, or count it. `facts["address"]` is the client's IP address."""
        address = str(facts["address"])
        with self._lock:
            if address not in self.counts and len(self.counts) >= _MOST:
                address = _OTHERS
                facts = {**facts, "address": _OTHERS}
            if address not in self.counts:
                self.counts[address] = (self._timer(), 0, facts)
                self._write(facts)
            else:
                since, count, _ = self.counts[address]
                self.counts[address] = (since, count + 1, facts)

    def tell(self) -> None:
        """Write the lines of the addresses whose second is over. Call it at each request, if `counts` is not
        empty."""
        now = self._timer()
        with self._lock:
            while self.counts:
                address, (since, count, facts) = next(iter(self.counts.items()))
                if now - since < _SECONDS:
                    return
                del self.counts[address]
                if count:
                    self.counts[address] = (now, 0, facts)
                    self._write({**facts, "count": count})

    def _write(self, facts: Facts) -> None:
        self._log.warning("request", extra={"facts": facts})
