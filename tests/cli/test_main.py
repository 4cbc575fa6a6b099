"""`python -m bot` itself: which function runs a command, and with which options."""

import inspect
import os
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bot.__main__ import COMMANDS, parser
from tests.cli.conftest import Command
from tests.launch import ROOT, Sandbox

pytestmark = pytest.mark.slow

LEAST = {"forget": ["--openid", "openid-1"], "new": ["shop"]}  # arguments that a command cannot do without


@pytest.mark.parametrize("command", COMMANDS)
def test_the_options_of_a_command_are_the_parameters_of_its_function(command: str) -> None:
    run = pkgutil.resolve_name(COMMANDS[command][0])
    options = vars(parser().parse_args([command, *LEAST.get(command, [])]))
    handled = ("command", "reload")  # these choose the function
    inspect.signature(run).bind(**{name: value for name, value in options.items() if name not in handled})


def test_example_config_prints_the_example_file(bot: Command, wechat: Sandbox) -> None:
    done = bot(wechat, "example-config")
    assert done.stdout == (ROOT / "config.example.py").read_text(encoding="utf-8")


def test_example_config_works_where_handlers_do_not(tmp_path: Path) -> None:
    (tmp_path / "handlers.py").write_text("1/0")
    done = subprocess.run(
        [sys.executable, "-m", "bot", "example-config"],
        cwd=tmp_path,  # from which modules are imported first
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ((ROOT / "config.example.py").read_text(encoding="utf-8"), "")


def test_an_unknown_command_is_refused(bot: Command, wechat: Sandbox) -> None:
    done = bot(wechat, "fly")
    assert done.returncode == 2
    assert "fly" in done.stderr


def test_the_version_is_that_of_the_project(bot: Command, wechat: Sandbox) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert bot(wechat, "--version").stdout == f"{project['name']} {project['version']}\n"
