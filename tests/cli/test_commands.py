"""`python -m bot` and its commands, as typed in a terminal."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

import handlers
from bot.chat.conversation import Conversations
from bot.chat.replies.returned import Ask
from bot.cli import commands
from bot.cli.serve import serve
from bot.cli.worker import work
from bot.jobs.liveness import Liveness
from bot.jobs.outbox import Outbox
from bot.people import Bindings
from bot.store import open_store
from tests.conftest import NOWHERE, SECRET_KEY, RedisServer, StartWeChat
from tests.launch import ROOT, Sandbox, bot_env, free_port, start_bot

pytestmark = pytest.mark.slow

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> Callable[..., dict[str, str]]:
    (tmp_path / "config.py").write_text("")

    def environment(wechat: Sandbox, **changes: str) -> dict[str, str]:
        env = bot_env(wechat) | {
            "BOT_CONFIG": str(tmp_path / "config.py"),
            "BOT_PUBLIC_URL": "https://bot.example.com",
            "BOT_SECRET_KEY": SECRET_KEY,
            "BOT_STORE_URL": f"sqlite:///{tmp_path}/bot.db",
            "BOT_VERIFY_DIR": str(tmp_path),
        }
        return env | {f"BOT_{name}": value for name, value in changes.items()}

    return environment


@pytest.fixture
def bot(environment: Callable[..., dict[str, str]]) -> Command:
    def run(wechat: Sandbox, *arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "bot", *arguments],
            cwd=ROOT,
            env=os.environ | environment(wechat, **changes),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


# -- check


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


@pytest.fixture
def in_process(
    environment: Callable[..., dict[str, str]], wechat: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands called in this process, whose handlers/ a test may change."""
    for name, value in environment(wechat).items():
        monkeypatch.setenv(name, value)


def test_a_mistake_in_handlers_stops_every_command(
    in_process: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(handlers, "CHAT", [*handlers.CHAT, handlers.WORDING])
    monkeypatch.setattr(handlers, "PAGES", [("orders", "Orders")])
    for command in (commands.check, lambda: commands.setup_menu(["--dry-run"]), work, serve):
        assert command() == 2
        said = capsys.readouterr().err
        assert f"CHAT, entry {len(handlers.CHAT)} is" in said
        assert said.count("'orders'") == 2


def test_check_finds_a_menu_page_that_is_not_there(
    in_process: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(handlers, "PAGES", [])
    for command in (commands.check, lambda: commands.setup_menu(["--dry-run"])):
        assert command() == 2
        assert "page '/': none of handlers.PAGES" in capsys.readouterr().err


# web.py opens a broken template once more, for its message, and leaves it open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_check_finds_a_broken_template(
    in_process: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "orders.html").write_text("$def with (orders)\n$for in orders:\n    <li>\n")
    (tmp_path / "fine.html").write_text("$def with (x)\n$x $t('a', 'b')\n")
    monkeypatch.setattr(commands, "TEMPLATES", tmp_path)
    assert commands.check() == 2
    assert capsys.readouterr().err == "FAILED  template orders.html: SyntaxError: invalid syntax\n"


# -- forget


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


# -- the others


def test_example_config_prints_the_example_file(bot: Command, wechat: Sandbox) -> None:
    done = bot(wechat, "example-config")
    assert done.stdout == (ROOT / "config.example.py").read_text(encoding="utf-8")


def test_an_unknown_command_is_refused(bot: Command, wechat: Sandbox) -> None:
    done = bot(wechat, "fly")
    assert done.returncode == 2
    assert "fly" in done.stderr


# -- serve


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_an_sms_sender_without_its_sdk_is_said(
    bot: Command, wechat: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (tmp_path / "tencentcloud").mkdir()  # an empty one, before the real one
    (tmp_path / "tencentcloud" / "__init__.py").write_text("")
    sms = {f"SMS_{name}": "x" for name in ("KEY_ID", "KEY_SECRET", "APP_ID", "SIGN", "TEMPLATE")}
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = bot(wechat, command, SMS_SENDER="tencent", **sms)
    assert done.returncode == 2
    assert "See SMS_SENDER" in done.stderr


def test_a_taken_port_is_said_and_status_1(bot: Command, wechat: Sandbox) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = bot(wechat, LISTEN=f"127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 1
    assert "LISTEN" in done.stderr


def test_a_store_that_cannot_be_opened_is_said_once(bot: Command, wechat: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "bot.db").mkdir()
    done = bot(wechat, LISTEN=f"127.0.0.1:{free_port()}", WORKERS="3")
    assert done.returncode == 2
    assert done.stderr.count("STORE_URL") == 1


@pytest.mark.parametrize("store", ["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def test_several_workers_serve_one_account(
    wechat: Sandbox, store: str, request: pytest.FixtureRequest
) -> None:
    env = {"BOT_WORKERS": "2"}
    if store == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        env["BOT_STORE_URL"] = server.url
    with start_bot(wechat, env, save_callback=True) as bot:
        user = wechat.add_user("小刚", subscribed=True)
        wechat.faults([{"path": "delivery", "duplicate": 3}])
        for n in range(5):
            result = wechat.send(user, content=f"第 {n} 条")
            assert {answer["outcome"] for answer in result["deliveries"]} == {"reply"}
            assert [shown["content"] for shown in result["shown"]] == [f"你说：第 {n} 条"]
        assert requests.get(bot.url + "/readyz", timeout=60).status_code == 200
        assert bot.stop() in (0, -15)


def test_a_bot_that_is_told_to_stop_stops(wechat: Sandbox) -> None:
    with start_bot(wechat) as bot:
        status = bot.stop(timeout=60)
    assert status == 0
    assert not any("Traceback" in line for line in bot.output)
