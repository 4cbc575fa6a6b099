"""Step 3 of a message: make sure that its handler runs once, whichever processes get its deliveries.

A record is absent; RUNNING in a process; QUEUED as a job; PROMISED (WeChat got an answer without the reply,
and the job brings it); or DONE, with the reply. If a process dies while it runs a handler, the next delivery
that detects this runs the handler again.
"""

import enum
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from bot.chat.replies.kinds import Reply
from bot.chat.replies.stored import from_json, to_json
from bot.errors import StoreError
from bot.jobs.liveness import Liveness
from bot.store import Clock, Store, Write
from bot.store.codec import dump, find

log = logging.getLogger("bot.answer")

_RUNNING = b"R"  # followed by the name of the process
_QUEUED = b"Q"
_PROMISED = b"P"
_DONE = b"D"  # followed by a _Done
_RETRIES = ":retries"
_FIRST_POLL_SECONDS = 0.02
_LAST_POLL_SECONDS = 0.2
_TRAVEL_SECONDS = 0.2  # an answer needs less to get from our process to WeChat
_SKEW_SECONDS = 5.0  # by which the clocks of two machines may differ


class State(enum.Enum):
    """The state of a message, as a delivery sees it."""

    NEW = "new"  # the caller must run the handler, and must then call finish() or queue()
    RUNNING = "running"  # another delivery or a job runs the handler: call wait()
    DONE = "done"  # the run has ended


@dataclass(frozen=True)
class _Done:
    at: float
    answered: float
    reply: dict[str, Any] | None = None
    kept: str = ""


class Claim(NamedTuple):
    """The state of a message when a delivery claims it. `attempt` is the number of the delivery, from 1.

    If DONE: `reply` is None if the handler returned none, or if a job brings the reply to the user; `at` is
    when the reply was ready, and `answered` when a delivery last answered with it, in unix seconds.
    `answered` is 0 for the reply of a job until a delivery has answered with it. `kept` is the source under
    which the reply is also kept for the user's next message: a delivery must claim it there. `stored` is the
    stored record, as bytes.
    If NEW: `nothing_beside` is True if claim() was called with a key `beside` and the store has no value for
    that key.
    """

    state: State
    attempt: int
    reply: Reply | None = None
    at: float = 0
    answered: float = 0
    kept: str = ""
    stored: bytes = b""
    nothing_beside: bool = False

    @property
    def is_unused(self) -> bool:
        """Return True if there is a reply, only in the record, and no delivery has answered with it."""
        return self.reply is not None and not self.answered and not self.kept


class Records:
    """The records of all messages. `lifetime` in seconds must be longer than the freshness window, so that a
    replayed delivery still finds its record. Every method raises StoreError."""

    def __init__(
        self,
        store: Store,
        liveness: Liveness,
        lifetime: float,
        clock: Clock = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.liveness = liveness
        self._store = store
        self._lifetime = lifetime
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._mine = _RUNNING + liveness.me.encode()

    def claim(self, key: str, beside: str = "") -> Claim:
        """Count a delivery. Exactly one delivery of a message gets NEW; if its process dies, one other
        delivery gets NEW again. `beside` is the key of another value that is read in the same call to the
        store (see Claim.nothing_beside)."""
        claim = ("add", (key, self._mine, self._lifetime))
        is_new, *found = self._store.together([claim, ("get", (beside,))] if beside else [claim])
        if is_new:
            return Claim(State.NEW, 1, nothing_beside=found == [None])
        attempt = 1 + self._store.count(key + _RETRIES, self._lifetime)
        return self.look(key, attempt)

    def deliveries(self, key: str) -> int:
        """Return how many deliveries have claimed the message."""
        return 1 + int(self._store.get(key + _RETRIES) or 0)

    def look(self, key: str, attempt: int) -> Claim:
        """Return the state now, without counting a delivery."""
        record = self._store.get(key)
        if record is None:  # the record has expired, or the store has lost it
            won = self._store.add(key, self._mine, self._lifetime)
            return Claim(State.NEW if won else State.RUNNING, attempt)
        if record.startswith(_DONE):
            return _ended(record, attempt)
        if record == _PROMISED:
            return Claim(State.DONE, attempt)
        if record.startswith(_RUNNING) and not self.liveness.is_alive(record[1:].decode("utf-8", "replace")):
            won = self._store.swap(key, record, self._mine, self._lifetime)
            return Claim(State.NEW if won else State.RUNNING, attempt)
        return Claim(State.RUNNING, attempt)

    def wait(self, key: str, attempt: int, seconds: float) -> Claim:
        """Wait for a run, at most for `seconds`. Return DONE as soon as it has ended, NEW if its process died
        and the caller must run the handler, and RUNNING if the run has not ended in time."""
        end, pause = self._monotonic() + seconds, _FIRST_POLL_SECONDS
        while True:
            try:
                claim = self.look(key, attempt)
            except StoreError:  # the store may work again in time
                claim = Claim(State.RUNNING, attempt)
            left = end - self._monotonic()
            if claim.state is not State.RUNNING or left <= 0:
                return claim
            self._sleep(min(pause, left))
            pause = min(2 * pause, _LAST_POLL_SECONDS)

    # -- a run begins

    def queue(self, key: str) -> None:
        """Change RUNNING in this process to QUEUED: a job in the outbox now runs the handler."""
        self._store.swap(key, self._mine, _QUEUED, self._lifetime)

    def seize(self, key: str) -> None:
        """Change RUNNING in another process to RUNNING in this one, because the run in this process has ended
        first."""
        self._store.update(key, lambda now: self._write(self._mine) if _is_running(now) else None)

    def runner(self, key: str) -> str | None:
        """Return the process in which a delivery runs the handler now, or None."""
        record = self._store.get(key)
        return record[1:].decode("utf-8", "replace") if record and _is_running(record) else None

    def adopt(self, key: str, *, promised: bool) -> Claim:
        """Let a job run the handler: change RUNNING to QUEUED, or to PROMISED if `promised`.

        Return RUNNING if the job must run the handler now, DONE if the run has ended, and NEW if the record
        is gone.
        """
        found = None

        def adopt(record: bytes | None) -> Write | None:
            nonlocal found
            found = record
            return self._write(_PROMISED if promised else _QUEUED) if _is_running(record) else None

        self._store.update(key, adopt)
        if found is None:
            return Claim(State.NEW, 1)
        return _ended(found, 1) if found.startswith(_DONE) else Claim(State.RUNNING, 1)

    def promise(self, key: str, expect: Callable[[str], Callable[[], None]]) -> bool:
        """Change RUNNING or QUEUED to PROMISED: from now on a job must bring the reply to the user. Return
        True also if another delivery has promised it. Return False if the run has ended; its reply is in the
        record.

        A message that runs in a process has no job yet. `expect(process)` writes the job first and returns a
        function that deletes it. That function is called if the message is not promised after all.
        """
        take_back: Callable[[], None] | None = None
        is_promised = False

        def promise(record: bytes | None) -> Write | None:
            nonlocal take_back, is_promised
            is_promised = record == _PROMISED
            if is_promised:
                return None  # keep the job: the delivery that made the promise needs it
            if take_back:
                take_back()
                take_back = None
            if record is None or not record.startswith((_RUNNING, _QUEUED)):
                return None
            if _is_running(record):
                take_back = expect(record[1:].decode("utf-8", "replace"))
            return self._write(_PROMISED)

        return self._store.update(key, promise) is not None or is_promised

    def promise_push(self, key: str, expect: Callable[[str], Callable[[], None]]) -> bool:
        """Promise a reply that can only be pushed, as promise() does. A record that the store has lost
        meanwhile counts as ours."""
        if self.promise(key, expect) or self._store.add(key, _PROMISED, self._lifetime):
            return True
        return self.promise(key, expect)  # a waiting delivery has just written the lost record again

    def has_ended(self, key: str) -> bool:
        """Return True if the record is DONE."""
        return (self._store.get(key) or b"").startswith(_DONE)

    def is_promised(self, key: str) -> bool:
        """Return True if a job must bring the reply to the user."""
        return self._store.get(key) == _PROMISED

    # -- a run has ended

    def finish(self, key: str, reply: Reply | None, *, given: bool = True) -> bool:
        """Change the record to DONE. The reply is the answer of this delivery and of its retries. Return
        False if the record was PROMISED or another run has finished it: the reply is then not the answer.

        With `given=False` the reply comes from a job, and is unused until a delivery calls give(). If no
        delivery does, the job must bring it: see promise_unused(). If the store has lost the record, it
        is written again.
        """
        now = self._clock()
        return self._finish(key, _Done(now, now if given else 0, to_json(reply)))

    def finish_kept(self, key: str, reply: Reply | None, source: str) -> bool:
        """Change the record to DONE. The reply is kept for the user's next message under `source`
        (Conversations.keep): a delivery must claim it there. Return False as finish() does."""
        return self._finish(key, _Done(self._clock(), 0, to_json(reply), source))

    def _finish(self, key: str, ended: _Done) -> bool:
        done = _DONE + dump(ended)
        for expected in (self._mine, _QUEUED):
            if self._store.swap(key, expected, done, self._lifetime):
                return True
        return self._store.add(key, done, self._lifetime)

    def age(self, claim: Claim) -> float:
        """Return the seconds since the reply of a DONE message was ready. They are infinite if it was
        ready in the future: somebody has set the clock back since."""
        passed = self._clock() - claim.at
        return passed if passed > -_SKEW_SECONDS else math.inf

    def until_used(self, key: str, seconds: float) -> Claim:
        """Wait until a delivery has answered with the reply of a job and the answer has reached WeChat,
        at most until the reply is `seconds` old. The claim says if it `is_unused`."""
        end, pause = None, _FIRST_POLL_SECONDS
        while True:
            record = self._store.get(key)
            claim = _ended(record, 1) if record and record.startswith(_DONE) else Claim(State.DONE, 1)
            if not claim.is_unused:
                left = _TRAVEL_SECONDS - (self._clock() - claim.answered)
                if left > 0:
                    self._sleep(min(left, _TRAVEL_SECONDS))
                return claim
            end = self._monotonic() + seconds - self.age(claim) if end is None else end
            left = end - self._monotonic()
            if left <= 0:
                return claim
            self._sleep(min(pause, left))
            pause = min(2 * pause, _LAST_POLL_SECONDS)

    def give(self, key: str, claim: Claim) -> bool:
        """Record that a delivery answers with the reply now. Return False if the record has changed since
        `claim` was made: call look() again."""
        return self._replace(key, claim, _done(claim.reply, claim.at, self._clock()))

    def promise_unused(self, key: str, claim: Claim) -> bool:
        """Change DONE to PROMISED, because the deliveries that waited for the reply were killed and its job
        must bring it. Return False as give() does."""
        return self._replace(key, claim, _PROMISED)

    def withdraw(self, key: str, claim: Claim) -> bool:
        """Remove the reply from the record because a job brings the reply to the user instead: later
        deliveries of this message return an empty answer. Return False as give() does."""
        return self._replace(key, claim, _done(None, claim.at, claim.answered))

    def _replace(self, key: str, claim: Claim, record: bytes) -> bool:
        return self._store.swap(key, claim.stored, record, self._lifetime)

    def _write(self, record: bytes) -> Write:
        return Write(record, self._lifetime)


def _is_running(record: bytes | None) -> bool:
    return record is not None and record.startswith(_RUNNING)


def _ended(record: bytes, attempt: int) -> Claim:
    done = find(_Done, record[1:]) or _Done(0, 0)  # unreadable, from another version: the run has ended
    try:
        reply = from_json(done.reply)
    except ValueError as error:  # a newer version has written it
        log.error("[answer] a stored reply cannot be read, WeChat gets success: %s", error)
        reply = None
    return Claim(State.DONE, attempt, reply, done.at, done.answered, done.kept, record)


def _done(reply: Reply | None, at: float, answered: float) -> bytes:
    return _DONE + dump(_Done(at, answered, to_json(reply)))
