"""Step 5: have the answer in time, or see to it that it comes late.

A delivery that comes while the run is under way joins it. What is ready before the deadline is the passive
reply. What is not is promised, and a job brings it. Rules and their reasons: docs/flow.md.
"""

import contextlib
import functools
import logging
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from bot.chat.conversation import Conversations
from bot.chat.delivery.late_answers import Late
from bot.chat.delivery.record import Claim, Dedup, State
from bot.chat.delivery.repeat import Again
from bot.chat.delivery.retry_timing import LAST_ATTEMPT, Attempts
from bot.chat.delivery.without_store import Alone, Run
from bot.chat.handler import Handle
from bot.chat.replies.as_answer import Passive
from bot.chat.replies.kinds import Reply, Text
from bot.chat.router import Match, Router
from bot.chat.wire import seal
from bot.chat.wire.messages import Incoming
from bot.chat.wording import Wording
from bot.config import Config
from bot.errors import StoreError
from bot.jobs.liveness import Liveness
from bot.store import Clock

log = logging.getLogger("bot.answer")

# WeChat tries again only if it hears nothing. To be tried again we must outwait its 5 s.
_OUTWAIT_SECONDS = 1.0
_STORE_SECONDS = 1.8  # a store that may be gone takes 2 to say so, and WeChat hangs up 0.5 after our deadline
_NO_ROOM_SECONDS = 0.25  # for quick handlers, where too many deliveries wait


class Answer(NamedTuple):
    """`reply` is plain reply XML, empty for `success`. `retry` asks the endpoint for a status that makes
    WeChat deliver again, should it still be listening. The rest is for the log line."""

    reply: bytes
    result: str
    attempt: int
    route: str = ""
    retry: bool = False


class Answerer:
    """`waiting` bounds how many deliveries of this process may wait for a run at the same time."""

    def __init__(
        self,
        config: Config,
        router: Router,
        dedup: Dedup,
        handle: Handle,
        conversations: Conversations,
        late: Late,
        liveness: Liveness,
        alone: Alone,
        wording: Wording,
        clock: Clock = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        waiting: int,
    ) -> None:
        self._config = config
        self._router = router
        self._dedup = dedup
        self._handle = handle
        self._conversations = conversations
        self._late = late
        self._liveness = liveness
        self._alone = alone
        self._wording = wording
        self._clock = clock
        self._monotonic = monotonic
        self._attempts = Attempts(config, clock, pushes=late.pushes)
        self._passive = Passive(conversations, wording, config.text_limit_bytes)
        self._again = Again(dedup, late, self._attempts, liveness, self._passive)
        self._waiting = threading.BoundedSemaphore(waiting)

    def answer(self, incoming: Incoming) -> Answer:
        """The answer for one delivery. Runs the handler if no other delivery has. Raises nothing."""
        end = self._monotonic() + self._config.deadline_seconds
        run = self._alone.find(incoming.key)
        if run is not None:
            return self._without_store(incoming, run, end)
        beside = "" if incoming.msg_type == "event" else self._conversations.kept_key(incoming.openid)
        try:
            claim = self._dedup.claim(incoming.key, beside)
        except StoreError:
            # Other processes cannot be asked: better answered twice than not at all.
            run = self._alone.begin(
                incoming.key, lambda: self._handle(incoming, self._router.find(incoming), again=False).reply
            )
            if run is None:
                return Answer(b"", "too-many", 1, retry=True)
            return self._without_store(incoming, run, end)
        try:
            return self._settle(incoming, claim, end)
        except StoreError as error:
            log.error("[answer] store lost on the way: %s", error)
            if not self._late.pushes:
                return Answer(b"", "no-store", claim.attempt, retry=True)
            # The job, where there is one, goes on once the store is back. So will the promise.
            self._liveness.owe(lambda: self._make_good(incoming, claim.attempt))
            return Answer(b"", "no-store", claim.attempt)

    def _make_good(self, incoming: Incoming, attempt: int) -> None:
        """WeChat was answered `success` while the store was gone: the reply is owed, unless WeChat has not
        heard that and asked again."""
        if self._alone.find(incoming.key) or self._promise(incoming):
            return
        if self._dedup.deliveries(incoming.key) > attempt:
            return
        claim = self._dedup.look(incoming.key, 1)
        if claim.state is State.DONE and claim.reply is not None:
            withdraw = functools.partial(self._dedup.withdraw, incoming.key, claim)
            self._late.push_instead(incoming, claim.reply, withdraw)

    def _without_store(self, incoming: Incoming, run: Run, end: float) -> Answer:
        """As with one, but for what only the store knows: which attempt this is is guessed by the time, and
        the late way is owed."""
        run.attempts += 1
        has_room = self._waiting.acquire(blocking=False)
        try:
            self._alone.wait(run, end - self._monotonic() if has_room else _NO_ROOM_SECONDS)
            if run.is_promised or self._late.pushes or self._attempts.is_last(incoming, run.attempts):
                if run.promise(lambda reply: self._liveness.owe(lambda: self._bring(incoming, reply))):
                    return self._waits(incoming, run.attempts)
            elif has_room:
                self._alone.wait(run, _OUTWAIT_SECONDS)
        finally:
            if has_room:
                self._waiting.release()
        if not run.ended:
            return Answer(b"", "retry", run.attempts, retry=True)
        if end - self._monotonic() > _STORE_SECONDS:
            with contextlib.suppress(StoreError):
                return self._with_store_again(incoming, run.reply)
        return self._unrecorded(incoming, run.reply, run.attempts)

    def _with_store_again(self, incoming: Incoming, reply: Reply | None) -> Answer:
        """A run without the store has ended, and the store may be back: other processes may have the message
        too by now. Whichever reply was there first is its answer."""
        claim = self._dedup.claim(incoming.key)
        if claim.state is State.DONE:
            return Answer(*self._again(incoming, claim), claim.attempt)
        if claim.state is State.RUNNING:
            self._dedup.seize(incoming.key)
        return self._give(incoming, reply, claim.attempt)

    def _bring(self, incoming: Incoming, reply: Reply | None) -> None:
        """The reply of a run without the store, which WeChat was told to wait for, now that it is back."""
        if reply is None:
            return
        # Ours: the store took our claim, though it did not say so. Another's: that one's reply is brought.
        is_ours = self._dedup.runner(incoming.key) == self._liveness.me
        if not is_ours and self._promise(incoming):
            return
        if self._late.pushes:
            self._late.push_instead(incoming, reply, lambda: self._close(incoming))
        elif self._close(incoming):
            self._conversations.keep(incoming.openid, reply, incoming.key)

    def _close(self, incoming: Incoming) -> bool:
        """Nobody else gives or brings the reply; False if somebody does."""
        claim = self._dedup.look(incoming.key, 1)
        if claim.state is not State.DONE:
            return self._dedup.finish(incoming.key, None)
        return claim.reply is not None and self._dedup.withdraw(incoming.key, claim)

    def _settle(self, incoming: Incoming, claim: Claim, end: float) -> Answer:
        if claim.state is State.NEW:
            match = self._router.find(incoming)
            stands_in = self._late.pushes and claim.attempt > 1  # for a process that died with its connection
            if match is None or not (match.route.slow or stands_in):
                return self._run(incoming, match, claim)
            try:
                self._late.write(incoming, match)
                self._dedup.queue(incoming.key)
            except StoreError as error:
                log.error("[answer] no job can be written, running it here: %s", error)
                return self._run(incoming, match, claim)
            self._late.wake(incoming)
            return self._join(incoming, claim.attempt, end, match.route.name)
        if claim.state is State.RUNNING:
            return self._join(incoming, claim.attempt, end)
        return Answer(*self._again(incoming, claim), claim.attempt)

    def _run(self, incoming: Incoming, match: Match | None, claim: Claim) -> Answer:
        """Here and now, in this thread."""
        attempt, route = claim.attempt, match.route.name if match else ""
        reply = self._handle(incoming, match, again=attempt > 1, nothing_kept=claim.nothing_beside).reply
        try:
            return self._give(incoming, reply, attempt, route)
        except StoreError as error:
            log.error("[answer] reply not recorded: %s", error)
            return self._unrecorded(incoming, reply, attempt, route)

    def _give(self, incoming: Incoming, reply: Reply | None, attempt: int, route: str = "") -> Answer:
        """The reply is there, and is this delivery's answer if it does not go another way."""
        if not self._record(incoming, reply):
            claim = self._dedup.look(incoming.key, attempt)  # promised, or others held us for dead
            body, _ = self._again(incoming, claim)
            return Answer(body, "late", attempt, route, retry=claim.state is State.RUNNING)
        body = self._passive(incoming, reply, self._clock(), first=True)
        return Answer(body, "reply" if reply else "none", attempt, route)

    def _unrecorded(self, incoming: Incoming, reply: Reply | None, attempt: int, route: str = "") -> Answer:
        """The reply is the answer, and the store shall know of it once it is back."""
        self._liveness.owe(lambda: self._record(incoming, reply))
        body = self._passive(incoming, reply, self._clock())
        return Answer(body, "reply" if reply else "none", attempt, route)

    def _record(self, incoming: Incoming, reply: Reply | None) -> bool:
        """Write the reply down; False if it is not this delivery's answer, but goes the late way."""
        if self._dedup.finish(incoming.key, reply):
            return True
        if self._dedup.is_promised(incoming.key):
            self._late.bring(incoming, reply)
        return False

    def _join(self, incoming: Incoming, attempt: int, end: float, route: str = "") -> Answer:
        """Wait for the run, if there is room for one more to wait."""
        left = self._attempts.until_last_chance(incoming, attempt)
        if left <= 0 or not self._waiting.acquire(blocking=False):
            return self._give_up(incoming, attempt, route, must=True)
        try:
            # The process of the run may be dead, and ours and the next one may follow it while they wait.
            take_back = self._expect(incoming) if self._late.pushes and attempt > 1 else None
            left = min(left, end - self._attempts.reserve(attempt) - self._monotonic())
            claim = self._dedup.wait(incoming.key, attempt, left)
            if claim.state is State.RUNNING:
                answer = self._give_up(incoming, attempt, route, must=False)
            else:
                answer = self._joined(incoming, claim, end, route)
            if take_back and not self._dedup.is_promised(incoming.key):
                take_back()
            return answer
        finally:
            self._waiting.release()

    def _expect(self, incoming: Incoming) -> Callable[[], None] | None:
        """See to it that a worker runs the handler if the process that does dies, whatever becomes of the
        deliveries that wait for it. Returns how to take that back."""
        process = self._dedup.runner(incoming.key)
        return self._late.expect(incoming, process) if process else None

    def _joined(self, incoming: Incoming, claim: Claim, end: float, route: str) -> Answer:
        if claim.state is State.NEW:  # the process that ran it is dead
            return self._settle(incoming, claim, end)
        if claim.is_unused:  # a job made it
            return Answer(*self._again(incoming, claim), claim.attempt, route)
        return Answer(
            self._passive(incoming, claim.reply, claim.at, first=True),
            "joined",
            claim.attempt,
            route,
        )

    def _give_up(self, incoming: Incoming, attempt: int, route: str, *, must: bool) -> Answer:
        """Not ready in time. Promise the reply where that is the last or the best word; else let WeChat
        deliver again (`must`: no, for there is no room to keep it waiting)."""
        may_promise = must or self._late.pushes or attempt >= LAST_ATTEMPT
        if may_promise and self._promise(incoming):
            return self._promised(incoming, attempt, route)
        claim = self._dedup.wait(incoming.key, attempt, 0 if must else _OUTWAIT_SECONDS)
        if claim.state is State.DONE:
            return self._joined(incoming, claim, 0, route)
        return Answer(b"", "retry", attempt, route, retry=True)

    def _promise(self, incoming: Incoming) -> bool:
        return self._dedup.promise(incoming.key, lambda process: self._late.expect(incoming, process))

    def _promised(self, incoming: Incoming, attempt: int, route: str) -> Answer:
        if self._late.pushes:
            self._late.show_typing(incoming)
        return self._waits(incoming, attempt, route)

    def _waits(self, incoming: Incoming, attempt: int, route: str = "") -> Answer:
        """The user has to wait."""
        if self._late.pushes:
            return Answer(b"", "promised", attempt, route)
        body = seal.render(Text(self._wording.still_working), incoming, self._clock())
        return Answer(body, "still-working", attempt, route)
