"""The late way of a reply, as a worker sees it: run the handler, then bring the reply to the user.

After each step it is noted in the job, so that a successor goes on from there. What cannot be noted in time
is one push that WeChat has taken and we have not yet written down: if the process dies just then, the user
sees that message twice.
"""

import logging
from functools import partial

from bot.account import Account
from bot.chat.conversation import Conversations
from bot.chat.delivery.late_answers import EXPECTED, TYPING
from bot.chat.delivery.record import Claim, Dedup, State
from bot.chat.delivery.retry_timing import SERIES_SECONDS
from bot.chat.handler import Handle, Outcome
from bot.chat.replies.as_push import custom_messages, pieces
from bot.chat.replies.kinds import Reply, Text, from_json, to_json
from bot.chat.router import Router
from bot.chat.wire import messages
from bot.chat.wire.messages import Incoming
from bot.errors import WeChatError, WeChatUnreachable
from bot.jobs.outbox import Job, Outbox
from bot.jobs.runner import Again, Failed
from bot.wechat.client import PUSH

log = logging.getLogger("bot.late")

_BUSY = (-1, 45009, 45011)  # WeChat's own trouble: later it may take the message
# A delivery that waits for a reply looks for it every 0.2 s: it has used the reply by then, or is dead.
_UNUSED_SECONDS = 1.0
_MAX_RUNS = 5  # a handler that has taken five workers with it is not run by a sixth
_PATIENCE = 4  # tries before an answer that WeChat does not take waits for the user's next message


class Performer:
    """Performs the jobs that `Late` writes. `push` as there; `text_limit` in UTF-8 bytes."""

    def __init__(
        self,
        account: Account,
        router: Router,
        handle: Handle,
        dedup: Dedup,
        conversations: Conversations,
        outbox: Outbox,
        *,
        push: bool,
        text_limit: int,
    ) -> None:
        self._account = account
        self._router = router
        self._handle = handle
        self._dedup = dedup
        self._conversations = conversations
        self._outbox = outbox
        self._push = push
        self._unused_seconds = _UNUSED_SECONDS if push else SERIES_SECONDS
        self._text_limit = text_limit

    def perform(self, job: Job) -> Again | Failed | None:
        """One job, as far as it can be done now. Raises Lost where a successor has the job."""
        if job.kind == TYPING:
            self._type(str(job.work["openid"]))
            return None
        incoming = messages.read(job.work["fields"])
        if "reply" not in job.work:
            if not job.work.get("late"):
                # The process that wrote an EXPECTED job died before it promised the reply. That may have been
                # WeChat's last delivery, so the reply is pushed.
                found = self._dedup.adopt(incoming.key, promised=self._push and job.kind == EXPECTED)
                # Without a record, the message is so old that a run that had begun has ended.
                is_old = found.state is State.NEW and (job.kind == EXPECTED or "ended" in job.work)
                if found.state is State.DONE or is_old:
                    return self._bring_unused(incoming, job, found)
            outcome = self._run(incoming, job)
            if not job.work.get("late") and self._dedup.finish(incoming.key, outcome.reply, given=False):
                log.info("[late] ready in time: openid=%s", incoming.openid)
                job = self._outbox.note(job, ended=True, problem=outcome.problem)
                return Again(self._unused_seconds, "") if outcome.reply else _end(job)
            if not job.work.get("late") and not self._dedup.is_promised(incoming.key):
                return None  # held for dead: a successor had its reply ready before us
            reply = to_json(outcome.reply) if outcome.reply else None
            job = self._outbox.note(job, reply=reply, late=True, problem=outcome.problem)
        return self._bring(incoming, job)

    def _bring_unused(self, incoming: Incoming, job: Job, found: Claim) -> Again | Failed | None:
        """Bring the reply that was ready in time, if no delivery has answered with it after a while: the
        processes of the deliveries that waited for it were killed."""
        if found.reply is None or not found.is_unused:
            return _end(job)
        left = self._unused_seconds - self._dedup.age(found)
        if left > 0:
            return Again(left, "")
        if not self._dedup.promise_unused(incoming.key, found):
            return _end(job)
        return self._bring(incoming, self._outbox.note(job, reply=to_json(found.reply), late=True))

    def _bring(self, incoming: Incoming, job: Job) -> Again | Failed | None:
        """Bring the reply that is noted in the job."""
        return self._deliver(incoming.openid, job) or _end(job)

    def _run(self, incoming: Incoming, job: Job) -> Outcome:
        if job.tries > _MAX_RUNS:
            log.error("[late] given up after %d runs: openid=%s", _MAX_RUNS, incoming.openid)
            return self._handle.apologise(f"given up after {_MAX_RUNS} runs")
        place = job.work.get("place")
        match = self._router.again(place, job.work["captures"]) if place else self._router.find(incoming)
        if place and match is None:
            log.error(
                "[late] no route %s any more: has its handler a new name? openid=%s", place, incoming.openid
            )
            return self._handle.apologise("its route is gone")
        return self._handle(incoming, match, again=True)  # what a process began that has died becomes a job

    def _deliver(self, openid: str, job: Job) -> Again | None:
        """Push what has not been pushed yet; what WeChat will not take is kept for the next message."""
        if job.work["reply"] is None:
            return None
        reply = from_json(job.work["reply"])
        parts = custom_messages(reply, self._text_limit) if self._push else []
        sent = int(job.work.get("sent", 0))
        for part in parts[sent:]:
            push = partial(self._account.client.post, PUSH, data={"touser": openid, **part})
            try:
                job = self._outbox.step(job, push, sent=sent + 1)
            except WeChatError as error:
                return self._refused(openid, job, reply, sent, error)
            sent += 1
        if not parts:
            self._conversations.keep(openid, reply, job.id)
        log.info("[late] %s: openid=%s", "pushed" if parts else "kept", openid)
        return None

    def _refused(self, openid: str, job: Job, reply: Reply, sent: int, error: WeChatError) -> Again | None:
        was_sent = isinstance(error, WeChatUnreachable) and error.was_sent
        if error.errcode in _BUSY and job.tries < _PATIENCE and not was_sent:
            return Again(2.0**job.tries, f"errcode {error.errcode}")
        log.warning("[late] push refused, kept for the next message: errcode=%d", error.errcode)
        if isinstance(reply, Text):
            reply = Text("".join(list(pieces(reply.content, self._text_limit))[sent:]))
        self._conversations.keep(openid, reply, job.id)
        return None

    def _type(self, openid: str) -> None:
        try:
            self._account.client.post("message/custom/typing", data={"touser": openid, "command": "Typing"})
        except WeChatError as error:
            log.info("[late] no typing indicator: errcode=%d", error.errcode)


def _end(job: Job) -> Failed | None:
    """The job is done, or failed if its handler did."""
    problem = str(job.work.get("problem", ""))
    return Failed(problem) if problem else None
