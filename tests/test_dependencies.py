"""The bounds of requirements.txt are true, and requirements.lock works.

A fresh clone gets the highest versions, so the other tests show those. Of the lowest ones, only the direct
dependencies are lowered: the lowest versions of their own dependencies are theirs to choose, and some can no
longer be compiled.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.launch import ROOT

PARTS = [f"tests/{part}" for part in ("chat", "jobs", "store", "wechat")]  # the callback is in `chat`


def direct() -> dict[str, Requirement]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line.split("#")[0]) for line in lines if line.split("#")[0].strip()]
    return {canonicalize_name(one.name): one for one in found}


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE))


def run(*argv: str) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "BOT_"))}
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    return done.stdout


def uv(*arguments: str) -> str:
    return run(sys.executable, "-m", "uv", *arguments)


@pytest.fixture
def python(tmp_path: Path) -> str:
    uv("venv", "--quiet", "--seed", "--python", sys.executable, str(tmp_path / "env"))
    return str(tmp_path / "env" / "bin" / "python")


def test_the_lock_has_each_requirement_within_its_bounds_and_a_hash_for_each_file() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = pins(lock)
    outside = {name: one for name, one in direct().items() if locked.get(name, "") not in one.specifier}
    assert not outside, f"run `make lock`: {outside}"
    entries = re.split(r"^(?=[\w.-]+==)", lock, flags=re.MULTILINE)[1:]
    assert len(entries) == len(locked) > len(direct())
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.heavy
def test_callback_store_and_wechat_work_with_the_lowest_versions_allowed(tmp_path: Path, python: str) -> None:
    lowest = tmp_path / "lowest.txt"
    uv("pip", "compile", "--quiet", "--resolution", "lowest-direct", "requirements.txt", "-o", str(lowest))
    lowered = {name: version for name, version in pins(lowest.read_text()).items() if name in direct()}
    assert lowered.keys() == direct().keys()
    lowest.write_text("".join(f"{name}=={version}\n" for name, version in lowered.items()))
    uv("pip", "install", "--quiet", "--python", python, "-c", str(lowest), "-r", "requirements-dev.txt")
    _run_parts(python)


@pytest.mark.heavy
def test_callback_store_and_wechat_work_with_the_locked_versions(tmp_path: Path, python: str) -> None:
    run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", "requirements.lock")
    run(python, "-m", "pip", "check")
    locked = tmp_path / "locked.txt"
    lines = pins((ROOT / "requirements.lock").read_text(encoding="utf-8")).items()
    locked.write_text("".join(f"{name}=={version}\n" for name, version in lines))
    uv("pip", "install", "--quiet", "--python", python, "-c", str(locked), "-r", "requirements-dev.txt")
    _run_parts(python)


def _run_parts(python: str) -> None:
    run(python, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-p", "no:cacheprovider", *PARTS)
