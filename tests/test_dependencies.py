"""The bounds of requirements.txt are true: the bot works with the lowest versions that they allow.

A fresh clone gets the highest ones, so the other tests show those. Only direct dependencies are lowered: the
lowest versions of their own dependencies are theirs to choose, and some can no longer be compiled.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.launch import ROOT

pytestmark = pytest.mark.heavy


def uv(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "uv", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_callback_store_and_wechat_work_with_the_lowest_versions_allowed(tmp_path: Path) -> None:
    lowest = tmp_path / "lowest.txt"
    uv("pip", "compile", "--quiet", "--resolution", "lowest-direct", "requirements.txt", "-o", str(lowest))
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    direct = {name.lower().replace(".", "-") for name in re.findall(r"^([\w.-]+)", text, re.MULTILINE)}
    pins = re.findall(r"^([\w-]+)==(\S+)", lowest.read_text(encoding="utf-8"), re.MULTILINE)
    lowest.write_text("".join(f"{name}=={version}\n" for name, version in pins if name in direct))
    assert len(lowest.read_text().splitlines()) >= 14

    python = str(tmp_path / "env" / "bin" / "python")
    uv("venv", "--quiet", "--python", sys.executable, str(tmp_path / "env"))
    uv("pip", "install", "--quiet", "--python", python, "-c", str(lowest), "-r", "requirements-dev.txt")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "BOT_"))}
    parts = [f"tests/{part}" for part in ("chat", "jobs", "store", "wechat")]
    command = [
        python,
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--dist",
        "loadfile",
        "-p",
        "no:cacheprovider",
        *parts,
    ]
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout[-5000:]
