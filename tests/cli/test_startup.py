"""What every command begins with."""

from pathlib import Path

import pytest

from bot.cli.check import check
from bot.cli.menu import setup_menu
from bot.cli.serve import serve
from bot.cli.worker import work
from tests import account
from tests.cli.conftest import Command
from tests.launch import Sandbox

pytestmark = pytest.mark.slow


def test_a_mistake_in_handlers_stops_every_command(
    in_process: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(account, "CHAT", [*account.CHAT, account.WORDING])
    monkeypatch.setattr(account, "PAGES", [("orders", "Orders")])
    for command in (check, lambda: setup_menu(["--dry-run"]), work, serve):
        assert command() == 2
        said = capsys.readouterr().err
        assert f"CHAT, entry {len(account.CHAT)} is" in said
        assert said.count("'orders'") == 2


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


@pytest.mark.parametrize("arguments", [("jobs",), ("jobs", "--retry", "ALL"), ("forget", "--openid", "o")])
def test_a_store_that_is_gone_is_said_with_status_1(
    bot: Command, wechat: Sandbox, arguments: tuple[str, ...]
) -> None:
    done = bot(wechat, *arguments, STORE_URL="redis://:hunter2@127.0.0.1:1/0")
    assert done.returncode == 1
    assert done.stderr.endswith("See STORE_URL.\n")
    assert "hunter2" not in done.stderr
