"""`python -m bot` itself, and its smallest command."""

import pytest

from tests.cli.conftest import Command
from tests.launch import ROOT, Sandbox

pytestmark = pytest.mark.slow


def test_example_config_prints_the_example_file(bot: Command, wechat: Sandbox) -> None:
    done = bot(wechat, "example-config")
    assert done.stdout == (ROOT / "config.example.py").read_text(encoding="utf-8")


def test_an_unknown_command_is_refused(bot: Command, wechat: Sandbox) -> None:
    done = bot(wechat, "fly")
    assert done.returncode == 2
    assert "fly" in done.stderr
