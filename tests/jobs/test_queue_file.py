"""The queue's file holds nothing that matters: whatever happens to it, the bot starts and the jobs are
run."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.jobs.queue import JobQueue
from tests.conditions import until
from tests.conftest import APP_ID, Clock
from tests.jobs.test_runner import Bench, Shop

_GARBAGE = b"this is no database, whatever its name says " * 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db-jobs"


def no_database(path: Path) -> None:
    path.write_bytes(_GARBAGE)


def other_tables(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE task (something_else)")


def half_a_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE IF NOT EXISTS task (x)")
    path.write_bytes(path.read_bytes()[:4096] + _GARBAGE)


SPOILS: list[Callable[[Path], None]] = [no_database, other_tables, half_a_database, Path.mkdir]


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_file_that_cannot_be_used_is_set_aside(
    spoil: Callable[[Path], None], path: Path, log: pytest.LogCaptureFixture
) -> None:
    spoil(path)
    queue = JobQueue(f"sqlite:///{path.parent}/bot.db", APP_ID, lambda job_id: None)
    queue.wake("j1")
    assert queue.waiting() == 1
    queue.close()
    assert [record.levelname for record in log.records] == ["WARNING"]
    assert path.with_name("bot.db-jobs.broken").exists()


def test_a_file_of_another_user_is_set_aside(
    path: Path, monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(b"")
    theirs, real = path.stat().st_ino, os.open

    def refuse(file: str, *args: int) -> int:
        if Path(file).exists() and Path(file).stat().st_ino == theirs:
            raise PermissionError(13, "Permission denied")
        return real(file, *args)

    monkeypatch.setattr(os, "open", refuse)
    queue = JobQueue(f"sqlite:///{path.parent}/bot.db", APP_ID, lambda job_id: None)
    queue.wake("j1")
    assert queue.waiting() == 1
    queue.close()
    assert "Permission denied" in log.text


def test_a_queue_without_a_file_is_kept_in_memory(
    path: Path, monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path.mkdir()
    monkeypatch.setattr(os, "replace", refuse)
    queue = JobQueue(f"sqlite:///{path.parent}/bot.db", APP_ID, lambda job_id: None)
    queue.wake("j1")
    assert queue.waiting() == 1
    queue.tend()
    queue.close()
    assert "kept in memory" in log.text


HARM: list[Callable[[Path], None]] = [Path.unlink, no_database, half_a_database]


@pytest.mark.slow
@pytest.mark.parametrize("harm", HARM)
def test_jobs_are_run_though_the_file_is_spoilt_meanwhile(
    harm: Callable[[Path], None], path: Path, clock: Clock
) -> None:
    bench = Bench(enough=3)
    shop = Shop(f"sqlite:///{path.parent}/bot.db", clock, bench)
    shop.runner.start()
    shop.submit("before")
    harm(path)
    for job_id in ("after", "later"):
        shop.submit(job_id)

    def are_run() -> bool:
        clock.advance(6)  # what the queue lost is overdue
        return bench.all_there.is_set()

    until(are_run)
    assert {job.id for job in bench.got} == {"before", "after", "later"}
    shop.close()
