"""Perform the jobs of late answers: run the handler, then bring the reply to the user.

Each step is recorded in the job, so that another worker can continue if this process dies. One case cannot be
recorded: if the process dies just after WeChat has accepted a push, the user gets that message twice.
"""

import logging
from collections.abc import Callable

from bot.chat.delivery.late_answers import EXPECTED, MAX_RUNS, TYPING, result_of, send_typing, source_of
from bot.chat.delivery.ordered_messages import OrderedMessages
from bot.chat.delivery.pushes import Pushes
from bot.chat.delivery.record import Claim, Records, State
from bot.chat.delivery.retry_timing import UNUSED_SECONDS
from bot.chat.delivery.several_replies import SeveralReplies
from bot.chat.handler import Handlers, Outcome
from bot.chat.replies.kinds import Reply
from bot.chat.replies.stored import from_json, to_json
from bot.chat.router import Match
from bot.chat.wire import messages
from bot.chat.wire.messages import Incoming
from bot.errors import StoreError, WeChatError
from bot.jobs.outbox import Job, Outbox
from bot.jobs.runner import Failed, Later

log = logging.getLogger("bot.late")

# When an ordered message has been handled, the job of the next one is woken. If the wake is lost, the waiting
# job runs by itself: the first in the line after 5 s, the second after 10 s, and so on, up to 30 s.
_TURN_SECONDS = 5.0
_MOST_TURNS = 6
_PUSH_TRIES = 4  # after these, an answer that WeChat refuses is kept for the user's next message


class LateAnswerWorker:
    """Perform the jobs that LateAnswers writes. `wake(job_id)` makes a worker look at a job at once."""

    def __init__(
        self,
        handlers: Handlers,
        records: Records,
        outbox: Outbox,
        pushes: Pushes,
        several: SeveralReplies,
        ordered: OrderedMessages,
        wake: Callable[[str], None],
    ) -> None:
        self._handlers = handlers
        self._records = records
        self._outbox = outbox
        self._pushes = pushes
        self._account = pushes.account
        self._several = several
        self._ordered = ordered
        self._wake = wake

    def perform(self, job: Job) -> Later | Failed | None:
        """Perform one job as far as possible now. Raises JobLost if another worker has the job."""
        if job.kind == TYPING:
            send_typing(self._account, str(job.work["openid"]))
            return None
        incoming = messages.read(job.work["fields"])
        if "reply" in job.work:
            return self._bring(incoming, job)
        match = self._match(incoming, job)
        if "ended" in job.work or not (match and match.route.ordered):
            return self._perform(incoming, match, job)
        turn = self._take_turn(incoming, match, job)
        if turn is None:
            return None
        result = self._perform(incoming, match, turn)
        self._end_turn(incoming)
        return result

    def _match(self, incoming: Incoming, job: Job) -> Match | None:
        """Return the route of the message. A job that was written before its route was known has no place."""
        place = job.work.get("place")
        if place:
            return self._handlers.found_before(place, job.work["captures"])
        # Do not match a message that has been handled: a second match could end the user's open question.
        if not job.work.get("late") and self._has_ended(job, self._adopt(incoming, job)):
            return None
        return self._handlers.find(incoming)

    def _adopt(self, incoming: Incoming, job: Job) -> Claim:
        # The process that wrote an EXPECTED job died before it promised the reply. That may have been
        # WeChat's last delivery, so the reply is pushed.
        promised = self._account.can_push and job.kind == EXPECTED
        return self._records.adopt(incoming.key, promised=promised)

    def _has_ended(self, job: Job, found: Claim) -> bool:
        # If the record has expired, the message is so old that any run of it has ended.
        is_old = found.state is State.NEW and (job.kind == EXPECTED or "ended" in job.work)
        return found.state is State.DONE or is_old

    def _perform(self, incoming: Incoming, match: Match | None, job: Job) -> Later | Failed | None:
        if match and match.route.yields and "ended" not in job.work:
            return self._several.perform(incoming, match, job)
        if job.work.get("late"):
            return self._bring(incoming, self._note_reply(job, self._run(incoming, match, job)))
        return self._run_in_time(incoming, match, job)

    # -- ordered routes: wait until the user's earlier messages have been handled

    def _take_turn(self, incoming: Incoming, match: Match, job: Job) -> Job | None:
        """Return the job if its handler may run now. Otherwise let the job wait."""
        if "place" not in job.work:  # find() ends an open question, so a second find() may miss this route
            job = self._outbox.note(job, place=match.place, captures=list(match.captures))
        ahead = self._ordered.ahead(incoming)
        if not ahead:
            return job
        self._outbox.put_back(job, _TURN_SECONDS * min(ahead, _MOST_TURNS))
        # The earlier message may have ended before put_back(). Its wake was then too early.
        if not self._ordered.ahead(incoming):
            self._wake(job.id)
        return None

    def _end_turn(self, incoming: Incoming) -> None:
        try:
            following = self._ordered.leave(incoming)
        except StoreError as error:  # the next job runs by itself when the store works again
            log.error("[late] an ordered message has not left its line: %s", error)
            return
        if following is not None:
            self._wake(following)

    # -- the handler runs

    def _run_in_time(self, incoming: Incoming, match: Match | None, job: Job) -> Later | Failed | None:
        """Run the handler of a message whose deliveries may still wait for its reply."""
        found = self._adopt(incoming, job)
        if self._has_ended(job, found):
            return self._bring_unused(incoming, job, found)
        outcome = self._run(incoming, match, job)
        if not self._account.can_push:
            if self._records.has_ended(incoming.key):
                return None  # another process has run the handler, and its reply was ready first
            return self._bring(incoming, self._note_reply(job, outcome))
        if outcome.reply is not None and not outcome.reply.is_answer:
            if not self._records.promise_push(incoming.key, lambda process: lambda: None):
                return None  # another process has run the handler, and its reply was ready first
            return self._bring(incoming, self._note_reply(job, outcome))
        if self._records.finish(incoming.key, outcome.reply, given=False):
            log.info("[late] reply ready in time: openid=%s", incoming.openid)
            job = self._outbox.note(job, ended=True, problem=outcome.problem)
            return Later(UNUSED_SECONDS, "") if outcome.reply else result_of(job)
        if not self._records.is_promised(incoming.key):
            return None  # this process counted as dead, and another one has finished the run first
        return self._bring(incoming, self._note_reply(job, outcome))

    def _bring_unused(self, incoming: Incoming, job: Job, found: Claim) -> Later | Failed | None:
        """Bring the reply to the user if no delivery has answered with it after a while: the processes in
        which the deliveries waited have then been killed."""
        if found.reply is None or not found.is_unused:
            return result_of(job)
        left = UNUSED_SECONDS - self._records.age(found)
        if left > 0:
            return Later(left, "")
        if not self._records.promise_unused(incoming.key, found):
            return result_of(job)
        return self._bring(incoming, self._note_reply(job, Outcome(found.reply)))

    def _note_reply(self, job: Job, outcome: Outcome) -> Job:
        work = {"problem": outcome.problem} if outcome.problem else {}
        return self._outbox.note(job, reply=to_json(outcome.reply), late=True, **work)

    def _run(self, incoming: Incoming, match: Match | None, job: Job) -> Outcome:
        if job.tries > MAX_RUNS:
            log.error("[late] given up after %d runs: openid=%s", MAX_RUNS, incoming.openid)
            return self._handlers.apology(f"given up after {MAX_RUNS} runs")
        place = job.work.get("place")
        if place and match is None:
            log.error(
                "[late] no route %s any more; was its handler renamed? openid=%s",
                place,
                incoming.openid,
            )
            return self._handlers.apology("its route is gone")
        return self._handlers.run(incoming, match, again=True)  # an earlier run may have died

    # -- the reply goes to the user

    def _bring(self, incoming: Incoming, job: Job) -> Later | Failed | None:
        """Bring the reply that is stored in the job."""
        reply = from_json(job.work["reply"])
        later = self._deliver(incoming.openid, job, reply) if reply else None
        if not self._account.can_push:  # a delivery that still waits takes the reply that was kept
            self._records.finish_kept(incoming.key, reply, source_of(job, "late"))
        return later or result_of(job)

    def _deliver(self, openid: str, job: Job, reply: Reply) -> Later | None:
        """Push the parts that have not been pushed yet. Keep a reply that cannot be pushed for the user's
        next message."""
        parts = self._pushes.parts(reply)
        sent = int(job.work.get("sent", 0))
        for part in parts[sent:]:
            try:
                job = self._pushes.push(openid, job, part, sent=sent + 1)
            except WeChatError as error:
                return self._refused(openid, job, reply, sent, error)
            sent += 1
        if not parts:
            self._keep(openid, job, reply)
        done = "pushed" if parts else "kept for the next message"
        log.info("[late] %s %s: openid=%s", type(reply).__name__, done, openid)
        return None

    def _refused(self, openid: str, job: Job, reply: Reply, sent: int, error: WeChatError) -> Later | None:
        if job.tries < _PUSH_TRIES and self._pushes.may_try_again(error):
            return Later(2.0**job.tries, f"errcode {error.errcode}")
        log.warning("[late] push refused, kept for the next message: errcode=%d", error.errcode)
        self._keep(openid, job, reply.unsent(sent, self._account.text_limit))
        return None

    def _keep(self, openid: str, job: Job, reply: Reply) -> None:
        # The source is not the id of the message: the handler's own reply may be kept under that.
        self._handlers.conversations.keep(openid, reply, source_of(job, "late"))
