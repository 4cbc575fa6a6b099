"""Run jobs: each in its own thread, and at most JOB_THREADS at a time in this process."""

import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.config import Config
from bot.errors import StoreError
from bot.jobs.liveness import Liveness
from bot.jobs.outbox import Job, JobLost, Outbox
from bot.jobs.queue import JobQueue
from bot.telemetry import metrics
from bot.telemetry.log import describe, request_id
from bot.telemetry.rare_warnings import RareWarnings

log = logging.getLogger("bot.jobs")

_SWEEP_SECONDS = 1.0
_ANYWAY = 30  # every 30th sweep hands out overdue jobs however long the queue is
_MAX_TRIES = 10  # a job may have killed ten workers: do not run it again


@dataclass(frozen=True)
class Later:
    """Result of a job that cannot be done now: try it again in `seconds`. `problem` is for the operator."""

    seconds: float
    problem: str


@dataclass(frozen=True)
class Failed:
    """Result of a job that cannot be done at all: keep it for the operator, with `problem`."""

    problem: str


Perform = Callable[[Job], Later | Failed | None]


class Runner:
    """Take jobs from the queue and run them.

    `perform(job)` does the work. It returns None when the job is done, else Later or Failed. If this process
    dies, another one calls it again for the same job. It raises JobLost if another process has already taken
    the job.
    """

    def __init__(self, config: Config, outbox: Outbox, liveness: Liveness, perform: Perform) -> None:
        self._outbox = outbox
        self._liveness = liveness
        self._perform = perform
        self._threads = config.job_threads
        self._slots = threading.BoundedSemaphore(config.job_threads)
        self.queue = JobQueue(config.store_url, config.app_id, self.take)
        self._stopping = threading.Event()
        self._sweeper: threading.Thread | None = None
        # not a set: the queue may hand over an id twice, and only one run claims it
        self._running: list[str] = []
        self._doubtful: set[str] = set()  # the ids of jobs during which the store failed
        self._idle = threading.Condition()
        self._warnings = RareWarnings(log)

    def wake(self, job_id: str) -> None:
        """Let a worker take the job now, instead of at the next sweep. Raises nothing."""
        try:
            self.queue.wake(job_id)
        except Exception as error:  # the outbox has the job, so nothing is lost
            log.warning("[jobs] queue does not work, a later sweep takes the job: %s", describe(error))

    def start(self) -> None:
        """Take jobs from now on. Call it in the process that does the work, after any fork."""
        self.queue.start()
        self._sweeper = threading.Thread(target=self._sweep, name="jobs-sweeper", daemon=True)
        self._sweeper.start()

    def stop(self, grace: float) -> None:
        """Take no more jobs. Wait up to `grace` seconds for those that run. Another process runs the rest
        again when the lease of this one has ended (see liveness.py)."""
        self._stopping.set()
        self.queue.stop()
        end = time.monotonic() + grace
        if self._sweeper is not None:
            self._sweeper.join(grace)
        self.settle(max(0.0, end - time.monotonic()))

    def settle(self, seconds: float) -> None:
        """Wait until no job runs in this process, at most `seconds`."""
        with self._idle:
            self._idle.wait_for(lambda: not self._running, seconds)

    def close(self) -> None:
        """Close the queue's connections. Call stop() first."""
        self.queue.close()

    def _sweep(self) -> None:
        sweeps = itertools.count(1)
        while not self._stopping.wait(_SWEEP_SECONDS):
            if self._liveness.is_unsure():  # every process makes its postponed writes first
                continue
            try:
                self._give_back_doubtful()
                self.queue.tend()
                # Jobs that wait in a long queue are overdue, too. Do not add them to the queue again. But the
                # queue may have lost an overdue job, so every 30th sweep adds all of them.
                if self.queue.waiting() < self._threads or next(sweeps) % _ANYWAY == 0:
                    for job_id in self._outbox.overdue():
                        if self._stopping.is_set():
                            break
                        self.wake(job_id)
            except StoreError:
                continue  # the store has already logged its outage
            except Exception as error:  # keep this thread alive: nothing else hands out overdue jobs here
                log.error("[jobs] sweep failed: %s", describe(error))

    def _give_back_doubtful(self) -> None:
        """Give back the jobs during which the store failed. If the answer to a claim was lost, the claim may
        still reach the store, even after a check. The job would then belong to this process without running.
        """
        for job_id in self._doubtful.difference(self._running):
            self._outbox.give_back(job_id)
            self._doubtful.discard(job_id)

    def take(self, job_id: str) -> None:
        """Start a job that Huey hands over. Wait while JOB_THREADS jobs run here; other processes can take
        jobs from the queue meanwhile."""
        has_slot = self._slots.acquire(blocking=False)
        if not has_slot:
            metrics.jobs_full.inc()
            text = "[jobs] %d jobs run in this process (JOB_THREADS): further ones wait in the store"
            self._warnings.warn("full", text, self._threads)
        while not has_slot and not self._stopping.is_set():
            has_slot = self._slots.acquire(timeout=_SWEEP_SECONDS)
        if self._stopping.is_set():
            self.wake(job_id)  # put the job back into the queue: Huey took it while this process was stopping
            return
        with self._idle:
            self._running.append(job_id)
        threading.Thread(target=self._run, args=(job_id,), name="job", daemon=True).start()

    def _run(self, job_id: str) -> None:
        request_id.set(job_id[-8:])
        try:
            job = self._outbox.claim(job_id)
            if job is not None:
                self._settle(job, self._attempt(job))
        except JobLost:
            log.info(
                "[jobs] this process counts as dead or is about to end: another one goes on with this job"
            )
        except StoreError as error:
            log.error("[jobs] the job is left in the outbox and runs again later: %s", error)
            self._liveness.owe(lambda: self._outbox.give_back(job_id))
            self._doubtful.add(job_id)
        except Exception as error:
            log.error("[jobs] job %s cannot be run: %s", job_id, describe(error))
        finally:
            self._slots.release()
            with self._idle:
                self._running.remove(job_id)
                self._idle.notify_all()

    def _attempt(self, job: Job) -> Later | Failed | None:
        if job.tries > _MAX_TRIES:
            return Failed(f"given up after {_MAX_TRIES} tries")
        try:
            return self._perform(job)
        except (StoreError, JobLost):
            raise
        except BaseException as error:  # also SystemExit: a job must not end the process
            log.error("[jobs] %s failed: %s", job.kind, describe(error))
            return Failed(type(error).__name__)

    def _settle(self, job: Job, outcome: Later | Failed | None) -> None:
        current = self._outbox.get(job.id)  # perform() may have recorded progress
        if current is None or (current.owner, current.tries) != (self._liveness.me, job.tries):
            return  # this process counted as dead for a while, and another run has taken the job
        if isinstance(outcome, Later):
            self._outbox.wait(current, outcome.seconds, outcome.problem)
        elif isinstance(outcome, Failed):
            self._outbox.fail(current, outcome.problem)
        else:
            self._outbox.done(current)
