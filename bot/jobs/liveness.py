"""Leases of processes: each process renews its own in the store. Others take over the work of a dead one."""

import logging
import math
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.errors import StoreError
from bot.store import Store
from bot.telemetry.log import describe

log = logging.getLogger("bot.jobs")

_BEAT_SECONDS = 0.7
_LEASE_SECONDS = 3.0  # after this time without a renewal, a process counts as dead
_MOST_OWED = 10_000
_MOST_SEEN = 1000


class Liveness:
    """The lease of this process, and its writes to the store that failed and must be repeated.

    `me` is the name of this process. Other processes see it as alive from start() to stop(), or until it
    dies. If the store fails for 3 seconds, the lease ends and others may see a living process as dead.
    """

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.me = secrets.token_hex(6)
        self._store = store
        self._monotonic = monotonic
        self._beats = 0
        self._seen: dict[
            str, tuple[bytes, float]
        ] = {}  # the last value of each other lease, and since when it has not changed
        self._missed_beat = False  # True if the last renewal of the lease failed
        self._back_at = -math.inf  # the time of the first successful renewal after failed ones
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self.owed: deque[Callable[[], object]] = deque()  # the postponed writes
        self._drops = False  # True if there are too many postponed writes, so that further ones are dropped
        self._steps = threading.Condition()
        self._steps_under_way = 0
        self._ending = False

    def start(self) -> None:
        """Begin to renew the lease. Call it in the process that does the work, after any fork."""
        self.beat()
        self._thread = threading.Thread(target=self._beat_on, name="liveness", daemon=True)
        self._thread.start()

    def stop(self, patience: float = 0.0) -> None:
        """Delete the lease, so that others take over at once instead of waiting until it runs out.

        Begin no more steps (see step()). Wait up to `patience` seconds for those that are running.
        """
        with self._steps:
            self._ending = True
            self._steps.wait_for(lambda: self._steps_under_way == 0, patience)
        self._stopped.set()
        if self._thread is None:
            return
        self._thread.join()
        try:
            self._store.delete(self._key(self.me))
        except StoreError:
            log.warning("[jobs] the store fails; others take over when the lease of this process runs out")

    @contextmanager
    def step(self) -> Iterator[bool]:
        """Wrap a step that another process would repeat if this process ended in the middle. stop() waits for
        it.

        Yield False if this process is about to end: the caller must then not begin the step.
        """
        with self._steps:
            may_begin = not self._ending
            self._steps_under_way += may_begin
        try:
            yield may_begin
        finally:
            with self._steps:
                self._steps_under_way -= may_begin
                self._steps.notify_all()

    def is_alive(self, owner: str) -> bool:
        """Return True if the process `owner` has a lease, or is this process. Raises StoreError.

        A lease that this process has seen unchanged for 3 seconds does not count. After somebody has set the
        clock back, the store would keep the lease of a dead process for as long.
        """
        if owner == self.me:
            return True
        lease, now = self._store.get(self._key(owner)), self._monotonic()
        if lease is None:
            self._seen.pop(owner, None)
            return False
        known = self._seen.get(owner)
        if known is None or known[0] != lease:
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            self._seen[owner] = lease, now
            return True
        return now - known[1] <= _LEASE_SECONDS

    def is_unsure(self) -> bool:
        """Return True if the store may be outdated: it fails, or failed less than 3 seconds ago, or postponed
        writes are left. A living process may then have no lease, and finished work may not be recorded."""
        return bool(self.owed) or self._missed_beat or self._monotonic() - self._back_at < _LEASE_SECONDS

    def owe(self, act: Callable[[], object]) -> None:
        """Postpone `act`, a write to the store that failed, until the store works again.

        Other processes do not take over the work of a living process, so it must repeat lost writes itself.
        At most 10,000 writes are kept. Further ones are dropped, which is logged once per outage.
        """
        if len(self.owed) < _MOST_OWED:
            self.owed.append(act)
        elif not self._drops:
            self._drops = True
            log.error("[jobs] %d writes wait until the store works; further ones are dropped", _MOST_OWED)

    def settle(self) -> None:
        """Make the postponed writes for at most 0.7 seconds, because the lease must be renewed after that.
        Raises StoreError; the write that failed and those after it stay postponed."""
        end = self._monotonic() + _BEAT_SECONDS
        while self.owed and self._monotonic() < end:
            try:
                self.owed[0]()
            except StoreError:
                raise
            except Exception as error:
                log.error("[jobs] a postponed write failed and is dropped: %s", describe(error))
            self.owed.popleft()  # remove it only now: after a StoreError it must be tried again
        self._drops = self._drops and bool(self.owed)

    def _beat_on(self) -> None:
        while not self._stopped.wait(_BEAT_SECONDS):
            self.beat()

    def beat(self) -> None:
        """Renew the lease, and make the writes that were postponed while the store failed."""
        try:
            self._store.tend()
            self._beats += 1  # every renewal writes another value: see is_alive()
            self._store.put(self._key(self.me), b"%d" % self._beats, _LEASE_SECONDS)
            if self._missed_beat:
                self._missed_beat, self._back_at = False, self._monotonic()
            self.settle()
        except StoreError:
            self._missed_beat = True  # the store logs the outage; the next beat comes soon

    @staticmethod
    def _key(owner: str) -> str:
        return f"alive:{owner}"
