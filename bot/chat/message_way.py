"""Build a message's way from its parts: gate, record, router, handler, answer, seal; and the jobs of late
answers."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.account import Base
from bot.chat.conversation import Conversations
from bot.chat.delivery.answer import Answerer
from bot.chat.delivery.late_answer_worker import LateAnswerWorker
from bot.chat.delivery.late_answers import LateAnswers
from bot.chat.delivery.local_runs import LocalRuns
from bot.chat.delivery.ordered_messages import OrderedMessages
from bot.chat.delivery.pushes import Pushes
from bot.chat.delivery.record import Records
from bot.chat.delivery.retry_timing import RetryTiming
from bot.chat.delivery.several_replies import SeveralReplies
from bot.chat.delivery.without_store import WithoutStore
from bot.chat.endpoint import Callback
from bot.chat.erasure import Erasure
from bot.chat.handler import Handlers, Threads
from bot.chat.router import Route, Router
from bot.chat.wire.gate import Gate
from bot.chat.wire.seal import Seal
from bot.chat.wording import Wording
from bot.errors import StoreError
from bot.jobs.liveness import Liveness
from bot.jobs.outbox import Outbox
from bot.jobs.runner import Runner
from bot.store.key_migration import migrate_keys

log = logging.getLogger("bot.store")


@dataclass(frozen=True)
class Waiting:
    """Settings for waiting deliveries. `places` is how many deliveries of this process may wait at the same
    time. `call_soon` starts a function and does not wait until it returns. Tests replace `wake` and `runs`.
    `wake(job_id)` lets a worker take that job at once. `runs` are the runs of this process while the store
    fails."""

    places: int
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    call_soon: Callable[..., Any] = lambda function, *args: function(*args)
    wake: Callable[[str], None] | None = None
    runs: LocalRuns | None = None


@dataclass(frozen=True)
class MessageWay:
    """The parts of a message's way that other packages use: `callback` answers deliveries, `runner` runs
    jobs."""

    callback: Callback
    records: Records
    late: LateAnswers
    outbox: Outbox
    runner: Runner
    erasure: Erasure
    threads: Threads
    migrate: Callable[[], None]  # the data of an older version; raises StoreError

    def start(self, *, jobs: bool) -> None:
        """Migrate the data of an older version and begin to renew the lease of this process. With `jobs`,
        take jobs."""
        try:
            self.migrate()
        except StoreError:
            self.records.liveness.owe(self._migrate_later)  # try once more when the store works
        self.records.liveness.start()
        if jobs:
            self.runner.start()

    def _migrate_later(self) -> None:
        try:
            self.migrate()
        except StoreError as error:
            text = "[store] the data of an older version is not migrated; restart the bot to try again: %s"
            log.error(text, error)

    def close(self, jobs_seconds: float, push_seconds: float) -> None:
        """Stop the work. Wait at most `jobs_seconds` for jobs, then `push_seconds` for a push in progress."""
        self.runner.stop(jobs_seconds)
        self.records.liveness.stop(push_seconds)
        self.threads.close()
        self.runner.close()


def build_message_way(
    base: Base, routes: Sequence[Route], wording: Wording, threads: Threads, waiting: Waiting
) -> MessageWay:
    """Build the way. Handlers run in `threads`."""
    config, clock, store, account = base.config, base.clock, base.store, base.account
    liveness = Liveness(store)
    outbox = Outbox(store, liveness, clock)
    conversations = Conversations(store)
    ordered = OrderedMessages(store, outbox)
    erasure = Erasure(conversations, account, outbox, ordered)
    handlers = Handlers(Router(routes, conversations), conversations, account, wording, threads, erasure)
    # A record must outlive the freshness window, which lies on both sides of our clock. Otherwise a replay
    # could arrive after its record has expired.
    lifetime = max(900.0, 3.0 * config.freshness_seconds)
    records = Records(store, liveness, lifetime, clock, waiting.monotonic, waiting.sleep)
    pushes = Pushes(account, outbox)
    several = SeveralReplies(handlers, records, outbox, pushes, wording.more_hint, waiting.sleep)

    def wake_next(job_id: str) -> None:
        (waiting.wake or runner.wake)(job_id)  # not by call_soon: jobs run in threads

    worker = LateAnswerWorker(handlers, records, outbox, pushes, several, ordered, wake_next)
    runner = Runner(config, outbox, liveness, worker.perform)
    timing = RetryTiming(config, clock, waiting.monotonic, places=waiting.places)
    wake = waiting.wake or partial(waiting.call_soon, runner.wake)
    late = LateAnswers(outbox, ordered, wake, timing, wording.still_working)
    runs = waiting.runs or LocalRuns(clock, waiting.monotonic, waiting.sleep)
    answers = WithoutStore(Answerer(handlers, records, late), handlers, records, late, runs)
    gate = Gate(config, clock, store if config.replay_guard else None)
    callback = Callback(gate, answers, Seal(config, clock, conversations, wording.more_hint))
    migrate = partial(migrate_keys, store, config.store_url, config.app_id, config.original_id)
    return MessageWay(callback, records, late, outbox, runner, erasure, threads, migrate)
