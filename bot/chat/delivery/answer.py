"""Step 6 of a message: answer in time, or make sure that the reply reaches the user later.

A delivery that arrives while the handler runs waits for that run. A reply that is ready before the deadline
is the answer. Otherwise the reply is promised: the job of the message brings it to the user. docs/flow.md has
the rules and their reasons. without_store.py answers deliveries while the store fails.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial

from bot.chat.delivery.late_answers import LateAnswers, source_in_time
from bot.chat.delivery.record import Claim, Records, State
from bot.chat.delivery.repeat import Repeat
from bot.chat.delivery.retry_timing import LAST_ATTEMPT, OUTWAIT_SECONDS, Delivery
from bot.chat.handler import Handlers
from bot.chat.replies.kinds import Reply
from bot.chat.router import Match
from bot.chat.wire.messages import Incoming
from bot.chat.wire.seal import Answer
from bot.errors import StoreError

log = logging.getLogger("bot.answer")


class NoRoom(Exception):
    """The handler can run neither in this process, where too many run, nor as a job, because the store
    fails."""


class Answerer:
    """Answer deliveries of messages whose records are in the store."""

    def __init__(self, handlers: Handlers, records: Records, late: LateAnswers) -> None:
        self._handlers = handlers
        self._records = records
        self._late = late
        self._timing = late.timing
        self.repeat = Repeat(records, late, handlers.conversations)

    def answer(self, incoming: Incoming, claim: Claim, delivery: Delivery) -> Answer:
        """Return the answer of one delivery before its deadline. Run the handler if no other delivery has run
        it. Raises StoreError if the store fails meanwhile, and NoRoom if nothing can run the handler."""
        if claim.state is State.NEW:
            return self._begin(incoming, claim, delivery)
        if claim.state is State.RUNNING:
            return self._join(incoming, claim.attempt, delivery)
        return self._repeat(incoming, claim, delivery)

    # -- the handler runs here, or as a job

    def _begin(self, incoming: Incoming, claim: Claim, delivery: Delivery) -> Answer:
        match = self._handlers.find(incoming)
        stands_in = claim.attempt > 1  # the process of an earlier delivery has died
        if match is None:
            return self._run(incoming, match, claim, delivery)
        if not (match.route.is_job or stands_in) and self._handlers.has_room(match):
            return self._run(incoming, match, claim, delivery)
        try:
            if not self._late.write(incoming, match):
                route = match.route.name
                log.error("[answer] too many messages of one user wait for route %s: apology sent", route)
                return self.give(incoming, self._handlers.apology("").reply, claim.attempt, route)
            self._records.queue(incoming.key)
        except StoreError as error:
            if not self._handlers.has_room(match):
                raise NoRoom from error
            log.error("[answer] no job can be written, so the handler runs here: %s", error)
            return self._run(incoming, match, claim, delivery)
        self._late.wake(incoming)
        return self._join(incoming, claim.attempt, delivery, match.route.name)

    def _run(self, incoming: Incoming, match: Match | None, claim: Claim, delivery: Delivery) -> Answer:
        """Run the handler now, in this thread."""
        attempt, route = claim.attempt, match.route.name if match else ""
        outcome = self._handlers.run(incoming, match, again=attempt > 1, nothing_kept=claim.nothing_beside)
        reply = outcome.reply
        if outcome.more:
            self.keep(incoming, outcome.more)
        try:
            if self._timing.has_hung_up(delivery):
                return self._leave(incoming, reply, attempt, route)
            return self.give(incoming, reply, attempt, route)
        except StoreError as error:
            log.error("[answer] reply not recorded: %s", error)
            return self.give_unrecorded(incoming, reply, attempt, route)

    def give(self, incoming: Incoming, reply: Reply | None, attempt: int, route: str = "") -> Answer:
        """Answer with the reply of a run that has ended. If the reply is promised, or another run has ended
        first, answer as the record says."""
        if self._record(incoming, reply):
            return Answer(reply, "reply" if reply else "none", attempt, route, is_first=True)
        # the reply is promised, or another process has run the handler
        claim = self._records.look(incoming.key, attempt)
        answer = self.repeat.answer(incoming, claim)
        return answer._replace(result="late", route=route, retry=claim.state is State.RUNNING)

    def _leave(self, incoming: Incoming, reply: Reply | None, attempt: int, route: str) -> Answer:
        """Record the reply of a handler that ended after WeChat had closed the connection of this delivery.
        Another delivery may answer with the reply. If none does, a job pushes it, or the user's next message
        gets it."""
        if reply is None or not reply.is_answer:
            self._record(incoming, reply)
        elif not self._timing.can_push:
            if not self._records.has_ended(incoming.key):
                source = source_in_time(incoming)
                self._handlers.conversations.keep(incoming.openid, reply, source)
                self._records.finish_kept(incoming.key, reply, source)
            self._late.forget(incoming)
        elif self._records.finish(incoming.key, reply, given=False):
            self._late.bring_unused(incoming)
        elif self._records.is_promised(incoming.key):
            self._late.bring(incoming, reply)
        return Answer(None, "hung-up", attempt, route, retry=True)

    def give_unrecorded(
        self, incoming: Incoming, reply: Reply | None, attempt: int, route: str = ""
    ) -> Answer:
        """Answer with a reply that could not be recorded. The reply is recorded when the store works
        again."""
        self._records.liveness.owe(lambda: self._record(incoming, reply))
        if reply is not None and not reply.is_answer:
            return Answer(None, "promised", attempt, route)
        return Answer(reply, "reply" if reply else "none", attempt, route)

    def _record(self, incoming: Incoming, reply: Reply | None) -> bool:
        """Record the reply. Return True if this delivery must answer with it. Return False if the reply is
        promised or cannot be an answer (then its job brings it to the user), or if another run has ended
        first."""
        if reply is not None and not reply.is_answer:
            if self._records.promise_push(incoming.key, partial(self._late.expect, incoming)):
                self._late.bring_push(incoming, reply)
            return False
        if self._records.finish(incoming.key, reply):
            return True
        if self._records.is_promised(incoming.key):
            self._late.bring(incoming, reply)
        return False

    def keep(self, incoming: Incoming, replies: Sequence[Reply]) -> None:
        """Keep further replies of a handler for the user's next messages, when the store works again."""
        keep = self._handlers.conversations.keep
        for number, reply in enumerate(replies):
            self._records.liveness.owe(partial(keep, incoming.openid, reply, f"{incoming.key}:{number}"))

    # -- the handler runs elsewhere

    def _join(self, incoming: Incoming, attempt: int, delivery: Delivery, route: str = "") -> Answer:
        """Wait for the run, unless too many deliveries of this process are waiting already."""
        left = self._timing.until_last_chance(incoming, attempt)
        with self._timing.place() as has_place:
            if left <= 0 or not has_place:
                return self._give_up(incoming, attempt, delivery, route, must=True)
            # The process of the run may be dead, and the processes of waiting deliveries may die, too.
            take_back = self._expect(incoming) if attempt > 1 else None
            left = min(left, self._timing.left(delivery) - self._timing.reserve(attempt))
            claim = self._records.wait(incoming.key, attempt, left)
            if claim.state is State.RUNNING:
                answer = self._give_up(incoming, attempt, delivery, route, must=False)
            else:
                answer = self._joined(incoming, claim, delivery, route)
            if take_back and self._records.has_ended(incoming.key):
                take_back()
            return answer

    def _expect(self, incoming: Incoming) -> Callable[[], None] | None:
        """Write a job that runs the handler if the process that runs it now dies, even if all waiting
        deliveries fail. Return a function that deletes the job, or None if no process runs the handler."""
        process = self._records.runner(incoming.key)
        return self._late.expect(incoming, process) if process else None

    def _joined(self, incoming: Incoming, claim: Claim, delivery: Delivery, route: str) -> Answer:
        if claim.state is State.NEW:  # the process that ran the handler is dead
            return self.answer(incoming, claim, delivery)
        if claim.is_unused or claim.kept:  # a job made the reply
            return self._repeat(incoming, claim, delivery, route)
        return Answer(claim.reply, "joined", claim.attempt, route, claim.at, is_first=True)

    def _repeat(self, incoming: Incoming, claim: Claim, delivery: Delivery, route: str = "") -> Answer:
        """Answer with the reply in the record. If WeChat has closed the connection, leave the reply to
        another delivery, to the job, or to the user's next message."""
        if (claim.is_unused or claim.kept) and self._timing.has_hung_up(delivery):
            return Answer(None, "hung-up", claim.attempt, route, retry=True)
        return self.repeat.answer(incoming, claim, route)

    def _give_up(
        self, incoming: Incoming, attempt: int, delivery: Delivery, route: str, *, must: bool
    ) -> Answer:
        """Answer without the reply, because it is not ready in time.

        Promise it if WeChat will not deliver again, or if it can be pushed. Otherwise make WeChat deliver
        again. With `must`, answer without waiting any longer.
        """
        may_promise = must or self._timing.can_push or attempt >= LAST_ATTEMPT
        if may_promise and self.promise(incoming):
            if self._timing.can_push:
                self._late.show_typing(incoming)
            return self.promised(attempt, route)
        claim = self._records.wait(incoming.key, attempt, 0 if must else OUTWAIT_SECONDS)
        if claim.state is State.DONE:
            return self._joined(incoming, claim, delivery, route)
        return Answer(None, "retry", attempt, route, retry=True)

    def promise(self, incoming: Incoming) -> bool:
        """Promise the reply: a job brings it to the user. Return False if the run has ended."""
        return self._records.promise(incoming.key, partial(self._late.expect, incoming))

    def promised(self, attempt: int, route: str = "") -> Answer:
        """Return the answer of a delivery whose reply is promised."""
        text = self._late.meanwhile()
        return Answer(text, "still-working" if text else "promised", attempt, route)
