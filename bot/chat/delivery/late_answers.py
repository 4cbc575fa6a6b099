"""What is written down when a reply comes too late to be the answer: jobs, which some worker performs.

`late_answer_worker.py` performs them. A job is in the outbox before anything is promised to WeChat.
"""

from collections.abc import Callable
from typing import Any

from bot.chat.delivery.retry_timing import RetryTiming
from bot.chat.replies.kinds import Reply, Text
from bot.chat.replies.stored import to_json
from bot.chat.router import Match
from bot.chat.wire.messages import Incoming
from bot.jobs.outbox import Job, Outbox

# A handler to run; one that runs in a request, to be run again only if its process dies; a reply to bring.
RUN, EXPECTED, DELIVER, TYPING = "run", "expected", "deliver", "typing"


def owner_of(job: Job) -> str | None:
    """Return the openid of the user that a job is for."""
    openid = job.work.get("openid") or job.work.get("fields", {}).get("FromUserName")
    return str(openid) if openid else None


def retried_work(job: Job) -> dict[str, Any]:
    """Return the work of a failed job that is tried again by hand: a handler is run from its beginning, and
    its reply is brought late, because WeChat has long been answered. A reply that was partly brought is
    continued."""
    if job.kind not in (RUN, EXPECTED):
        return job.work
    wanted = ("fields", "place", "captures")
    return {**{name: job.work[name] for name in wanted if name in job.work}, "late": True}


class LateAnswers:
    """Write down replies that come late. `wake(job_id)` makes a worker look at a job at once.
    `still_working` is the text for users of an account that cannot push."""

    def __init__(
        self, outbox: Outbox, wake: Callable[[str], None], timing: RetryTiming, still_working: str
    ) -> None:
        self.timing = timing
        self._outbox = outbox
        self._wake = wake
        self._still_working = still_working

    def meanwhile(self) -> Reply | None:
        """Return what the user reads until the reply is ready. Where it is pushed, nothing."""
        return None if self.timing.can_push else Text(self._still_working)

    def write(self, incoming: Incoming, match: Match) -> None:
        """Write a job that runs this handler. It begins soon, or at once after wake()."""
        work = {"fields": incoming.fields, "place": match.place, "captures": list(match.captures)}
        while not self._outbox.put(incoming.key, RUN, work):
            # A copy of this delivery was quicker and expects the run in a request: make a job of it.
            job = self._outbox.get(incoming.key)
            if job is not None and (job.kind != EXPECTED or self._outbox.rewrite(job, RUN, work)):
                return

    def wake(self, incoming: Incoming) -> None:
        """Let a worker look at what was written."""
        self._wake(incoming.key)

    def expect(self, incoming: Incoming, runner: str) -> Callable[[], None]:
        """Write a job that runs the handler if the process `runner`, in which it runs now, dies. Return a
        function that takes this back."""
        job = self._outbox.put(incoming.key, EXPECTED, {"fields": incoming.fields}, owner=runner)
        return lambda: self._outbox.done(job) if job else None

    def bring(self, incoming: Incoming, reply: Reply | None) -> None:
        """Bring a promised reply that is ready in this process, where a delivery has run the handler."""
        job = self._outbox.get(incoming.key)
        if job is None or job.work.get("late"):
            return  # other processes took this one for dead, and a worker has run the handler
        work = {**job.work, "reply": to_json(reply), "late": True}
        if self._outbox.rewrite(job, job.kind, work):
            self._wake(incoming.key)

    def push_instead(self, incoming: Incoming, reply: Reply, withdraw: Callable[[], bool]) -> bool:
        """Push a reply that WeChat did not receive as an answer. Return False if another delivery does so."""
        work = {"fields": incoming.fields, "reply": to_json(reply), "late": True}
        # An id of its own: the job that ran the handler may still be in the outbox.
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
