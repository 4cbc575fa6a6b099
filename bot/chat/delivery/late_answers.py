"""Write jobs for replies that are too late to be the answer of a delivery.

`late_answer_worker.py` performs the jobs. A job is in the outbox before WeChat gets an answer that promises
it.
"""

import logging
from collections.abc import Callable
from typing import Any

from bot.account import Account
from bot.chat.delivery.ordered_messages import OrderedMessages
from bot.chat.delivery.retry_timing import RetryTiming
from bot.chat.replies.kinds import Reply, Text
from bot.chat.replies.stored import to_json
from bot.chat.router import Match
from bot.chat.wire.messages import Incoming
from bot.errors import WeChatError
from bot.jobs.outbox import Job, Outbox
from bot.jobs.runner import Failed
from bot.wechat.whitelist import UNLISTED

log = logging.getLogger("bot.late")

# Kinds of jobs: run a handler; run a handler again if the process of its request dies; bring a reply to the
# user; show the typing indicator.
RUN, EXPECTED, DELIVER, TYPING = "run", "expected", "deliver", "typing"

# A later push may succeed: WeChat is busy, or the operator adds this server to the IP whitelist.
BUSY = (-1, 45009, 45011, UNLISTED)
MAX_RUNS = 5  # a handler may have killed five workers: do not run it again


def owner_of(job: Job) -> str | None:
    """Return the openid of the user that a job is for."""
    openid = job.work.get("openid") or job.work.get("fields", {}).get("FromUserName")
    return str(openid) if openid else None


def retried_work(job: Job) -> dict[str, Any]:
    """Return the work for another run of a failed job, after an operator has requested the run.

    A handler starts again from its beginning. Its reply is pushed or kept, because WeChat got an answer long
    ago. If some parts of a reply were pushed before, only the other parts are pushed. Of the replies that a
    handler yields, those before the failure are not sent again.
    """
    if job.kind not in (RUN, EXPECTED):
        return job.work
    wanted = ("fields", "place", "captures")
    work = {name: job.work[name] for name in wanted if name in job.work}
    work["retries"] = int(job.work.get("retries", 0)) + 1
    if "number" in job.work:
        work["number"] = job.work["number"] - 1  # the last one was the apology
    return {**work, "late": True}


def source_of(job: Job, reply: str | int) -> str:
    """Return the source under which Conversations keeps a `reply` of this job. It is the same if another
    process repeats the step, and another one if an operator lets the job run again."""
    return _source(job.id, reply, job.work.get("retries", 0))


def source_in_time(incoming: Incoming) -> str:
    """Return the source for a reply of a handler that ran in a request. A job of the same message uses the
    same source: the user gets only one of the two replies."""
    return _source(incoming.key, "late", 0)


def _source(job_id: str, reply: str | int, retries: int) -> str:
    return f"{job_id}:{reply}:{retries}"


def result_of(job: Job) -> Failed | None:
    """Return None if the job is done, or Failed if its handler failed."""
    problem = str(job.work.get("problem", ""))
    return Failed(problem) if problem else None


def send_typing(account: Account, openid: str) -> None:
    """Show 对方正在输入 on the user's phone for some seconds. Raises nothing."""
    try:
        account.client.post("message/custom/typing", data={"touser": openid, "command": "Typing"})
    except WeChatError as error:
        log.info("[late] no typing indicator: errcode=%d", error.errcode)


class LateAnswers:
    """Write jobs for late replies. `wake(job_id)` makes a worker look at a job at once. `still_working` is
    the text for users of an account that cannot push."""

    def __init__(
        self,
        outbox: Outbox,
        ordered: OrderedMessages,
        wake: Callable[[str], None],
        timing: RetryTiming,
        still_working: str,
    ) -> None:
        self.timing = timing
        self._outbox = outbox
        self._ordered = ordered
        self._wake = wake
        self._still_working = still_working

    def meanwhile(self) -> Reply | None:
        """Return the text that the user reads until the reply is ready, or None if the reply will be
        pushed."""
        return None if self.timing.can_push else Text(self._still_working)

    def write(self, incoming: Incoming, match: Match) -> bool:
        """Write a job that runs this handler. A worker takes it at the next sweep, or at once after
        wake(). Return False if the route is ordered and too many messages of this user are waiting."""
        work = {"fields": incoming.fields, "place": match.place, "captures": list(match.captures)}
        while not self._outbox.put(incoming.key, RUN, work):
            # A copy of this delivery has written an EXPECTED job first. Change it to a RUN job.
            job = self._outbox.get(incoming.key)
            if job is not None and (job.kind != EXPECTED or self._outbox.rewrite(job, RUN, work)):
                break
        if match.route.ordered and not self._ordered.enter(incoming):
            self._outbox.drop(incoming.key)
            return False
        return True

    def wake(self, incoming: Incoming) -> None:
        """Let a worker take the job of this message at once."""
        self._wake(incoming.key)

    def expect(self, incoming: Incoming, runner: str) -> Callable[[], None]:
        """Write a job for a handler that runs in the process `runner` now. A worker runs the job only if that
        process dies. Return a function that deletes the job."""
        work = {"fields": incoming.fields}
        job = self._outbox.put(incoming.key, EXPECTED, work, owner=runner) or self._expected(incoming)
        return lambda: self._outbox.done(job) if job else None

    def _expected(self, incoming: Incoming) -> Job | None:
        job = self._outbox.get(incoming.key)
        return job if job and job.kind == EXPECTED and not job.work.get("late") else None

    def forget(self, incoming: Incoming) -> None:
        """Delete the job that waits in case this process dies: its run has ended."""
        if job := self._expected(incoming):
            self._outbox.done(job)

    def bring_unused(self, incoming: Incoming) -> None:
        """Bring the reply in the record to the user if no delivery answers with it soon."""
        work = {"fields": incoming.fields, "ended": True}
        while self._outbox.put(incoming.key, RUN, work) is None:
            job = self._expected(incoming)
            if job is None or self._outbox.rewrite(job, RUN, work):
                break
        self._wake(incoming.key)

    def bring(self, incoming: Incoming, reply: Reply | None) -> None:
        """Bring a promised reply to the user, after a delivery has run the handler in this process."""
        job = self._outbox.get(incoming.key)
        if job is None or job.work.get("late"):
            return  # this process counted as dead, and a worker has run the handler
        work = {**job.work, "reply": to_json(reply), "late": True}
        if self._outbox.rewrite(job, job.kind, work):
            self._wake(incoming.key)

    def bring_push(self, incoming: Incoming, reply: Reply) -> None:
        """Push a reply that is promised because it cannot be an answer. If the store has lost the job of the
        promise, write one."""
        if self._outbox.get(incoming.key) is not None:
            self.bring(incoming, reply)
            return
        work = {"fields": incoming.fields, "reply": to_json(reply), "late": True}
        if self._outbox.put(incoming.key, DELIVER, work):
            self._wake(incoming.key)

    def push_instead(self, incoming: Incoming, reply: Reply, withdraw: Callable[[], bool]) -> bool:
        """Push a reply that WeChat did not receive as an answer. Return False if another delivery pushes
        it."""
        work = {"fields": incoming.fields, "reply": to_json(reply), "late": True}
        # This job needs an id of its own: the job that ran the handler may still be in the outbox.
        job = self._outbox.put(f"{incoming.key}:again", DELIVER, work)
        if job is None:
            return False
        if not withdraw():
            self._outbox.done(job)
            return False
        self._wake(job.id)
        return True

    def show_typing(self, incoming: Incoming) -> None:
        """Show the typing indicator on the user's phone."""
        job_id = f"{incoming.key}:typing"
        self._outbox.put(job_id, TYPING, {"openid": incoming.openid})
        self._wake(job_id)
