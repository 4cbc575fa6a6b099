"""`python -m bot jobs`: list the jobs that wait, run or failed, and run failed ones again."""

import time

from bot.app import Parts
from bot.chat.delivery.late_answers import retried_work
from bot.cli.startup import run_with_parts
from bot.cli.terminal import complain, say


def jobs(retry: str | None) -> int:
    """Write a line for each job. With `retry`, run the failed job with that id again, or all with ALL.

    Returns the exit status: 1 if there is no such failed job.
    """
    return run_with_parts(lambda parts: _retry(parts, retry) if retry else _list(parts))


def _list(parts: Parts) -> int:
    listed = parts.chat.outbox.all()
    for job in listed:
        age = int(time.time() - job.created)
        what = str(job.work.get("place", job.kind)).partition("#")[0]
        say(f"{job.id}  {job.state:8}  {what}  {age} s old  try {job.tries}  {job.problem}".rstrip())
    say(f"{len(listed)} jobs" if listed else "no jobs")
    return 0


def _retry(parts: Parts, wanted: str) -> int:
    outbox = parts.chat.outbox
    failed = [job.id for job in outbox.all() if job.state == "failed"] if wanted == "ALL" else [wanted]
    retried = [job_id for job_id in failed if outbox.retry(job_id, retried_work)]
    for job_id in retried:
        parts.chat.runner.wake(job_id)
        say(f"{job_id}  waiting")
    if not retried:
        complain(f"no failed job {wanted}; `python -m bot jobs` lists them")
        return 1
    return 0
