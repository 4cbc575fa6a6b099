"""The outbox, on both stores: no job is lost and none has two owners."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from bot.errors import StoreError
from bot.jobs.liveness import Liveness
from bot.jobs.outbox import Job, JobLost, Outbox
from bot.store import Store, open_store
from tests.conditions import until
from tests.conftest import APP_ID, Clock, MakeConfig

WORK = {"fields": {"Content": "你好"}}


@dataclass
class Office:
    """One process: its outbox and its sign of life."""

    outbox: Outbox
    liveness: Liveness


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def store(request: pytest.FixtureRequest, make_config: MakeConfig, clock: Clock) -> Iterator[Store]:
    url = make_config().store_url
    if request.param == "redis":
        url = request.getfixturevalue("redis_server").url
    store = open_store(url, clock, app_id=APP_ID)
    yield store
    store.close()


@pytest.fixture
def open_office(store: Store, clock: Clock) -> Iterator[Callable[[], Office]]:
    offices: list[Office] = []

    def make() -> Office:
        liveness = Liveness(store)
        liveness.start()
        offices.append(Office(Outbox(store, liveness, clock), liveness))
        return offices[-1]

    yield make
    for office in offices:
        office.liveness.stop()


@pytest.fixture
def office(open_office: Callable[[], Office]) -> Office:
    return open_office()


@pytest.fixture
def outbox(office: Office) -> Outbox:
    return office.outbox


def claimed(outbox: Outbox, job_id: str = "j") -> Job:
    job = outbox.claim(job_id)
    assert job is not None
    return job


def test_a_job_is_written_once(outbox: Outbox, clock: Clock) -> None:
    assert outbox.put("j", "run", WORK) == Job("j", "run", WORK, created=clock())
    assert outbox.put("j", "other", {}) is None
    assert outbox.get("j") == Job("j", "run", WORK, created=clock())


def test_a_job_is_claimed_by_one_and_forgotten_when_it_is_done(outbox: Outbox, office: Office) -> None:
    outbox.put("j", "run", WORK)
    job = claimed(outbox)
    assert (job.state, job.owner, job.tries, job.work) == ("running", office.liveness.me, 1, WORK)
    assert outbox.claim("j") is None
    outbox.done(job)
    assert (outbox.get("j"), outbox.claim("j"), outbox.all()) == (None, None, [])


def test_of_many_claimants_one_gets_the_job(open_office: Callable[[], Office]) -> None:
    offices = [open_office() for _ in range(4)]
    for n in range(10):
        offices[0].outbox.put(f"j{n}", "run", WORK)
        start = threading.Barrier(4)

        def claim(office: Office, n: int = n, start: threading.Barrier = start) -> Job | None:
            start.wait()
            return office.outbox.claim(f"j{n}")

        with ThreadPoolExecutor(4) as pool:
            got = [job for job in pool.map(claim, offices) if job is not None]
        assert len(got) == 1


def test_of_many_writers_of_one_id_one_writes(outbox: Outbox) -> None:
    start = threading.Barrier(6)

    def put(number: int) -> Job | None:
        start.wait()
        return outbox.put("j", "run", {"number": number})

    with ThreadPoolExecutor(6) as pool:
        written = [job for job in pool.map(put, range(6)) if job is not None]
    assert written == [outbox.get("j")]


def test_a_job_of_a_dead_process_is_taken_over_with_what_it_noted(open_office: Callable[[], Office]) -> None:
    first, second = open_office(), open_office()
    first.outbox.put("j", "run", WORK)
    noted = first.outbox.note(claimed(first.outbox), sent=1)
    assert second.outbox.claim("j") is None
    first.liveness.stop()
    taken = claimed(second.outbox)
    assert (taken.work, taken.tries, taken.owner) == ({**WORK, "sent": 1}, 2, second.liveness.me)
    with pytest.raises(JobLost):  # held for dead
        first.outbox.note(noted, sent=2)
    first.outbox.done(noted)
    first.outbox.fail(noted, "x")
    first.outbox.wait(noted, 0, "x")
    assert second.outbox.get("j") == taken


def test_a_job_that_is_under_way_elsewhere_runs_only_if_that_process_dies(
    open_office: Callable[[], Office],
) -> None:
    first, second = open_office(), open_office()
    second.outbox.put("j", "expected", WORK, owner=first.liveness.me)
    assert second.outbox.claim("j") is None
    first.liveness.stop()
    assert claimed(second.outbox).owner == second.liveness.me


def test_a_job_that_waits_is_overdue_when_its_time_has_come(outbox: Outbox, clock: Clock) -> None:
    outbox.put("j", "run", WORK)
    outbox.wait(claimed(outbox), 30, "errcode -1")
    assert outbox.overdue() == []
    clock.advance(30)
    assert outbox.overdue() == ["j"]
    assert outbox.overdue() == [], "it was given to one caller"
    job = claimed(outbox)
    assert (job.tries, job.problem) == (2, "errcode -1")


def test_what_nobody_was_woken_for_is_overdue_soon(outbox: Outbox, clock: Clock) -> None:
    """Its writer was killed before it could wake anybody, or the queue has lost it."""
    outbox.put("j", "run", WORK)
    clock.advance(5)
    assert outbox.overdue() == ["j"]
    clock.advance(5)
    assert outbox.overdue() == ["j"], "and again, until somebody has done it"
    outbox.done(claimed(outbox))
    clock.advance(5)
    assert outbox.overdue() == []


def test_a_job_of_before_the_clock_was_set_back_is_overdue(outbox: Outbox, clock: Clock) -> None:
    outbox.put("j", "run", WORK)
    clock.advance(-3600)
    assert outbox.overdue() == ["j"]
    assert outbox.overdue() == []
    clock.advance(6)
    assert outbox.overdue() == ["j"]


def test_a_line_without_a_job_is_swept_away(outbox: Outbox, store: Store, clock: Clock) -> None:
    """A process was killed between the two writes."""
    store.schedule("jobs", "ghost", clock())
    assert outbox.overdue() == ["ghost"]
    assert outbox.claim("ghost") is None
    assert store.scheduled("jobs", 10) == []


def test_a_job_of_another_version_of_the_bot_is_a_job(outbox: Outbox, store: Store) -> None:
    """In the middle of a deploy, with a field more or less than ours."""
    outbox.put("more", "run", WORK)
    store.put("job:more", b'{"id": "more", "kind": "run", "work": {}, "priority": 1}', 60)
    store.schedule("jobs", "less", 0)
    store.put("job:less", b'{"id": "less", "kind": "expected", "work": {}}', 60)
    assert sorted(job.id for job in outbox.all()) == ["less", "more"]
    outbox.done(outbox.note(claimed(outbox, "more"), sent=1))
    less = outbox.get("less")
    assert less is not None
    assert outbox.rewrite(less, "run", {"place": "a#0"})
    outbox.done(claimed(outbox, "less"))
    assert outbox.all() == []


@pytest.mark.parametrize("record", [b"no JSON", b"[1]", b'{"id": "j"}', b"7"])
def test_what_is_no_job_keeps_no_other_from_being_handed_out_or_listed(
    outbox: Outbox, store: Store, clock: Clock, record: bytes
) -> None:
    store.schedule("jobs", "broken", 0)
    store.put("job:broken", record, 60)
    outbox.put("j", "run", WORK)
    clock.advance(5)
    assert outbox.overdue() == ["broken", "j"]
    assert [job.id for job in outbox.all()] == ["j"]


def test_striking_out_a_job_does_not_strike_out_the_next_with_its_id(
    outbox: Outbox, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.put("j", "run", WORK)
    job, strike_out = claimed(outbox), store.unschedule

    def late(timetable: str, name: str) -> None:
        monkeypatch.undo()
        outbox.put("j", "deliver", WORK)  # just before the line is struck out
        strike_out(timetable, name)

    monkeypatch.setattr(store, "unschedule", late)
    outbox.done(job)
    clock.advance(5)
    assert outbox.overdue() == ["j"]


def test_a_job_is_struck_out_only_as_it_was(outbox: Outbox) -> None:
    expected = outbox.put("j", "expected", WORK, owner="somebody")
    assert expected is not None
    assert outbox.rewrite(expected, "run", {"place": "a#0"})
    outbox.done(expected)
    job = claimed(outbox)
    assert (job.kind, job.work, job.tries) == ("run", {"place": "a#0"}, 2)
    assert not outbox.rewrite(expected, "run", {}), "it has changed since"


def test_a_run_that_came_to_nothing_is_given_back(open_office: Callable[[], Office]) -> None:
    first, second = open_office(), open_office()
    first.outbox.put("j", "run", WORK)
    first.outbox.give_back("j")
    claimed(first.outbox)
    second.outbox.give_back("j")
    assert second.outbox.claim("j") is None, "it is not theirs to give"
    first.outbox.give_back("j")
    assert claimed(second.outbox).tries == 2


def test_what_could_not_be_noted_is_noted_once_the_store_is_back(
    outbox: Outbox, office: Office, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.put("j", "run", WORK)
    job, done = claimed(outbox), list[str]()
    with monkeypatch.context() as patch:
        patch.setattr(store, "swap", refuse)
        with pytest.raises(StoreError):
            outbox.step(job, lambda: done.append("pushed"), sent=1)
    until(lambda: not office.liveness.owed)  # after the next beat
    outbox.give_back("j")
    assert claimed(outbox).work == {**WORK, "sent": 1}
    assert done == ["pushed"]


def refuse(*_: object) -> None:
    raise StoreError("gone")


def anew(job: Job) -> dict[str, Any]:
    return {"place": job.work["place"]}


def test_a_failed_job_is_kept_for_a_week_and_can_be_retried(outbox: Outbox, clock: Clock) -> None:
    outbox.put("j", "run", {**WORK, "place": "a#0", "captures": [], "x": 1})
    noted = outbox.note(claimed(outbox), reply={"kind": "Text", "content": "sorry"}, late=True)
    outbox.fail(noted, "ValueError")
    assert (outbox.claim("j"), outbox.overdue()) == (None, [])
    assert [(job.state, job.problem) for job in outbox.all()] == [("failed", "ValueError")]
    assert outbox.retry("j", anew)
    assert not outbox.retry("j", anew), "it waits already"
    assert not outbox.retry("nothing", anew)
    assert outbox.overdue() == ["j"]
    job = claimed(outbox)
    assert job.work == {"place": "a#0"}
    assert job.tries == 1


def test_a_failed_job_is_gone_after_its_week(
    outbox: Outbox, store: Store, clock: Clock, request: pytest.FixtureRequest
) -> None:
    outbox.put("j", "run", WORK)
    outbox.fail(claimed(outbox), "ValueError")
    clock.advance(7 * 86400)
    assert outbox.overdue() == []
    assert store.scheduled("failed-jobs", 10) == []
    assert store.scheduled("jobs", 10) == []


def test_all_are_listed_however_many(outbox: Outbox) -> None:
    for n in range(300):
        outbox.put(f"j{n}", "run", WORK)
    assert len(outbox.all()) == 300


def test_all_lists_the_oldest_first(outbox: Outbox, clock: Clock) -> None:
    for name in ("a", "b", "c"):
        outbox.put(name, "run", WORK)
        clock.advance(1)
    outbox.fail(claimed(outbox, "b"), "x")
    assert [(job.id, job.state) for job in outbox.all()] == [
        ("a", "waiting"), ("b", "failed"), ("c", "waiting"),
    ]  # fmt: skip
