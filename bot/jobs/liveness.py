"""Which processes are alive: each says so in the store, so that others take over what a dead one held."""

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
_LEASE_SECONDS = 3.0  # a process that has said nothing for so long is dead
_MOST_OWED = 10_000


class Liveness:
    """`me` names this process; it is alive in the eyes of others from start() to stop(), or until it dies."""

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.me = secrets.token_hex(6)
        self._store = store
        self._monotonic = monotonic
        self._unheard = False  # our last beat
        self._heard_since = -math.inf
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._owed: deque[Callable[[], object]] = deque()
        self._drops = False  # what is owed, for there is too much of it
        self._steps = threading.Condition()
        self._steps_under_way = 0
        self._ending = False

    def start(self) -> None:
        """Begin to beat. Call it in the process that does the work, after any fork."""
        self._beat()
        self._thread = threading.Thread(target=self._beat_on, name="liveness", daemon=True)
        self._thread.start()

    def stop(self, patience: float = 0.0) -> None:
        """Be dead, so that nobody waits for the lease to run out: at once, or when the steps under way have
        ended, for which it waits `patience` seconds."""
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
            log.warning("[jobs] no store to say goodbye to; the lease will run out")

    @contextmanager
    def step(self) -> Iterator[bool]:
        """Around what others would do again if this process ended in the middle of it. False: it is about
        to end, and may not begin."""
        with self._steps:
            may = not self._ending
            self._steps_under_way += may
        try:
            yield may
        finally:
            with self._steps:
                self._steps_under_way -= may
                self._steps.notify_all()

    def is_alive(self, owner: str) -> bool:
        """Whether the process `owner` is alive, in the eyes of the store."""
        return owner == self.me or self._store.get(self._key(owner)) is not None

    def is_unsure(self) -> bool:
        """Whether the store is gone, or was a moment ago, or lacks what this process owes it: somebody may be
        alive who could not say so, and something done that is not written down."""
        return bool(self._owed) or self._unheard or self._monotonic() - self._heard_since < _LEASE_SECONDS

    def owe(self, act: Callable[[], object]) -> None:
        """Do `act`, which writes to the store, as soon as the store is back: others believe this process
        when it is alive, so what it could not write down it must write later. What would be too much to be
        remembered is dropped, and the log says so."""
        if len(self._owed) < _MOST_OWED:
            self._owed.append(act)
        elif not self._drops:
            self._drops = True
            log.error("[jobs] %d writes are owed to the store: more are dropped", _MOST_OWED)

    def settle(self) -> None:
        """Do what is owed, as far as the store lets us, but no longer than until the next beat is due. Raises
        StoreError."""
        end = self._monotonic() + _BEAT_SECONDS
        while self._owed and self._monotonic() < end:
            try:
                self._owed[0]()
            except StoreError:
                raise
            except Exception as error:
                log.error("[jobs] what was owed to the store failed: %s", describe(error))
            self._owed.popleft()  # only now: until then it is owed
        self._drops = self._drops and bool(self._owed)

    def _beat_on(self) -> None:
        while not self._stopped.wait(_BEAT_SECONDS):
            self._beat()

    def _beat(self) -> None:
        try:
            self._store.put(self._key(self.me), b"1", _LEASE_SECONDS)
            if self._unheard:
                self._unheard, self._heard_since = False, self._monotonic()
            self.settle()
        except StoreError:
            self._unheard = True  # the store's own guard says so; we beat again soon

    @staticmethod
    def _key(owner: str) -> str:
        return f"alive:{owner}"
