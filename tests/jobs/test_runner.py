"""The runner on Huey's real engines: each job is performed, by one, a bounded number at a time."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import redis

from bot.config import Config
from bot.errors import StoreError
from bot.jobs.liveness import Liveness
from bot.jobs.outbox import Job, Outbox
from bot.jobs.queue import JobQueue
from bot.jobs.runner import Failed, Later, Perform, Runner
from bot.store import open_store
from tests.conditions import until
from tests.conftest import APP_ID, Clock, MakeConfig, RedisServer

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def url(request: pytest.FixtureRequest, make_config: MakeConfig) -> str:
    if request.param == "redis":
        redis_url: str = request.getfixturevalue("redis_server").url
        return redis_url
    return make_config().store_url


class Shop:
    """One process: a runner and the outbox that it works off."""

    def __init__(
        self, url: str, clock: Clock, perform: Perform, threads: int = 4, queue_url: str = ""
    ) -> None:
        self.store = open_store(url, clock, app_id=APP_ID)
        self.liveness = Liveness(self.store)
        self.outbox = Outbox(self.store, self.liveness, clock)
        config = Config(app_id=APP_ID, store_url=queue_url or url, job_threads=threads)
        self.runner = Runner(config, self.outbox, self.liveness, perform)
        self.liveness.start()

    def submit(self, job_id: str, work: dict[str, Any] | None = None) -> None:
        self.outbox.put(job_id, "run", work or {})
        self.runner.wake(job_id)

    def close(self) -> None:
        self.runner.stop(60)
        self.liveness.stop()
        self.runner.close()
        self.store.close()


MakeShop = Callable[..., Shop]


@pytest.fixture
def make_shop(url: str, clock: Clock) -> Iterator[MakeShop]:
    shops: list[Shop] = []

    def make(perform: Perform, threads: int = 4) -> Shop:
        shops.append(Shop(url, clock, perform, threads))
        return shops[-1]

    yield make
    for shop in shops:
        shop.close()


class Bench:
    """A performer that notes what it got, and says when it has got `enough`."""

    def __init__(self, enough: int, outcome: Later | Failed | None = None) -> None:
        self.got: list[Job] = []
        self.all_there = threading.Event()
        self._enough = enough
        self._outcome = outcome

    def __call__(self, job: Job) -> Later | Failed | None:
        self.got.append(job)
        if len(self.got) >= self._enough:
            self.all_there.set()
        return self._outcome


def test_every_job_is_performed_once_and_gone(make_shop: MakeShop) -> None:
    bench = Bench(enough=20)
    shops = [make_shop(bench) for _ in range(2)]
    for shop in shops:
        shop.runner.start()
    for n in range(20):
        shops[n % 2].submit(f"j{n}", {"n": n})
    assert bench.all_there.wait(60)
    for shop in shops:
        shop.runner.stop(60)
    assert sorted(job.work["n"] for job in bench.got) == list(range(20))
    assert shops[0].outbox.all() == []


def test_what_lies_in_the_queue_is_json(url: str, request: pytest.FixtureRequest) -> None:
    """Whoever can write to the queue must not be able to run code here."""
    queue = JobQueue(url, APP_ID, lambda job_id: None)
    queue.wake("o1+7")
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///") + "-jobs")) as db:
            (item,) = (bytes(row[0]) for row in db.execute("SELECT data FROM task"))
    else:
        client = request.getfixturevalue("redis_server").client
        (key,) = client.keys("*")
        (item,) = client.lrange(key, 0, -1)
    queue.close()
    assert item.startswith(b"[")
    assert b'"o1+7"' in item


def test_a_queue_entry_that_is_no_json_stops_nothing(make_shop: MakeShop, url: str) -> None:
    bench = Bench(enough=1)
    shop = make_shop(bench)
    shop.runner.queue._huey.storage.enqueue(b"\x80\x04cos\nsystem\n", 0)
    shop.runner.start()
    shop.submit("j")
    assert bench.all_there.wait(60)


def test_no_more_run_at_a_time_than_there_are_threads(make_shop: MakeShop) -> None:
    begun, go = threading.Semaphore(0), threading.Event()
    running, most, lock = [0], [0], threading.Lock()

    def hold(job: Job) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        begun.release()
        assert go.wait(60)
        with lock:
            running[0] -= 1

    shop = make_shop(hold, threads=3)
    shop.runner.start()
    for n in range(8):
        shop.submit(f"j{n}")
    for _ in range(3):
        assert begun.acquire(timeout=60)
    assert sorted(job.state for job in shop.outbox.all()) == ["running"] * 3 + ["waiting"] * 5
    go.set()
    for _ in range(5):
        assert begun.acquire(timeout=60)
    assert most == [3]


def take(shop: Shop, job_id: str) -> Job | None:
    """One try, here and now; what became of the job."""
    shop.runner.take(job_id)
    shop.runner.settle(60)
    return shop.outbox.get(job_id)


def test_again_means_later(make_shop: MakeShop, clock: Clock) -> None:
    shop = make_shop(Bench(1, Later(8.0, "errcode -1")))
    shop.outbox.put("j", "run", {})
    job = take(shop, "j")
    assert job is not None
    assert (job.state, job.owner, job.problem) == ("waiting", "", "errcode -1")
    assert shop.outbox.overdue() == []
    clock.advance(8)
    assert shop.outbox.overdue() == ["j"]


def test_failed_means_kept_to_be_looked_at(make_shop: MakeShop) -> None:
    shop = make_shop(Bench(1, Failed("ValueError")))
    shop.outbox.put("j", "run", {})
    job = take(shop, "j")
    assert job is not None
    assert (job.state, job.problem) == ("failed", "ValueError")


@pytest.mark.parametrize("error", [KeyError, SystemExit, asyncio.CancelledError])
def test_a_performer_that_raises_has_failed(
    make_shop: MakeShop, log: pytest.LogCaptureFixture, error: type[BaseException]
) -> None:
    def broken(job: Job) -> None:
        raise error("private words")

    shop = make_shop(broken)
    shop.outbox.put("j", "run", {})
    job = take(shop, "j")
    assert job is not None
    assert (job.state, job.problem) == ("failed", error.__name__)
    assert "private words" not in log.text


def test_a_job_that_has_taken_ten_workers_with_it_is_not_given_an_eleventh(make_shop: MakeShop) -> None:
    bench = Bench(1)
    last = make_shop(bench)
    last.outbox.put("j", "run", {})
    for _ in range(10):
        victim = make_shop(bench)
        assert victim.outbox.claim("j") is not None
        victim.liveness.stop()
    job = take(last, "j")
    assert job is not None
    assert (job.state, job.problem, bench.got) == ("failed", "given up after 10 tries", [])


def test_a_job_whose_store_was_lost_on_the_way_is_given_back(make_shop: MakeShop) -> None:
    def lose(job: Job) -> None:
        raise StoreError("gone")

    shop = make_shop(lose)
    shop.outbox.put("j", "run", {})
    take(shop, "j")
    job = until(lambda: shop.outbox.get("j"), lambda job: job.state == "waiting")  # after the next beat
    assert (job.owner, job.tries) == ("", 1)


def test_a_claim_that_reaches_the_store_after_we_gave_it_up_holds_no_job(
    make_shop: MakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, delayed = Bench(1), list[Any]()
    shop = make_shop(bench)
    swap = shop.store.swap

    def delay(*command: Any) -> bool:
        delayed.append(command)
        raise StoreError("gone")

    shop.outbox.put("j", "run", {})
    with monkeypatch.context() as patch:
        patch.setattr(shop.store, "swap", delay)
        assert take(shop, "j") == shop.outbox.get("j")
    until(lambda: not shop.liveness.owed)
    assert swap(*delayed[0])
    job = shop.outbox.get("j")
    assert job is not None
    assert (job.state, job.owner) == ("running", shop.liveness.me)
    shop.runner.start()
    assert bench.all_there.wait(60)


def test_no_job_is_taken_from_anybody_who_could_not_say_that_he_lives(
    make_shop: MakeShop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, had_it = Bench(1), list[bool]()
    silent, sweeper = make_shop(Bench(1)), make_shop(bench)
    silent.outbox.put("j", "run", {}, owner=silent.liveness.me)
    silent.liveness.stop()
    clock.advance(5)
    unsure = [True, True, False]

    def is_unsure() -> bool:
        had_it.append(bench.all_there.is_set())
        return bool(unsure.pop(0)) if unsure else False

    monkeypatch.setattr(sweeper.liveness, "is_unsure", is_unsure)
    sweeper.runner.start()
    assert bench.all_there.wait(60)
    assert had_it[:3] == [False] * 3


@pytest.fixture
def sweeps_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.jobs.runner._SWEEP_SECONDS", 0.01)


@pytest.mark.usefixtures("sweeps_at_once")
def test_what_is_no_job_is_said_and_the_others_are_run(
    make_shop: MakeShop, clock: Clock, log: pytest.LogCaptureFixture
) -> None:
    bench = Bench(1)
    shop = make_shop(bench)
    shop.store.schedule("jobs", "broken", 0)
    shop.store.put("job:broken", b"{}", 60)
    shop.outbox.put("j", "run", {})
    clock.advance(5)
    shop.runner.start()
    assert bench.all_there.wait(60)
    shop.runner.stop(60)
    assert "broken cannot be run: ValueError" in log.text


@pytest.mark.usefixtures("sweeps_at_once")
def test_a_sweep_that_fails_is_said_and_not_the_last(
    make_shop: MakeShop, clock: Clock, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(1)
    shop = make_shop(bench)
    overdue, faults = shop.outbox.overdue, [ValueError("a fault of its own")]

    def faulty() -> list[str]:
        if faults:
            raise faults.pop()
        return overdue()

    monkeypatch.setattr(shop.outbox, "overdue", faulty)
    shop.outbox.put("j", "run", {})
    clock.advance(5)
    shop.runner.start()
    assert bench.all_there.wait(60)
    assert "sweep failed: ValueError" in log.text


@pytest.mark.usefixtures("sweeps_at_once")
def test_a_backlog_does_not_grow_in_the_queue_and_every_job_of_it_is_run(
    make_shop: MakeShop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred jobs that nobody was woken for, beside one that takes its time."""
    monkeypatch.setattr("bot.jobs.runner._ANYWAY", 1_000_000)
    go, looks, longest = threading.Event(), threading.Semaphore(0), [0]
    done: list[str] = []
    all_done = threading.Event()

    def hold(job: Job) -> None:
        assert go.wait(60)
        done.append(job.id)
        if len(done) == 100:
            all_done.set()

    shop = make_shop(hold, threads=2)
    give_back = shop.runner._give_back_doubtful

    def look() -> None:
        clock.advance(5)
        longest[0] = max(longest[0], shop.runner.queue.waiting())
        looks.release()
        give_back()

    monkeypatch.setattr(shop.runner, "_give_back_doubtful", look)
    for n in range(100):
        shop.outbox.put(f"j{n}", "run", {})
    shop.runner.start()
    for _ in range(20):
        assert looks.acquire(timeout=60)
    assert 0 < longest[0] <= 50
    go.set()
    assert all_done.wait(60)
    assert sorted(done) == sorted({f"j{n}" for n in range(100)})


@pytest.mark.usefixtures("sweeps_at_once")
def test_what_the_queue_lost_does_not_wait_for_the_end_of_a_backlog(
    make_shop: MakeShop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    shop = make_shop(lambda job: done.set())
    monkeypatch.setattr(shop.runner.queue, "waiting", lambda: 1_000_000)
    shop.outbox.put("lost", "run", {})
    clock.advance(5)
    shop.runner.start()
    assert done.wait(60)


def test_stopping_takes_no_more_jobs_and_hands_on_what_is_not_ready(make_shop: MakeShop) -> None:
    begun, go = threading.Event(), threading.Event()

    def hold(job: Job) -> None:
        begun.set()
        assert go.wait(60)

    stopping, other = make_shop(hold), make_shop(Bench(1))
    stopping.runner.start()
    stopping.submit("j")
    assert begun.wait(60)
    stopping.runner.stop(0)
    stopping.submit("k")
    assert other.outbox.claim("j") is None, "it is still alive"
    stopping.liveness.stop()
    assert other.outbox.claim("j") is not None
    waiting = other.outbox.get("k")
    assert waiting is not None
    assert waiting.state == "waiting"
    go.set()


@pytest.mark.redis
def test_a_queue_that_is_gone_costs_no_job(
    mortal_redis: RedisServer, clock: Clock, log: pytest.LogCaptureFixture, make_config: MakeConfig
) -> None:
    """The outbox lies in a file here, and the queue in a Redis that is killed."""
    bench = Bench(1)
    shop = Shop(make_config().store_url, clock, bench, queue_url=mortal_redis.url)
    mortal_redis.kill()
    shop.submit("j")
    assert "queue does not work" in log.text
    mortal_redis.start()
    clock.advance(5)
    shop.runner.start()  # its sweep finds the job overdue
    assert bench.all_there.wait(60)
    shop.close()


@pytest.mark.redis
def test_a_redis_that_vanishes_without_a_word_holds_up_nobody_for_long(
    mortal_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.queue._ANSWER_SECONDS", 0.1)
    queue = JobQueue(mortal_redis.url, APP_ID, lambda job_id: None)
    mortal_redis.pause()
    with pytest.raises(redis.TimeoutError):
        queue.wake("j")
    mortal_redis.go_on()
    queue.close()
