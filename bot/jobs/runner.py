"""Runs jobs, each in a thread of its own, a bounded number at a time in this process."""

import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.config import Config
from bot.errors import StoreError
from bot.jobs.engine import Engine
from bot.jobs.liveness import Liveness
from bot.jobs.outbox import Job, Lost, Outbox
from bot.telemetry.log import describe, request_id

log = logging.getLogger("bot.jobs")

_SWEEP_SECONDS = 1.0
_ANYWAY = 30  # of so many sweeps one, however long the queue is
_MAX_TRIES = 10  # whatever takes ten workers with it is not given to an eleventh


@dataclass(frozen=True)
class Later:
    """A performer's way to say: not now, try it again in `seconds`."""

    seconds: float
    problem: str


@dataclass(frozen=True)
class Failed:
    """A performer's way to say: this cannot be done; keep it to be looked at."""

    problem: str


Perform = Callable[[Job], Later | Failed | None]


class Runner:
    """`perform(job)` does the work and returns None when it is done. It may be called again for the same
    job in another process, if this one dies meanwhile; it raises Lost when it finds that it has been."""

    def __init__(self, config: Config, outbox: Outbox, liveness: Liveness, perform: Perform) -> None:
        self._outbox = outbox
        self._liveness = liveness
        self._perform = perform
        self._threads = config.job_threads
        self._slots = threading.BoundedSemaphore(config.job_threads)
        self._engine = Engine(config.store_url, config.app_id, self.take)
        self._stopping = threading.Event()
        self._sweeper: threading.Thread | None = None
        self._running: list[str] = []  # a job may be handed over twice; one of them claims it
        self._doubtful: set[str] = set()  # the store was gone while we ran them
        self._idle = threading.Condition()

    def wake(self, job_id: str) -> None:
        """Let a worker look at a job now rather than at the next sweep."""
        try:
            self._engine.wake(job_id)
        except Exception as error:  # the queue is a convenience: the outbox holds the job
            log.warning("[jobs] queue does not work, the next sweep takes the job: %s", describe(error))

    def start(self) -> None:
        """Take jobs from now on. Call it in the process that does the work, after any fork."""
        self._engine.start()
        self._sweeper = threading.Thread(target=self._sweep, name="jobs-sweeper", daemon=True)
        self._sweeper.start()

    def stop(self, grace: float) -> None:
        """Take no more jobs, and give those under way `grace` seconds. What is not ready by then goes to
        another process, as soon as this one is known to be dead."""
        self._stopping.set()
        self._engine.stop()
        end = time.monotonic() + grace
        if self._sweeper is not None:
            self._sweeper.join(grace)
        self.settle(max(0.0, end - time.monotonic()))

    def settle(self, seconds: float) -> None:
        """Wait until no job runs in this process, for so many seconds at most."""
        with self._idle:
            self._idle.wait_for(lambda: not self._running, seconds)

    def close(self) -> None:
        self._engine.close()

    def _sweep(self) -> None:
        sweeps = itertools.count(1)
        while not self._stopping.wait(_SWEEP_SECONDS):
            if self._liveness.is_unsure():  # what is owed to the store comes first, in every process
                continue
            try:
                self._give_back_doubtful()
                # What waits for its turn in the queue is overdue, too: more of it there would help nobody.
                # But what is not in the queue any more must not wait for the end of a backlog.
                if self._engine.waiting() < self._threads or next(sweeps) % _ANYWAY == 0:
                    for job_id in self._outbox.overdue():
                        if self._stopping.is_set():
                            break
                        self.wake(job_id)
            except StoreError:
                continue  # the store says so itself
            except Exception as error:  # nobody else hands out what this process is to run
                log.error("[jobs] sweep failed: %s", describe(error))

    def _give_back_doubtful(self) -> None:
        """A claim that we heard nothing of may have reached the store after all, even after we asked it."""
        for job_id in self._doubtful.difference(self._running):
            self._outbox.give_back(job_id)
            self._doubtful.discard(job_id)

    def take(self, job_id: str) -> None:
        """Called by Huey: wait for a free slot (other processes take jobs meanwhile), then begin."""
        while not self._slots.acquire(timeout=_SWEEP_SECONDS):
            if self._stopping.is_set():
                break
        if self._stopping.is_set():
            self.wake(job_id)  # handed back: Huey's last look at the queue came after our end
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
        except Lost:
            log.info("[jobs] held for dead, or about to end: another process goes on with this job")
        except StoreError as error:
            log.error("[jobs] job left in the outbox: %s", error)
            self._liveness.owe(lambda: self._outbox.give_back(job_id))
            self._doubtful.add(job_id)
        except Exception as error:
            log.error("[jobs] %s cannot be taken: %s", job_id, describe(error))
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
        except (StoreError, Lost):
            raise
        except BaseException as error:  # the performer's own fault: nobody is told to end by way of a job
            log.error("[jobs] %s failed: %s", job.kind, describe(error))
            return Failed(type(error).__name__)

    def _settle(self, job: Job, outcome: Later | Failed | None) -> None:
        current = self._outbox.get(job.id)  # the performer may have noted progress
        if current is None or (current.owner, current.tries) != (self._liveness.me, job.tries):
            return  # a later run has it: we were cut off, and the job came back, perhaps even to this process
        if isinstance(outcome, Later):
            self._outbox.wait(current, outcome.seconds, outcome.problem)
        elif isinstance(outcome, Failed):
            self._outbox.fail(current, outcome.problem)
        else:
            self._outbox.done(current)
