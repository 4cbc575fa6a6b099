"""`python -m bot forget`."""

import time
from pathlib import Path

import pytest

from bot.chat.conversation import Conversations
from bot.chat.replies.returned import Ask
from bot.jobs.liveness import Liveness
from bot.jobs.outbox import Outbox
from bot.people import Bindings
from bot.store import open_store
from tests.cli.conftest import Command
from tests.launch import Sandbox

pytestmark = pytest.mark.slow


def test_a_person_is_forgotten_by_number_or_openid(bot: Command, wechat: Sandbox, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/bot.db", app_id=wechat.state()["account"]["app_id"])
    bindings, conversations = Bindings(store, time.time), Conversations(store)
    conversations.ask("openid-1", Ask("?", "name"))
    bindings.bind("openid-1", "+8613800138000")
    bindings.bind("openid-2", "+8613900139000")

    done = bot(wechat, "forget", "--phone", "138 0013 8000")
    assert (done.returncode, bindings.of("openid-1"), conversations.asked("openid-1")) == (0, None, None)
    assert "openid-1" in done.stdout
    assert "event=forgotten" in done.stderr
    assert "13800138000" not in done.stdout + done.stderr

    done = bot(wechat, "forget", "--openid", "openid-2")
    assert (done.returncode, bindings.of("openid-2")) == (0, None)


def test_what_a_forgotten_person_wrote_is_in_no_job(bot: Command, wechat: Sandbox, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/bot.db", app_id=wechat.state()["account"]["app_id"])
    outbox = Outbox(store, Liveness(store), time.time)
    for openid in ("openid-1", "openid-2"):
        outbox.put(openid, "run", {"fields": {"FromUserName": openid, "Content": "private"}})
        failed = outbox.claim(openid)
        assert failed is not None
        outbox.fail(failed, "ValueError")
    assert bot(wechat, "forget", "--openid", "openid-1").returncode == 0
    assert [job.id for job in outbox.all()] == ["openid-2"]
    assert store.scheduled("failed-jobs", 10) == ["openid-2"]


def test_who_is_not_known_cannot_be_forgotten_by_number(bot: Command, wechat: Sandbox) -> None:
    done = bot(wechat, "forget", "--phone", "13800138000")
    assert done.returncode == 1
    assert "Nobody" in done.stderr
    done = bot(wechat, "forget", "--phone", "12")
    assert done.returncode == 2
    assert "+86 (CN)" in done.stderr
