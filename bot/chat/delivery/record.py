"""Step 2: one run per message, however often and wherever it is delivered.

States of a record: not there; RUNNING in a process; QUEUED as a job; PROMISED (WeChat has been answered
without the reply, and the job brings it); DONE, with the reply. A process that dies while it runs a message
loses it to the next delivery that finds out.
"""

import enum
import json
import time
from collections.abc import Callable
from typing import NamedTuple

from bot.chat.replies.kinds import Reply, from_json, to_json
from bot.errors import StoreError
from bot.jobs.liveness import Liveness
from bot.store import Clock, Store

_RUNNING = b"R"  # followed by the process
_QUEUED = b"Q"
_PROMISED = b"P"
_DONE = b"D"  # followed by JSON
_RETRIES = ":retries"
_FIRST_POLL_SECONDS = 0.02
_LAST_POLL_SECONDS = 0.2


class State(enum.Enum):
    """What a delivery finds."""

    NEW = "new"  # nobody runs it: the caller must, and must call finish() or queue()
    RUNNING = "running"  # somebody does: wait()
    DONE = "done"  # it has run: here is its reply


class Claim(NamedTuple):
    """`attempt` counts deliveries from 1.

    Of a DONE message: its `reply` (None: there is none, or it goes another way), `at`: when the reply was
    ready, `answered`: when a delivery last answered with it, both in unix seconds. `answered` is 0 as long as
    no delivery has answered with the reply of a job. Of a NEW message: whether claim() has looked `beside` it
    and found nothing.
    """

    state: State
    attempt: int
    reply: Reply | None = None
    at: float = 0
    answered: float = 0
    nothing_beside: bool = False

    @property
    def is_unused(self) -> bool:
        """Return True if there is a reply, and no delivery has answered with it."""
        return self.reply is not None and not self.answered


class Dedup:
    """`lifetime` in seconds must outlast the freshness window, so that a replay finds the record."""

    def __init__(
        self,
        store: Store,
        liveness: Liveness,
        lifetime: float,
        clock: Clock = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._liveness = liveness
        self._lifetime = lifetime
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._mine = _RUNNING + liveness.me.encode()

    def claim(self, key: str, beside: str = "") -> Claim:
        """Of all deliveries of a message, exactly one gets NEW; another one if that one's process dies.
        `beside`: the key of something else, which is looked up on the same way to the store."""
        claim = ("add", (key, self._mine, self._lifetime))
        is_new, *found = self._store.together([claim, ("get", (beside,))] if beside else [claim])
        if is_new:
            return Claim(State.NEW, 1, nothing_beside=found == [None])
        attempt = 1 + self._store.count(key + _RETRIES, self._lifetime)
        return self.look(key, attempt)

    def deliveries(self, key: str) -> int:
        """How many have claimed the message."""
        return 1 + int(self._store.get(key + _RETRIES) or 0)

    def wait(self, key: str, attempt: int, seconds: float) -> Claim:
        """Join a run: DONE as soon as it has ended, NEW if its process died and the caller must run it,
        RUNNING if the time is over."""
        end, pause = self._monotonic() + seconds, _FIRST_POLL_SECONDS
        while True:
            try:
                claim = self.look(key, attempt)
            except StoreError:  # it may be back before the time is over
                claim = Claim(State.RUNNING, attempt)
            left = end - self._monotonic()
            if claim.state is not State.RUNNING or left <= 0:
                return claim
            self._sleep(min(pause, left))
            pause = min(2 * pause, _LAST_POLL_SECONDS)

    def queue(self, key: str) -> None:
        """RUNNING here to QUEUED: a job in the outbox runs it now."""
        self._store.swap(key, self._mine, _QUEUED, self._lifetime)

    def seize(self, key: str) -> None:
        """RUNNING elsewhere to RUNNING here: the reply is there before that run has ended."""
        record = self._store.get(key)
        if record is not None and record.startswith(_RUNNING):
            self._store.swap(key, record, self._mine, self._lifetime)

    def promise(self, key: str, expect: Callable[[str], Callable[[], None]]) -> bool:
        """RUNNING or QUEUED to PROMISED: from now on a job must bring the reply to the user. True also if
        another delivery has promised it; False if the run has ended (its reply is there to be had).

        A message that runs in a process has no job yet: `expect(process)` is called to write one first, and
        what it returns is called if nothing came of that.
        """
        while True:
            record = self._store.get(key)
            if record is None or not record.startswith((_RUNNING, _QUEUED)):
                return record == _PROMISED
            take_back = expect(record[1:].decode()) if record.startswith(_RUNNING) else None
            if self._store.swap(key, record, _PROMISED, self._lifetime) or self.is_promised(key):
                return True
            if take_back:
                take_back()

    def runner(self, key: str) -> str | None:
        """The process in whose request the message runs now, if it does."""
        record = self._store.get(key)
        return record[1:].decode() if record and record.startswith(_RUNNING) else None

    def adopt(self, key: str, *, promised: bool) -> Claim:
        """Let a job run the handler: RUNNING to QUEUED, or to PROMISED if `promised`.

        Return RUNNING if the job must run it now, DONE if the run has ended, and NEW if the record is gone.
        """
        while True:
            record = self._store.get(key)
            if record is None:
                return Claim(State.NEW, 1)
            if record.startswith(_DONE):
                return _ended(record, 1)
            adopted = _PROMISED if promised else _QUEUED
            if not record.startswith(_RUNNING) or self._store.swap(key, record, adopted, self._lifetime):
                return Claim(State.RUNNING, 1)

    def age(self, claim: Claim) -> float:
        """Return the seconds since the reply of a DONE message was ready."""
        return self._clock() - claim.at

    def is_promised(self, key: str) -> bool:
        """Whether a job owes the user this reply."""
        return self._store.get(key) == _PROMISED

    def finish(self, key: str, reply: Reply | None, *, given: bool = True) -> bool:
        """To DONE: the reply is there for this delivery and its retries. False if it was PROMISED, or if
        somebody else has finished it: the reply is then not this delivery's answer.

        With `given=False` the reply comes from a job, and is unused until a delivery calls give(). If none
        does, the job must bring it: see promise_unused().
        A record that the store has lost meanwhile counts as ours.
        """
        now = self._clock()
        done = _done(reply, now, now if given else 0)
        for expected in (self._mine, _QUEUED):
            if self._store.swap(key, expected, done, self._lifetime):
                return True
        return self._store.add(key, done, self._lifetime)

    def give(self, key: str, claim: Claim) -> bool:
        """Note that the reply is given as an answer now. False if it has been given or withdrawn since
        `claim` was made: look again."""
        return self._replace(key, claim, _done(claim.reply, claim.at, self._clock()))

    def promise_unused(self, key: str, claim: Claim) -> bool:
        """DONE to PROMISED: the deliveries that waited for the reply were killed, so its job must bring it.
        False as with give()."""
        return self._replace(key, claim, _PROMISED)

    def withdraw(self, key: str, claim: Claim) -> bool:
        """Keep the reply from later deliveries, for it goes another way. False as with give()."""
        return self._replace(key, claim, _done(None, claim.at, claim.answered))

    def _replace(self, key: str, claim: Claim, record: bytes) -> bool:
        return self._store.swap(key, _done(claim.reply, claim.at, claim.answered), record, self._lifetime)

    def look(self, key: str, attempt: int) -> Claim:
        """The state now, without counting a delivery."""
        record = self._store.get(key)
        if record is None:  # its lifetime is over, or the store has lost it
            won = self._store.add(key, self._mine, self._lifetime)
            return Claim(State.NEW if won else State.RUNNING, attempt)
        if record.startswith(_DONE):
            return _ended(record, attempt)
        if record == _PROMISED:
            return Claim(State.DONE, attempt)
        if record.startswith(_RUNNING) and not self._liveness.is_alive(record[1:].decode()):
            won = self._store.swap(key, record, self._mine, self._lifetime)
            return Claim(State.NEW if won else State.RUNNING, attempt)
        return Claim(State.RUNNING, attempt)


def _ended(record: bytes, attempt: int) -> Claim:
    done = json.loads(record[1:])
    reply = from_json(done["reply"]) if done["reply"] else None
    return Claim(State.DONE, attempt, reply, done["at"], done["answered"])


def _done(reply: Reply | None, at: float, answered: float) -> bytes:
    value = {"at": at, "answered": answered, "reply": to_json(reply) if reply else None}
    return _DONE + json.dumps(value).encode()
