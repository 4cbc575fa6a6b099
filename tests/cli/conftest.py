"""Commands as typed in a terminal, or called in this process, for the account of a sandbox."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.cli.menu import setup_menu
from tests import account
from tests.cli.menu_script import Done, Run, by_api
from tests.conftest import SECRET_KEY
from tests.launch import ROOT, Sandbox, bot_env

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Return the variables that make the bot a sandbox's account with a store of its own; `changes` win."""
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
    """Run `python -m bot` for a sandbox's account. A traceback fails the test."""

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


@pytest.fixture
def in_process(
    environment: Callable[..., dict[str, str]], wechat: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Give this process the account's settings, for commands called here: a test may then change handlers."""
    for name, value in environment(wechat).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def run(environment: Callable[..., dict[str, str]], tmp_path: Path) -> Run:
    """The script, as a process of its own, in a folder of its own: var/menus is in the current folder."""

    def run(wechat: Sandbox, *arguments: str, **changes: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-W", "error", str(ROOT / "setup_menu.py"), *arguments],
            cwd=tmp_path,
            env=os.environ | environment(wechat, **changes),
            capture_output=True,
            text=True,
            timeout=60,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def call(
    environment: Callable[..., dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Run:
    """What the script calls, in this process: quicker where there are many cases."""
    monkeypatch.chdir(tmp_path)

    def run(wechat: Sandbox, *arguments: str, **changes: str) -> Done:
        for name, value in environment(wechat, **changes).items():
            monkeypatch.setenv(name, value)
        status = setup_menu(arguments)
        return Done(status, *capsys.readouterr())

    return run


@pytest.fixture
def write_menus(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give the tests' account other menus, for `call`."""

    def write(*conditional: Any, menu: Any = account.MENU) -> None:
        monkeypatch.setattr(account, "MENU", menu)
        monkeypatch.setattr(account, "CONDITIONAL_MENUS", list(conditional), raising=False)

    return write


@pytest.fixture
def tag(wechat: Sandbox) -> int:
    tag_id: int = by_api(wechat, "tags/create", {"tag": {"name": "会员"}})["tag"]["id"]
    return tag_id
