"""Run a handler that yields its replies, as a job, and bring each reply to the user when it is ready.

The first reply is the answer of the deliveries that wait, if one still waits. The others are pushed, or kept
for the user's next messages. Each reply is written into the job before it is brought, with its number. So if
this process dies, another one runs the handler again and leaves out what the user has got.
This module must not run jobs of handlers that return one reply (see late_answer_worker.py).
"""

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, nullcontext
from itertools import islice
from typing import Any

from bot.chat.delivery.late_answers import EXPECTED, MAX_RUNS, result_of, send_typing, source_of
from bot.chat.delivery.pushes import Pushes
from bot.chat.delivery.record import Records, State
from bot.chat.delivery.retry_timing import UNUSED_SECONDS
from bot.chat.handler import Handlers, Said
from bot.chat.replies.kinds import Reply, Text
from bot.chat.replies.stored import from_json, to_json
from bot.chat.router import Match
from bot.chat.wire.messages import Incoming
from bot.errors import WeChatError
from bot.jobs.outbox import Job, Outbox
from bot.jobs.runner import Failed, Later

log = logging.getLogger("bot.late")

# Pushes that WeChat allows after an action of the user (docs/protocol.md, outbound messages).
_AFTER_A_MESSAGE = 5
_AFTER_AN_EVENT = 3  # a tap, a scan or a follow
_PUSH_PAUSES = (1.0, 2.0, 4.0)  # before a push that WeChat refused for now is tried again
_TYPING_AFTER_SECONDS = 1.5  # quicker replies need no typing indicator


class _AnsweredElsewhere(Exception):
    """Another run of this message has ended first, for example one without the store."""


class SeveralReplies:
    """Perform the jobs of handlers that yield.

    Fields of the job's work: `said` and `number` are the reply that is being brought. `late` is True as
    soon as the deliveries of the message need no reply any more: replies are then pushed or kept. `sent`
    counts the messages of this reply that have been pushed, `pushed` those of the whole run. With
    `keeps`, all further replies are kept.
    """

    def __init__(
        self,
        handlers: Handlers,
        records: Records,
        outbox: Outbox,
        pushes: Pushes,
        more_hint: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._handlers = handlers
        self._records = records
        self._outbox = outbox
        self._pushes = pushes
        self._account = pushes.account
        self._hint = "\n" + more_hint
        self._sleep = sleep

    def perform(self, incoming: Incoming, match: Match, job: Job) -> Later | Failed | None:
        """Run the handler, from the reply that the last run was bringing. Raises JobLost and StoreError; the
        handler is then closed."""
        if not job.work.get("late"):
            promised = self._account.can_push and job.kind == EXPECTED
            found = self._records.adopt(incoming.key, promised=promised)
            if "said" in job.work:
                if found.state is State.NEW:  # its record has expired: a delivery has used it long ago
                    job = self._outbox.note(job, late=True, said=None)
            elif found.state is State.DONE or (found.state is State.NEW and job.kind == EXPECTED):
                return result_of(job)  # another run has ended
        try:
            with closing(_Replies(self._replies(incoming, match, job))) as replies:
                job = self._go_on(incoming, job, replies)
        except _AnsweredElsewhere:
            return None
        if job.work.get("late"):
            return result_of(job)
        if job.work.get("said"):  # late_answer_worker.py brings it if no delivery uses it
            self._outbox.note(job, ended=True)
            return Later(UNUSED_SECONDS, "")
        self._records.finish(incoming.key, None)
        return result_of(job)

    def _replies(self, incoming: Incoming, match: Match, job: Job) -> Generator[Said, None, None]:
        """Yield the replies of the handler that no earlier run has brought."""
        number = int(job.work.get("number", -1))
        if job.tries > MAX_RUNS:
            log.error("[late] given up after %d runs: openid=%s", MAX_RUNS, incoming.openid)
            yield self._handlers.last_apology(number, f"given up after {MAX_RUNS} runs")
            return
        with closing(self._handlers.replies(incoming, match, number)) as replies:
            is_first = number < 0
            while True:
                with (
                    nullcontext() if is_first or not self._account.can_push else self._typing(incoming.openid)
                ):
                    said = next(replies, None)
                if said is None:
                    return
                is_first = False
                yield said

    def _go_on(self, incoming: Incoming, job: Job, replies: "_Replies") -> Job:
        if job.work.get("said"):  # an earlier run died while it was bringing this reply
            job = self._bring(incoming, job, replies)
        if job.work.get("problem"):  # and it was the last one
            return job
        for said in replies:
            job = self._settle_first(incoming, job, replies)
            problem = {"problem": said.problem} if said.problem else {}
            job = self._outbox.note(job, said=to_json(said.reply), number=said.number, sent=0, **problem)
            job = self._bring(incoming, job, replies)
        return job

    # -- the first reply

    def _bring(self, incoming: Incoming, job: Job, replies: "_Replies") -> Job:
        """Bring the reply that is written in the job."""
        if job.work.get("late"):
            return self._send(incoming, job, replies)
        if not self._account.can_push:
            return self._keep_first(incoming, job)
        if self._is_answer(incoming, job):
            return job
        return self._send(incoming, self._outbox.note(job, late=True), replies)

    def _keep_first(self, incoming: Incoming, job: Job) -> Job:
        """Keep the first reply for the user's next message. A delivery that waits may answer with it."""
        if job.tries == 1 and self._records.has_ended(incoming.key):
            raise _AnsweredElsewhere
        source, reply = source_of(job, job.work["number"]), from_json(job.work["said"])
        if reply is not None:
            self._handlers.conversations.keep(incoming.openid, reply, source)
            self._records.finish_kept(incoming.key, reply, source)
        return self._outbox.note(job, late=True, said=None)

    def _is_answer(self, incoming: Incoming, job: Job) -> bool:
        """Give the first reply to the deliveries that wait. Return False if it must be pushed or kept."""
        key, reply = incoming.key, from_json(job.work["said"])
        if reply is not None and not reply.is_answer:
            if self._records.promise_push(key, lambda process: lambda: None):
                return False
        elif self._records.finish(key, reply, given=False):
            log.info("[late] first reply ready in time: openid=%s", incoming.openid)
            return True
        if self._records.is_promised(key):
            return False
        if job.tries > 1:  # an earlier run has given it
            return True
        raise _AnsweredElsewhere

    def _settle_first(self, incoming: Incoming, job: Job, replies: "_Replies") -> Job:
        """Make sure that the user has got the first reply, before a second one is brought."""
        if job.work.get("late") or not job.work.get("said"):
            return job
        claim = self._records.until_used(incoming.key, UNUSED_SECONDS)
        if claim.is_unused:
            self._records.promise_unused(incoming.key, claim)  # fails if a delivery uses it now
        if self._records.is_promised(incoming.key):
            return self._send(incoming, self._outbox.note(job, late=True), replies)
        return self._outbox.note(job, late=True, said=None)

    # -- the other replies

    def _send(self, incoming: Incoming, job: Job, replies: "_Replies") -> Job:
        """Push the reply that is written in the job. Keep what cannot be pushed."""
        reply = from_json(job.work["said"])
        if reply is None:
            return job
        parts = [] if job.work.get("keeps") else self._pushes.parts(reply)
        most = _AFTER_AN_EVENT if incoming.msg_type == "event" else _AFTER_A_MESSAGE
        try:
            for sent in range(int(job.work["sent"]), len(parts)):
                room = most - int(job.work.get("pushed", 0))
                if room <= 0:
                    break
                if room == 1 and (sent + 1 < len(parts) or replies.has_next()):
                    return self._push_last(incoming, job, reply.unsent(sent, self._account.text_limit))
                job = self._push(incoming, job, parts[sent], sent=sent + 1)
        except WeChatError as error:
            log.warning("[late] push refused, kept for the next message: errcode=%d", error.errcode)
        sent = int(job.work["sent"])
        if parts and sent == len(parts):
            log.info("[late] pushed: openid=%s", incoming.openid)
            return job
        return self._keep(incoming, job, reply.unsent(sent, self._account.text_limit) if sent else reply)

    def _push_last(self, incoming: Incoming, job: Job, reply: Reply) -> Job:
        """Push the last message that WeChat allows, although more is to come. A text ends with the hint that
        tells the user how to get the rest. The rest is kept."""
        limit = self._account.text_limit
        shown, rest = reply.cut(limit - len(self._hint.encode()), self._hint)
        left = Text(rest) if rest else None
        (part,) = (shown if left else reply.with_hint(self._hint)).pushes(limit)
        job = self._push(incoming, job, part, said=to_json(left), sent=0, keeps=True)
        return self._keep(incoming, job, left) if left else job

    def _push(self, incoming: Incoming, job: Job, part: dict[str, Any], **noted: Any) -> Job:
        """Push one message and note it. If WeChat is busy, try again for some seconds: a later run would run
        the handler again. Raises WeChatError."""
        pushed = int(job.work.get("pushed", 0)) + 1
        for pause in (*_PUSH_PAUSES, 0.0):
            try:
                return self._pushes.push(incoming.openid, job, part, pushed=pushed, **noted)
            except WeChatError as error:
                if not pause or not self._pushes.may_try_again(error):
                    raise
                self._sleep(pause)
        raise AssertionError

    def _keep(self, incoming: Incoming, job: Job, reply: Reply) -> Job:
        """Keep the reply for the user's next message. Replies after it are kept, too, so that the order
        stays."""
        job = self._outbox.note(job, said=to_json(reply), sent=0, keeps=True)
        source = source_of(job, job.work["number"])
        self._handlers.conversations.keep(incoming.openid, reply, source)
        job = self._outbox.note(job, said=None)
        log.info("[late] kept: openid=%s", incoming.openid)
        return job

    @contextmanager
    def _typing(self, openid: str) -> Iterator[None]:
        """Show the typing indicator if this takes long and the next reply can be pushed."""
        timer = threading.Timer(_TYPING_AFTER_SECONDS, send_typing, (self._account, openid))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


class _Replies:
    """The replies of one run. has_next() runs the handler up to its next reply."""

    def __init__(self, source: Generator[Said, None, None]) -> None:
        self._source = source
        self._ahead: list[Said] = []

    def __iter__(self) -> "_Replies":
        return self

    def __next__(self) -> Said:
        return self._ahead.pop() if self._ahead else next(self._source)

    def has_next(self) -> bool:
        if not self._ahead:
            self._ahead.extend(islice(self._source, 1))
        return bool(self._ahead)

    def close(self) -> None:
        self._source.close()
