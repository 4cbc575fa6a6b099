"""Answer every delivery, with the store or without it.

With the store, the Answerer does this. Without it, each process answers the deliveries that it gets, because
a user should rather get two answers than none. Records that could not be written are written when the store
works again.
"""

import contextlib
import functools
import logging
from collections.abc import Callable

from bot.chat.conversation import kept_key
from bot.chat.delivery.answer import Answerer, NoRoom
from bot.chat.delivery.late_answers import LateAnswers
from bot.chat.delivery.local_runs import LocalRuns, Run
from bot.chat.delivery.record import Records, State
from bot.chat.delivery.retry_timing import OUTWAIT_SECONDS, Delivery
from bot.chat.handler import Handlers
from bot.chat.replies.kinds import Reply
from bot.chat.wire.messages import Incoming
from bot.chat.wire.seal import Answer
from bot.errors import StoreError

log = logging.getLogger("bot.answer")

# a failing store takes up to 2 s to report it, and WeChat hangs up 0.5 s after our deadline
_STORE_SECONDS = 1.8
_NO_PLACE_SECONDS = 0.25  # enough for a quick handler, if too many deliveries wait


class WithoutStore:
    """Perform steps 3 to 6 of a message. Raises nothing."""

    def __init__(
        self, answerer: Answerer, handlers: Handlers, records: Records, late: LateAnswers, runs: LocalRuns
    ) -> None:
        self._answerer = answerer
        self._handlers = handlers
        self._records = records
        self._liveness = records.liveness
        self._late = late
        self._timing = late.timing
        self._runs = runs

    def answer(self, incoming: Incoming, is_closed: Callable[[], bool]) -> Answer:
        """Return the answer of one delivery. `is_closed()` tells if its connection has been closed."""
        delivery = self._timing.begin(is_closed)
        run = self._runs.find(incoming.key)
        if run is not None:
            return self._answer(incoming, run, delivery)
        try:
            claim = self._records.claim(incoming.key, kept_key(incoming))
        except StoreError:
            return self._begin(incoming, delivery)
        try:
            return self._answerer.answer(incoming, claim, delivery)
        except NoRoom:
            return self._begin(incoming, delivery)
        except StoreError as error:
            log.error("[answer] the store failed during a delivery: %s", error)
            if not self._timing.can_push:
                return Answer(None, "no-store", claim.attempt, retry=True)
            # If there is a job, it continues when the store works again. The promise is then made, too.
            self._liveness.owe(lambda: self._make_good(incoming, claim.attempt))
            return Answer(None, "no-store", claim.attempt)

    def _begin(self, incoming: Incoming, delivery: Delivery) -> Answer:
        """Run the handler in a thread of LocalRuns. If LocalRuns is full, answer 503: WeChat then delivers
        the message again."""
        run = self._runs.begin(incoming.key, functools.partial(self._run, incoming))
        if run is None:
            return Answer(None, "too-many", 1, retry=True)
        return self._answer(incoming, run, delivery)

    def _run(self, incoming: Incoming) -> Reply | None:
        match = self._handlers.find(incoming)
        is_ordered = match is not None and match.route.ordered
        with self._runs.turn(incoming.openid) if is_ordered else contextlib.nullcontext(True) as may_run:
            if not may_run:
                log.error("[answer] too many messages of one user wait: apology sent")
                return self._handlers.apology("").reply
            outcome = self._handlers.run(incoming, match, again=False)
        if outcome.more:
            self._answerer.keep(incoming, outcome.more)
        return outcome.reply

    def _answer(self, incoming: Incoming, run: Run, delivery: Delivery) -> Answer:
        """Answer a delivery as Answerer does, but without the store: guess the number of the delivery from
        the time, and write promises later."""
        run.attempts += 1
        with self._timing.place() as has_place:
            self._runs.wait(run, self._timing.left(delivery) if has_place else _NO_PLACE_SECONDS)
            if run.is_promised or self._timing.can_push or self._timing.is_last(incoming, run.attempts):
                if run.promise(lambda reply: self._liveness.owe(lambda: self._bring(incoming, reply))):
                    return self._answerer.promised(run.attempts)
            elif has_place:
                self._runs.wait(run, OUTWAIT_SECONDS)
        if not run.ended:
            return Answer(None, "retry", run.attempts, retry=True)
        if self._timing.left(delivery) > _STORE_SECONDS:
            with contextlib.suppress(StoreError):
                return self._with_store_again(incoming, run.reply)
        if run.reply is not None and not run.reply.is_answer:
            self._liveness.owe(lambda: self._bring(incoming, run.reply))
            return self._answerer.promised(run.attempts)
        return self._answerer.give_unrecorded(incoming, run.reply, run.attempts)

    def _with_store_again(self, incoming: Incoming, reply: Reply | None) -> Answer:
        """Answer after a run without the store, if the store may work again. Another process may have run the
        handler meanwhile. The reply that was recorded first is the answer."""
        claim = self._records.claim(incoming.key)
        if claim.state is State.DONE:
            return self._answerer.repeat.answer(incoming, claim)
        if claim.state is State.RUNNING:
            self._records.seize(incoming.key)
        return self._answerer.give(incoming, reply, claim.attempt)

    # -- when the store works again

    def _make_good(self, incoming: Incoming, attempt: int) -> None:
        """Bring the reply of a message that was answered `success` while the store failed. Do nothing if
        WeChat did not receive that answer and has delivered again."""
        if self._runs.find(incoming.key) or self._answerer.promise(incoming):
            return
        if self._records.deliveries(incoming.key) > attempt:
            return
        claim = self._records.look(incoming.key, 1)
        if claim.state is State.DONE and claim.reply is not None:
            withdraw = functools.partial(self._records.withdraw, incoming.key, claim)
            self._late.push_instead(incoming, claim.reply, withdraw)

    def _bring(self, incoming: Incoming, reply: Reply | None) -> None:
        """Bring the promised reply of a run without the store."""
        if reply is None:
            return
        # If the store got our claim although the call failed, the record is ours. Otherwise another process
        # has the message, and brings its own reply.
        is_ours = self._records.runner(incoming.key) == self._liveness.me
        if not is_ours and self._answerer.promise(incoming):
            return
        if self._timing.can_push:
            self._late.push_instead(incoming, reply, lambda: self._close(incoming))
        elif self._close(incoming):
            self._handlers.conversations.keep(incoming.openid, reply, incoming.key)

    def _close(self, incoming: Incoming) -> bool:
        """Make sure that no other process gives or brings a reply. Return False if one does."""
        claim = self._records.look(incoming.key, 1)
        if claim.state is not State.DONE:
            return self._records.finish(incoming.key, None)
        return claim.reply is not None and self._records.withdraw(incoming.key, claim)
