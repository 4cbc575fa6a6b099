"""docs/sandbox.md keeps up with the options, the control API and the tests."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launch import ROOT
from wechat_sandbox.__main__ import _parser
from wechat_sandbox.account import Account
from wechat_sandbox.app import build_app
from wechat_sandbox.behaviour import Behaviour
from wechat_sandbox.push.delivery import Pusher
from wechat_sandbox.settings import settings_of
from wechat_sandbox.user_actions.actions import ACTS
from wechat_sandbox.world.world import World

PAGE = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")


def control_paths() -> Iterator[str]:
    world = World(Account(), Behaviour(), "http://127.0.0.1:1")
    for route in build_app(world, Pusher(world)).router.routes():
        path = route.resource.canonical if route.resource else ""
        if path.startswith("/_sandbox/") and route.method not in ("HEAD", "OPTIONS"):
            # `{act}` stands for the acts, which are looked for one by one.
            yield f"{route.method} {re.sub('{[a-z_]+}', '', path)}".rstrip("/")


def test_every_option_is_on_the_page() -> None:
    for action in _parser()._actions:
        # Of a switch, the one that changes the default is told.
        options = [option for option in action.option_strings if option.startswith("--")]
        assert any(option in PAGE for option in options) or "--help" in options, options


@pytest.mark.parametrize("group", [Account, Behaviour])
def test_every_setting_is_on_the_page_with_its_default(group: type[Account] | type[Behaviour]) -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| `--")]
    by_name = {name: row for row in rows for name in re.findall(r"`(\w+)`", row[-1])}
    for setting in settings_of(group):
        assert setting.name in by_name or not setting.live, setting.name
        if setting.kind in (int, float) or (group is Behaviour and setting.kind is str):
            assert by_name[setting.name][1] == str(setting.default).removesuffix(".0")


def test_every_control_call_is_on_the_page() -> None:
    said = re.sub(r"/(OPENID|MEDIA_ID|FILE|ID)\b", "/", PAGE)
    paths = list(control_paths())
    assert len(paths) >= 18
    assert [path for path in paths if path not in said] == []


@pytest.mark.parametrize("act", sorted(ACTS))
def test_every_act_is_on_the_page(act: str) -> None:
    assert f"…/{act}`" in PAGE or f"OPENID/{act}`" in PAGE


def test_the_account_to_copy_is_the_default() -> None:
    account = Account()
    for value in (account.app_id, account.app_secret, account.token, account.aes_key, account.original_id):
        assert f"`{value}`" in PAGE


def test_every_test_on_the_page_exists() -> None:
    here = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "wechat_sandbox").glob("test_*.py")
    )
    named = re.findall(r"`(test_rule_\w+)`", PAGE)
    assert [name for name in named if f"def {name}(" not in here] == []


@pytest.mark.parametrize("number", range(1, 39))
def test_every_rule_is_in_the_table_with_a_test_of_its_number(number: int) -> None:
    [row] = [line for line in PAGE.splitlines() if re.match(rf"\| {number}( \(d\))? \|", line)]
    assert re.findall(rf"`test_rule_{number:02}_\w+`", row), row


def test_the_fixture_of_the_page_runs(tmp_path: Path) -> None:
    [fixture] = [
        block for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "@pytest.fixture" in block
    ]
    (tmp_path / "test_shown.py").write_text(fixture, encoding="utf-8")
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        "test_shown.py",
    ]
    home = tmp_path / "sandbox"  # as a user's clone, with this run's Python
    (home / ".venv/bin").mkdir(parents=True)
    (home / ".venv/bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (home / ".venv/bin/python").chmod(0o755)
    (home / "wechat_sandbox").symlink_to(ROOT / "wechat_sandbox")
    env = os.environ | {"SANDBOX_HOME": str(home)}
    ended = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert "1 passed" in ended.stdout, ended.stdout + ended.stderr
