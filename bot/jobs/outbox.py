"""The outbox: a record in the store for every job, written before anything is promised, gone when it is done.

Huey's queue hands a job to one worker and forgets it; a worker that is killed then would take it along. The
outbox makes it at least once: every job also stands in a timetable, and what is overdue is handed out again.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from bot.errors import StoreError
from bot.jobs.liveness import Liveness
from bot.store import Clock, Store
from bot.store.records import dump, load

_KEEP_SECONDS = 7 * 86400.0  # a failed job stays to be looked at, an unfinished one to be finished
_LOOK_AGAIN_SECONDS = 5.0  # a job under way is looked at so often, in case its worker died
_TIMETABLE = "jobs"
_FAILED = "failed-jobs"
_BATCH = 50
_ALL = 1_000_000


class Lost(Exception):
    """The job is no longer ours: another process holds us for dead, or this one is about to end."""


@dataclass(frozen=True)
class Job:
    """`state` is waiting, running or failed; `owner` the process that runs it. `work` are JSON values that
    the performer understands. `tries` counts runs begun; `problem` is why the last one failed."""

    id: str
    kind: str
    work: dict[str, Any]
    state: str = "waiting"
    owner: str = ""
    tries: int = 0
    created: float = 0
    problem: str = field(default="")


class Outbox:
    """Every method raises StoreError where the store fails; a job is then as it was before or after it."""

    def __init__(self, store: Store, liveness: Liveness, clock: Clock) -> None:
        self._store = store
        self._liveness = liveness
        self._clock = clock

    def put(self, job_id: str, kind: str, work: dict[str, Any], *, owner: str = "") -> Job | None:
        """Write a job; None if one with this id is there already. With an `owner` it is under way in that
        process, and runs elsewhere only if that dies."""
        job = Job(job_id, kind, work, created=self._clock())
        if owner:
            job = replace(job, state="running", owner=owner, tries=1)
        # The timetable first: a line without a record is swept away, a record without a line would be lost.
        self._store.schedule(_TIMETABLE, job_id, self._clock() + _LOOK_AGAIN_SECONDS)
        if not self._store.add(self._key(job_id), dump(job), _KEEP_SECONDS):
            return None
        # And once more: an earlier job with this id may just have been struck out, and our line with it.
        self._store.schedule(_TIMETABLE, job_id, self._clock() + _LOOK_AGAIN_SECONDS)
        return job

    def claim(self, job_id: str) -> Job | None:
        """Take a job that waits, or whose owner is dead. Of many claimants one gets it."""
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
        """Write what has been done so far, so that a successor does not do it again; where the store is
        gone, as soon as it is back. Raises Lost."""
        noted = replace(job, work={**job.work, **work})
        try:
            if self._swap(job, noted) is None:
                raise Lost
        except StoreError:
            self._liveness.owe(lambda: self._swap(job, noted))
            raise
        return noted

    def step(self, job: Job, act: Callable[[], object], **work: Any) -> Job:
        """Do `act` and note `work`: a stop waits for both. Raises Lost and what `act` raises."""
        with self._liveness.step() as may:
            if not may:
                raise Lost
            act()
            return self.note(job, **work)

    def wait(self, job: Job, seconds: float, problem: str) -> None:
        """Give the job back, to be tried again in `seconds`."""
        if self._swap(job, replace(job, state="waiting", owner="", problem=problem)):
            self._store.schedule(_TIMETABLE, job.id, self._clock() + seconds)

    def fail(self, job: Job, problem: str) -> None:
        """Give up: the job stays visible for a week, and can be retried by hand."""
        if self._swap(job, replace(job, state="failed", owner="", problem=problem)):
            self._store.schedule(_FAILED, job.id, self._clock() + _KEEP_SECONDS)
            self._store.unschedule(_TIMETABLE, job.id)

    def rewrite(self, job: Job, kind: str, work: dict[str, Any]) -> bool:
        """Make another job of it, one that waits. False if it has changed meanwhile."""
        return self._swap(job, replace(job, kind=kind, work=work, state="waiting", owner="")) is not None

    def done(self, job: Job) -> None:
        """The job is finished, or not needed after all, and forgotten; unless it has changed meanwhile."""
        record = self._record(job)
        if record is not None and self._store.discard(self._key(job.id), record):
            self._strike_out(job.id)

    def drop(self, job_id: str) -> None:
        """Forget the job, whatever becomes of it: whoever runs it loses it."""
        self._store.delete(self._key(job_id))
        for timetable in (_TIMETABLE, _FAILED):
            self._store.unschedule(timetable, job_id)

    def give_back(self, job_id: str) -> None:
        """A run in this process came to nothing: if the job is still ours, let anybody take it."""
        job = self.get(job_id)
        if job is not None and job.state == "running" and job.owner == self._liveness.me:
            self.wait(job, 0, "the store was lost on the way")

    def retry(self, job_id: str, afresh: Callable[[Job], dict[str, Any]]) -> bool:
        """Let a failed job run again, with the work that `afresh` makes of it; False if there is no such
        failed job."""
        job = self.get(job_id)
        if job is None or job.state != "failed":
            return False
        if not self._swap(job, replace(job, state="waiting", tries=0, work=afresh(job))):
            return False
        self._store.schedule(_TIMETABLE, job_id, self._clock())
        self._store.unschedule(_FAILED, job_id)
        return True

    def overdue(self) -> list[str]:
        """Jobs to be handed out again; each comes to one caller, and to the next only some seconds later."""
        now = self._clock()
        for job_id in self._store.due(_FAILED, now, now, _BATCH):  # their week is over
            self._store.unschedule(_FAILED, job_id)
        due = self._store.due(_TIMETABLE, now, now + _LOOK_AGAIN_SECONDS, _BATCH)
        return [job_id for job_id in due if not self._is_under_way(job_id)]

    def get(self, job_id: str) -> Job | None:
        record = self._store.get(self._key(job_id))
        return load(Job, record) if record else None

    def all(self) -> list[Job]:
        """Unfinished and failed jobs, oldest first."""
        ids = [*self._store.scheduled(_TIMETABLE, _ALL), *self._store.scheduled(_FAILED, _ALL)]
        jobs = [job for job in map(self._read, ids) if job is not None]
        return sorted(jobs, key=lambda job: job.created)

    def _is_under_way(self, job_id: str) -> bool:
        job = self._read(job_id)
        return job is not None and job.state == "running" and self._liveness.is_alive(job.owner)

    def _read(self, job_id: str) -> Job | None:
        """As get(); None for what is no job, too: whoever claims it is told."""
        with contextlib.suppress(ValueError):
            return self.get(job_id)
        return None

    def _strike_out(self, job_id: str) -> None:
        self._store.unschedule(_TIMETABLE, job_id)
        if self._store.get(self._key(job_id)) is not None:  # a new one with this id was just written
            self._store.schedule(_TIMETABLE, job_id, self._clock())

    def _swap(self, old: Job, new: Job) -> Job | None:
        record = self._record(old)
        if record is None or not self._store.swap(self._key(old.id), record, dump(new), _KEEP_SECONDS):
            return None
        return new

    def _record(self, job: Job) -> bytes | None:
        """How this job stands in the store, if it has not changed: another version may have written it."""
        record = self._store.get(self._key(job.id))
        return record if record is not None and dump(load(Job, record)) == dump(job) else None

    @staticmethod
    def _key(job_id: str) -> str:
        return f"job:{job_id}"
