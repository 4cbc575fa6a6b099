"""`python -m bot jobs`."""

import time

from bot.app import Parts
from bot.chat.delivery.late_answers import afresh
from bot.cli.startup import open_parts, settings
from bot.cli.terminal import complain, say
from bot.errors import StoreError


def jobs(retry: str | None) -> int:
    """`python -m bot jobs [--retry ID]`: one line for each unfinished or failed job."""
    config = settings()
    parts = open_parts(config) if config else None
    if parts is None:
        return 2
    try:
        if retry:
            return _retry(parts, retry)
        listed = parts.outbox.all()
        for job in listed:
            age = int(time.time() - job.created)
            what = str(job.work.get("place", job.kind)).partition("#")[0]
            say(f"{job.id}  {job.state:8}  {what}  {age} s old  try {job.tries}  {job.problem}".rstrip())
        say(f"{len(listed)} jobs" if listed else "no jobs")
        return 0
    except StoreError as error:
        complain(f"{error}. See STORE_URL.")
        return 1
    finally:
        parts.close()


def _retry(parts: Parts, wanted: str) -> int:
    failed = [job.id for job in parts.outbox.all() if job.state == "failed"] if wanted == "ALL" else [wanted]
    retried = [job_id for job_id in failed if parts.outbox.retry(job_id, afresh)]
    for job_id in retried:
        parts.runner.wake(job_id)
        say(f"{job_id}  waiting")
    if not retried:
        complain(f"no failed job {wanted}; `python -m bot jobs` lists them")
        return 1
    return 0
