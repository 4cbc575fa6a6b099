"""Perform the jobs of late answers: run the handler, then bring the reply to the user.

Each step is recorded in the job, so that another worker can continue if this process dies. One case cannot be
recorded: if the process dies just after WeChat has accepted a push, the user gets that message twice.
"""

import logging
from functools import partial

from bot.account import Account
from bot.chat.delivery.late_answers import EXPECTED, TYPING
from bot.chat.delivery.record import Claim, Records, State
from bot.chat.delivery.retry_timing import SERIES_SECONDS
from bot.chat.handler import Handlers, Outcome
from bot.chat.replies.kinds import Reply
from bot.chat.replies.stored import from_json, to_json
from bot.chat.wire import messages
from bot.chat.wire.messages import Incoming
from bot.errors import WeChatError, WeChatUnreachable
from bot.jobs.outbox import Job, Outbox
from bot.jobs.runner import Failed, Later
from bot.wechat.client import PUSH
from bot.wechat.whitelist import UNLISTED, WhitelistAlarm

log = logging.getLogger("bot.late")

# A later push may succeed: WeChat is busy, or the operator adds this server to the IP whitelist.
_BUSY = (-1, 45009, 45011, UNLISTED)
# A waiting delivery looks for the reply every 0.2 s. If no delivery has answered with the reply after this
# time, their processes are dead.
_UNUSED_SECONDS = 1.0
_MAX_RUNS = 5  # a handler may have killed five workers: do not run it again
_PUSH_TRIES = 4  # after these, an answer that WeChat refuses is kept for the user's next message


class LateAnswerWorker:
    """Perform the jobs that LateAnswers writes."""

    def __init__(self, handlers: Handlers, records: Records, outbox: Outbox, account: Account) -> None:
        self._handlers = handlers
        self._records = records
        self._outbox = outbox
        self._account = account
        self._whitelist = WhitelistAlarm()
        self._unused_seconds = _UNUSED_SECONDS if account.can_push else SERIES_SECONDS

    def perform(self, job: Job) -> Later | Failed | None:
        """Perform one job as far as possible now. Raises JobLost if another worker has the job."""
        if job.kind == TYPING:
            self._type(str(job.work["openid"]))
            return None
        incoming = messages.read(job.work["fields"])
        if "reply" in job.work:
            return self._bring(incoming, job)
        if job.work.get("late"):
            return self._bring(incoming, self._note_reply(job, self._run(incoming, job)))
        return self._run_in_time(incoming, job)

    def _run_in_time(self, incoming: Incoming, job: Job) -> Later | Failed | None:
        """Run the handler of a message whose deliveries may still wait for its reply."""
        # The process that wrote an EXPECTED job died before it promised the reply. That may have been
        # WeChat's last delivery, so the reply is pushed.
        promised = self._account.can_push and job.kind == EXPECTED
        found = self._records.adopt(incoming.key, promised=promised)
        # If the record has expired, the message is so old that any run of it has ended.
        is_old = found.state is State.NEW and (job.kind == EXPECTED or "ended" in job.work)
        if found.state is State.DONE or is_old:
            return self._bring_unused(incoming, job, found)
        outcome = self._run(incoming, job)
        if outcome.reply is not None and not outcome.reply.is_answer:
            if not self._records.promise_push(incoming.key, lambda process: lambda: None):
                return None  # another process has run the handler, and its reply was ready first
            return self._bring(incoming, self._note_reply(job, outcome))
        if self._records.finish(incoming.key, outcome.reply, given=False):
            log.info("[late] reply ready in time: openid=%s", incoming.openid)
            job = self._outbox.note(job, ended=True, problem=outcome.problem)
            return Later(self._unused_seconds, "") if outcome.reply else _end(job)
        if not self._records.is_promised(incoming.key):
            return None  # this process counted as dead, and another one has finished the run first
        return self._bring(incoming, self._note_reply(job, outcome))

    def _bring_unused(self, incoming: Incoming, job: Job, found: Claim) -> Later | Failed | None:
        """Bring the reply to the user if no delivery has answered with it after a while: the processes in
        which the deliveries waited have then been killed."""
        if found.reply is None or not found.is_unused:
            return _end(job)
        left = self._unused_seconds - self._records.age(found)
        if left > 0:
            return Later(left, "")
        if not self._records.promise_unused(incoming.key, found):
            return _end(job)
        return self._bring(incoming, self._note_reply(job, Outcome(found.reply)))

    def _note_reply(self, job: Job, outcome: Outcome) -> Job:
        work = {"problem": outcome.problem} if outcome.problem else {}
        return self._outbox.note(job, reply=to_json(outcome.reply), late=True, **work)

    def _run(self, incoming: Incoming, job: Job) -> Outcome:
        if job.tries > _MAX_RUNS:
            log.error("[late] given up after %d runs: openid=%s", _MAX_RUNS, incoming.openid)
            return self._handlers.apology(f"given up after {_MAX_RUNS} runs")
        place = job.work.get("place")
        match = (
            self._handlers.found_before(place, job.work["captures"])
            if place
            else self._handlers.find(incoming)
        )
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
        return later or _end(job)

    def _deliver(self, openid: str, job: Job, reply: Reply) -> Later | None:
        """Push the parts that have not been pushed yet. Keep a reply that cannot be pushed for the user's
        next message."""
        can_push = self._account.can_push and reply.has_all_for_push
        parts = reply.pushes(self._account.text_limit) if can_push else []
        sent = int(job.work.get("sent", 0))
        for part in parts[sent:]:
            push = partial(self._account.client.post, PUSH, data={"touser": openid, **part})
            try:
                job = self._outbox.step(job, push, sent=sent + 1)
            except WeChatError as error:
                return self._refused(openid, job, reply, sent, error)
            self._whitelist.accepted()
            sent += 1
        if not parts:
            self._keep(openid, job, reply)
        done = "pushed" if parts else "kept for the next message"
        log.info("[late] %s %s: openid=%s", type(reply).__name__, done, openid)
        return None

    def _refused(self, openid: str, job: Job, reply: Reply, sent: int, error: WeChatError) -> Later | None:
        self._whitelist.refused(error)
        was_sent = isinstance(error, WeChatUnreachable) and error.was_sent
        if error.errcode in _BUSY and job.tries < _PUSH_TRIES and not was_sent:
            return Later(2.0**job.tries, f"errcode {error.errcode}")
        log.warning("[late] push refused, kept for the next message: errcode=%d", error.errcode)
        self._keep(openid, job, reply.unsent(sent, self._account.text_limit))
        return None

    def _keep(self, openid: str, job: Job, reply: Reply) -> None:
        # The source is not the id of the message: the handler's own reply may be kept under that.
        self._handlers.conversations.keep(openid, reply, f"{job.id}:late")

    def _type(self, openid: str) -> None:
        try:
            self._account.client.post("message/custom/typing", data={"touser": openid, "command": "Typing"})
        except WeChatError as error:
            log.info("[late] no typing indicator: errcode=%d", error.errcode)


def _end(job: Job) -> Failed | None:
    """Return None if the job is done, or Failed if its handler failed."""
    problem = str(job.work.get("problem", ""))
    return Failed(problem) if problem else None
