"""Step 2: one run per message, however often and wherever it is delivered.

States of a record: not there, RUNNING (a run is under way), PROMISED (WeChat has been answered without
the reply, which will go another way), DONE with the reply. Rules: design of retries in docs/flow.md.
"""

import enum
import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.store import Store

_RUNNING = b"R"
_PROMISED = b"P"
_DONE = b"D"
_POLL_SECONDS = 0.03


class State(enum.Enum):
    """What a delivery finds."""

    NEW = "new"  # nobody has run it: the caller must, and must call finish()
    RUNNING = "running"  # another delivery runs it: wait()
    DONE = "done"  # it has run: here is its reply


@dataclass(frozen=True)
class Claim:
    """`attempt` counts deliveries from 1; `reply` is the plain reply XML of a DONE message (empty: none)."""

    state: State
    attempt: int
    reply: bytes = b""


class Dedup:
    """`lifetime` in seconds must outlast the freshness window, so that a replay finds the record."""

    def __init__(
        self,
        store: Store,
        lifetime: float,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._lifetime = lifetime
        self._monotonic = monotonic
        self._sleep = sleep

    def claim(self, key: str) -> Claim:
        """Of all deliveries of a message, exactly one gets NEW."""
        if self._store.add(key, _RUNNING, self._lifetime):
            return Claim(State.NEW, 1)
        attempt = 1 + self._store.count(key + ":retries", self._lifetime)
        record = self._store.get(key)
        if record is None:  # its lifetime ended between the two calls: begin again
            return self.claim(key)
        if record.startswith(_DONE):
            return Claim(State.DONE, attempt, record[1:])
        if record == _PROMISED:
            return Claim(State.DONE, attempt)
        return Claim(State.RUNNING, attempt)

    def wait(self, key: str, seconds: float) -> bytes | None:
        """Join a run: its reply (empty: none, or promised), or None if it is not there in time."""
        end = self._monotonic() + seconds
        while True:
            record = self._store.get(key)
            if record is None or record == _PROMISED:
                return b""
            if record.startswith(_DONE):
                return record[1:]
            left = end - self._monotonic()
            if left <= 0:
                return None
            self._sleep(min(_POLL_SECONDS, left))

    def promise(self, key: str) -> bool:
        """RUNNING to PROMISED: from now on the run itself must bring its reply to the user.
        False if the run has ended meanwhile (its reply is there to be had)."""
        return self._store.swap(key, _RUNNING, _PROMISED, self._lifetime)

    def finish(self, key: str, reply: bytes) -> bool:
        """RUNNING to DONE: the reply is there for this delivery and its retries. False if the record
        was PROMISED: the reply must go another way, and retries get nothing. A record that the store
        has lost meanwhile counts as RUNNING."""
        if self._store.swap(key, _RUNNING, _DONE + reply, self._lifetime):
            return True
        if self._store.swap(key, _PROMISED, _DONE, self._lifetime):
            return False
        self._store.put(key, _DONE + reply, self._lifetime)
        return True
