"""`python -m bot jobs`."""

import time
from pathlib import Path

import pytest

from bot.jobs.liveness import Liveness
from bot.jobs.outbox import Outbox
from bot.store import open_store
from tests.cli.conftest import Command
from tests.launch import Sandbox

pytestmark = pytest.mark.slow


@pytest.fixture
def outbox(tmp_path: Path, wechat: Sandbox) -> Outbox:
    """The jobs of the account that the commands run for."""
    store = open_store(f"sqlite:///{tmp_path}/bot.db", app_id=wechat.state()["account"]["app_id"])
    return Outbox(store, Liveness(store), time.time)


def fail(outbox: Outbox, job_id: str) -> None:
    outbox.put(job_id, "run", {"place": "handlers.chat.text:wait#2", "fields": {"Content": "private"}})
    job = outbox.claim(job_id)
    assert job is not None
    outbox.fail(job, "ValueError")


def test_jobs_are_listed_without_what_users_wrote(bot: Command, wechat: Sandbox, outbox: Outbox) -> None:
    done = bot(wechat, "jobs")
    assert (done.returncode, done.stdout, done.stderr) == (0, "no jobs\n", "")
    fail(outbox, "job-1")
    done = bot(wechat, "jobs")
    assert (done.returncode, done.stderr) == (0, "")
    line, end = done.stdout.splitlines()
    assert line.startswith("job-1  failed    handlers.chat.text:wait  ")
    assert line.endswith("try 1  ValueError")
    assert end == "1 jobs"


def test_failed_jobs_are_run_again_by_id_or_all_of_them(
    bot: Command, wechat: Sandbox, outbox: Outbox
) -> None:
    for job_id in ("job-1", "job-2", "job-3"):
        fail(outbox, job_id)
    done = bot(wechat, "jobs", "--retry", "job-2")
    assert (done.returncode, done.stdout) == (0, "job-2  waiting\n")
    assert {job.id for job in outbox.all() if job.state == "failed"} == {"job-1", "job-3"}
    done = bot(wechat, "jobs", "--retry", "ALL")
    assert done.returncode == 0
    assert sorted(done.stdout.splitlines()) == ["job-1  waiting", "job-3  waiting"]


@pytest.mark.parametrize("wanted", ["job-9", "ALL"])
def test_a_job_that_has_not_failed_cannot_be_run_again(bot: Command, wechat: Sandbox, wanted: str) -> None:
    done = bot(wechat, "jobs", "--retry", wanted)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"no failed job {wanted}; `python -m bot jobs` lists them\n"
