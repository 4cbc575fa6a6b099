"""The outbox: a record in the store for every job. It is written before WeChat gets an answer that promises
the reply, and deleted when the job is done.

Huey's queue hands a job to one worker and forgets it. If that worker is killed, the queue has lost the job.
With the outbox every job runs at least once: it is also in a timetable, and is handed out again when overdue.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from bot.errors import StoreError
from bot.jobs.liveness import Liveness
from bot.store import Clock, Store
from bot.store.codec import dump, load

_KEEP_SECONDS = 7 * 86400.0  # how long failed and unfinished jobs are kept
_LOOK_AGAIN_SECONDS = 5.0  # how often a running job is checked, in case its worker has died
# No job waits longer than this. One that seems to was written before somebody set the clock back.
_FURTHEST_SECONDS = 60.0
_TIMETABLE = "jobs"
_FAILED = "failed-jobs"
_BATCH = 50
_ALL = 1_000_000


class JobLost(Exception):
    """This process must not go on with the job: another process counts it as dead, or it is about to end."""


@dataclass(frozen=True)
class Job:
    """One job. `work` holds JSON values for the function that performs jobs of this `kind`.

    `state` is waiting, running or failed. `owner` is the process that runs it, or empty. `tries` counts the
    runs that have begun, `problem` says why the last one failed, `created` is unix seconds.
    """

    id: str
    kind: str
    work: dict[str, Any]
    state: str = "waiting"
    owner: str = ""
    tries: int = 0
    created: float = 0
    problem: str = field(default="")


class Outbox:
    """The jobs of all processes. Every method raises StoreError. Each change of a job is then made completely
    or not at all."""

    def __init__(self, store: Store, liveness: Liveness, clock: Clock) -> None:
        self._store = store
        self._liveness = liveness
        self._clock = clock

    def put(self, job_id: str, kind: str, work: dict[str, Any], *, owner: str = "") -> Job | None:
        """Write a job. Return it, or None if there is already a job with this id.

        With an `owner`, the job counts as running in the process `owner`. Another process runs it only if
        `owner` dies.
        """
        job = Job(job_id, kind, work, created=self._clock())
        if owner:
            job = replace(job, state="running", owner=owner, tries=1)
        # Write the timetable first: an entry without a record is removed, but a record without an entry is
        # never found.
        self._store.schedule(_TIMETABLE, job_id, self._clock() + _LOOK_AGAIN_SECONDS)
        if not self._store.add(self._key(job_id), dump(job), _KEEP_SECONDS):
            return None
        # Write it again: the removal of an earlier job with this id may have just removed our entry.
        self._store.schedule(_TIMETABLE, job_id, self._clock() + _LOOK_AGAIN_SECONDS)
        return job

    def claim(self, job_id: str) -> Job | None:
        """Take a job that waits, or whose owner is dead. Return it, or None if it cannot be taken. If several
        callers try at the same time, exactly one gets it."""
        record = self._store.get(self._key(job_id))
        if record is None:
            self._strike_out(job_id)
            return None
        job = load(Job, record)
        if job.state == "failed" or (job.state == "running" and self._liveness.is_alive(job.owner)):
            return None
        mine = replace(job, state="running", owner=self._liveness.me, tries=job.tries + 1)
        if not self._store.swap(self._key(job_id), record, dump(mine), _KEEP_SECONDS):
            return None
        return mine

    def note(self, job: Job, **work: Any) -> Job:
        """Record progress by changing fields of `work`, so that the next run does not repeat it.

        Raises JobLost. If StoreError is raised, the write is postponed until the store works again.
        """
        noted = replace(job, work={**job.work, **work})
        try:
            if self._swap(job, noted) is None:
                raise JobLost
        except StoreError:
            self._liveness.owe(lambda: self._swap(job, noted))
            raise
        return noted

    def step(self, job: Job, act: Callable[[], object], **work: Any) -> Job:
        """Call `act`, then note() `work`. The process does not stop between the two. Raises JobLost, and any
        exception of `act`."""
        with self._liveness.step() as may_begin:
            if not may_begin:
                raise JobLost
            act()
            return self.note(job, **work)

    def wait(self, job: Job, seconds: float, problem: str) -> None:
        """Set the state of the job to waiting, so that a worker runs it again in `seconds`. `problem` says
        why."""
        if self._swap(job, replace(job, state="waiting", owner="", problem=problem)):
            self._store.schedule(_TIMETABLE, job.id, self._clock() + seconds)

    def put_back(self, job: Job, seconds: float) -> None:
        """Let a worker take the job in `seconds`. This run has not begun, so it does not count as a try."""
        if self._swap(job, replace(job, state="waiting", owner="", tries=job.tries - 1)):
            self._store.schedule(_TIMETABLE, job.id, self._clock() + seconds)

    def fail(self, job: Job, problem: str) -> None:
        """Mark the job as failed. It is kept for a week, so that an operator can run it again."""
        if self._swap(job, replace(job, state="failed", owner="", problem=problem)):
            self._store.schedule(_FAILED, job.id, self._clock() + _KEEP_SECONDS)
            self._store.unschedule(_TIMETABLE, job.id)

    def rewrite(self, job: Job, kind: str, work: dict[str, Any]) -> bool:
        """Replace kind and work of the job, and set its state to waiting, so that any worker may take it.
        Return False without a change if the stored job differs from `job`."""
        return self._swap(job, replace(job, kind=kind, work=work, state="waiting", owner="")) is not None

    def done(self, job: Job) -> None:
        """Delete a job that is finished or not needed. Do nothing if the stored job differs from `job`."""
        record = self._record(job)
        if record is not None and self._store.discard(self._key(job.id), record):
            self._strike_out(job.id)

    def drop(self, job_id: str) -> None:
        """Delete the job in any state. A process that runs it gets JobLost at its next write."""
        self._store.delete(self._key(job_id))
        for timetable in (_TIMETABLE, _FAILED):
            self._store.unschedule(timetable, job_id)

    def give_back(self, job_id: str) -> None:
        """Let any process take the job, after the store failed during a run here. Do nothing if this process
        does not own the job."""
        job = self.get(job_id)
        if job is not None and job.state == "running" and job.owner == self._liveness.me:
            self.wait(job, 0, "the store failed during the run")

    def retry(self, job_id: str, afresh: Callable[[Job], dict[str, Any]]) -> bool:
        """Let a failed job run again with the work that `afresh(job)` returns. Return False if there is no
        such failed job."""
        job = self.get(job_id)
        if job is None or job.state != "failed":
            return False
        if not self._swap(job, replace(job, state="waiting", tries=0, work=afresh(job))):
            return False
        self._store.schedule(_TIMETABLE, job_id, self._clock())
        self._store.unschedule(_FAILED, job_id)
        return True

    def overdue(self) -> list[str]:
        """Return up to 50 ids of jobs to hand out again. Each is returned to one caller only, and again after
        5 seconds if the job is still there and not running."""
        now = self._clock()
        for job_id in self._store.due(_FAILED, now, now, _BATCH):  # failed a week ago
            self._store.unschedule(_FAILED, job_id)
        due = self._store.due(_TIMETABLE, now, now + _LOOK_AGAIN_SECONDS, _BATCH, now + _FURTHEST_SECONDS)
        return [job_id for job_id in due if not self._is_under_way(job_id)]

    def get(self, job_id: str) -> Job | None:
        """Return the job, or None. Raises ValueError if its record cannot be read."""
        record = self._store.get(self._key(job_id))
        return load(Job, record) if record else None

    def all(self) -> list[Job]:
        """Return all unfinished and failed jobs, oldest first."""
        ids = [*self._store.scheduled(_TIMETABLE, _ALL), *self._store.scheduled(_FAILED, _ALL)]
        jobs = [job for job in map(self._read, ids) if job is not None]
        return sorted(jobs, key=lambda job: job.created)

    def _is_under_way(self, job_id: str) -> bool:
        job = self._read(job_id)
        return job is not None and job.state == "running" and self._liveness.is_alive(job.owner)

    def _read(self, job_id: str) -> Job | None:
        """Return the job, or None, also for a record that cannot be read: claim() raises for that one."""
        with contextlib.suppress(ValueError):
            return self.get(job_id)
        return None

    def _strike_out(self, job_id: str) -> None:
        self._store.unschedule(_TIMETABLE, job_id)
        if self._store.get(self._key(job_id)) is not None:  # a new job with this id has just been written
            self._store.schedule(_TIMETABLE, job_id, self._clock())

    def _swap(self, old: Job, new: Job) -> Job | None:
        record = self._record(old)
        if record is None or not self._store.swap(self._key(old.id), record, dump(new), _KEEP_SECONDS):
            return None
        return new

    def _record(self, job: Job) -> bytes | None:
        """Return the stored bytes of this job, or None if it has changed. They may differ from dump(job), if
        another version of the bot wrote them."""
        record = self._store.get(self._key(job.id))
        return record if record is not None and dump(load(Job, record)) == dump(job) else None

    @staticmethod
    def _key(job_id: str) -> str:
        return f"job:{job_id}"
