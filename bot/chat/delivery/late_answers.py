"""The late way of a reply, as the web process sees it: jobs are written down, and some worker performs them
(perform.py). Nothing is promised to WeChat before its job stands in the outbox."""

from collections.abc import Callable
from typing import Any

from bot.chat.replies.kinds import Reply, to_json
from bot.chat.router import Match
from bot.chat.wire.messages import Incoming
from bot.jobs.outbox import Job, Outbox

# A handler to run; one that runs in a request, to be run again only if its process dies; a reply to bring.
RUN, EXPECTED, DELIVER, TYPING = "run", "expected", "deliver", "typing"


def whose(job: Job) -> str | None:
    """The openid of the user that a job is for."""
    openid = job.work.get("openid") or job.work.get("fields", {}).get("FromUserName")
    return str(openid) if openid else None


def afresh(job: Job) -> dict[str, Any]:
    """What is to be done if a failed job is tried again: a handler is run from its beginning, and its reply
    goes the late way, for WeChat has long had its answer; a reply is brought as far as it has not been."""
    if job.kind not in (RUN, EXPECTED):
        return job.work
    wanted = ("fields", "place", "captures")
    return {**{name: job.work[name] for name in wanted if name in job.work}, "late": True}


class Late:
    """`push`: whether late replies reach the user by themselves, or wait for the user's next message.
    `wake(job_id)` makes a worker look at a job at once."""

    def __init__(self, outbox: Outbox, wake: Callable[[str], None], *, push: bool) -> None:
        self._outbox = outbox
        self._wake = wake
        self.pushes = push

    def write(self, incoming: Incoming, match: Match) -> None:
        """Once this returns, a worker will run this handler: soon, or at once after wake()."""
        work = {"fields": incoming.fields, "place": match.place, "captures": list(match.captures)}
        while not self._outbox.put(incoming.key, RUN, work):
            # A copy of this delivery was quicker and expects the run in a request: it shall be a job.
            job = self._outbox.get(incoming.key)
            if job is not None and (job.kind != EXPECTED or self._outbox.rewrite(job, RUN, work)):
                return

    def wake(self, incoming: Incoming) -> None:
        """Let a worker look at what was written."""
        self._wake(incoming.key)

    def expect(self, incoming: Incoming, runner: str) -> Callable[[], None]:
        """A delivery waits for a handler that runs in a request of the process `runner`, or is about to
        promise its reply: if that process dies, a worker runs the handler. Returns how to take that back."""
        job = self._outbox.put(incoming.key, EXPECTED, {"fields": incoming.fields}, owner=runner)
        return lambda: self._outbox.done(job) if job else None

    def bring(self, incoming: Incoming, reply: Reply | None) -> None:
        """A promised reply is ready in this process, which ran the handler in a request."""
        job = self._outbox.get(incoming.key)
        if job is None or job.work.get("late"):
            return  # we were held for dead: a worker has run the handler
        work = {**job.work, "reply": to_json(reply) if reply else None, "late": True}
        if self._outbox.rewrite(job, job.kind, work):
            self._wake(incoming.key)

    def push_instead(self, incoming: Incoming, reply: Reply, withdraw: Callable[[], bool]) -> bool:
        """Bring a reply by push that WeChat did not get as an answer; False if another delivery does."""
        work = {"fields": incoming.fields, "reply": to_json(reply), "late": True}
        # An id of its own: the job that ran the handler may not have been struck out yet.
        job = self._outbox.put(f"{incoming.key}:again", DELIVER, work)
        if job is None:
            return False
        if not withdraw():
            self._outbox.done(job)
            return False
        self._wake(job.id)
        return True

    def show_typing(self, incoming: Incoming) -> None:
        """Let the phone show that an answer is being written."""
        job_id = f"{incoming.key}:typing"
        self._outbox.put(job_id, TYPING, {"openid": incoming.openid})
        self._wake(job_id)
