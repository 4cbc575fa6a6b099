"""`python -m bot check`."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import check
from bot.cli.menu import setup_menu
from tests import account
from tests.cli.conftest import Command
from tests.conftest import NOWHERE, RedisServer, StartWeChat
from tests.launch import Sandbox

pytestmark = pytest.mark.slow


def test_check_says_ok_for_an_account_that_works(bot: Command, wechat: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "MP_verify_0123456789abcdef.txt").write_text("0123456789abcdef")
    done = bot(wechat, "check")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("ok ") == 4
    assert "note" not in done.stdout
    assert done.stderr == ""


def test_check_notes_what_is_risky(bot: Command, wechat: Sandbox) -> None:
    done = bot(wechat, "check", PUBLIC_URL="http://bot.example.com")
    assert done.returncode == 0
    assert "not https" in done.stdout
    assert "MP_verify" in done.stdout


def test_check_says_what_wechat_refuses(bot: Command, start_wechat: StartWeChat, tmp_path: Path) -> None:
    wechat = start_wechat()
    done = bot(wechat, "check", APP_SECRET="wrongsecret0123456789")
    assert done.returncode == 1
    assert "40125" in done.stderr
    assert "wrongsecret" not in done.stderr
    nobody = f"sqlite:///{tmp_path}/other.db"  # the first store remembers the failure for some seconds
    done = bot(wechat, "check", API_BASE=NOWHERE, STORE_URL=nobody)
    assert done.returncode == 1
    assert re.search(
        r"127\.0\.0\.1 could not be reached \(ConnectionError after \d+\.\d s\): check DNS", done.stderr
    )
    assert "-1" not in done.stderr
    wechat.faults([{"path": "/cgi-bin/*", "errcode": -1}])
    done = bot(wechat, "check", STORE_URL=f"sqlite:///{tmp_path}/busy.db")
    assert "WeChat answered -1" in done.stderr
    assert "busy" in done.stderr
    wechat.faults([])
    nobody = f"sqlite:///{tmp_path}/third.db"
    done = bot(start_wechat("--ip-whitelist", "10.0.0.1"), "check", STORE_URL=nobody)
    assert done.returncode == 1
    assert "Add 127.0.0.1 to the IP whitelist" in done.stderr


def test_check_says_when_the_store_is_gone(bot: Command, wechat: Sandbox) -> None:
    done = bot(wechat, "check", STORE_URL="redis://:hunter2@127.0.0.1:1/0")
    assert done.returncode == 1
    assert "Redis store" in done.stderr
    assert "hunter2" not in done.stderr


@pytest.mark.redis
def test_check_fails_on_a_store_that_refuses_writes(
    bot: Command, wechat: Sandbox, mortal_redis: RedisServer
) -> None:
    mortal_redis.client.config_set("maxmemory", "1")
    done = bot(wechat, "check", STORE_URL=mortal_redis.url)
    assert done.returncode == 1
    assert "FAILED  Redis store: its memory is full" in done.stderr


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("subscription", ["menu", "OAuth", "QR codes", "next message"]),
        ("subscription-verified", ["OAuth", "QR codes"]),
        ("service", ["OAuth", "QR codes", "next message"]),
        ("service-verified", []),
    ],
)
def test_check_says_what_an_account_of_this_kind_may_not(
    bot: Command, wechat: Sandbox, kind: str, words: list[str]
) -> None:
    done = bot(wechat, "check", ACCOUNT_KIND=kind)
    assert done.returncode == 0, done.stderr
    notes = [line for line in done.stdout.splitlines() if f" {kind} account " in line]
    assert bool(notes) == bool(words)
    assert all(any(word in note for note in notes) for word in words)


def test_check_says_that_a_test_account_has_no_safe_mode(bot: Command, wechat: Sandbox) -> None:
    done = bot(wechat, "check", ACCOUNT_KIND="test", MODE="safe", ENCODING_AES_KEY="a" * 43)
    assert done.returncode == 2
    assert "set MODE = 'plain'" in done.stderr
    assert bot(wechat, "check", ACCOUNT_KIND="test", MODE="plain").returncode == 0


def test_check_finds_a_menu_page_that_is_not_there(
    in_process: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(account, "PAGES", [])
    for command in (check.check, lambda: setup_menu(["--dry-run"])):
        assert command() == 2
        assert "page '/': none of PAGES" in capsys.readouterr().err


def test_a_fault_of_a_conditional_menu_is_listed(
    in_process: None, write_menus: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    write_menus({"button": [{"type": "view", "name": "a", "page": "/"}], "matchrule": {"tag": "100"}})
    assert check.check() == 2
    assert "CONDITIONAL_MENUS[0]: matchrule: unknown key 'tag'" in capsys.readouterr().err
