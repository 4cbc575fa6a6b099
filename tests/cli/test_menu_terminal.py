"""The menu script in a terminal: what it asks, what it prints where a character is missing, and a closed
pipe."""

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.menu_script import Run, by_api, click, install_old, live
from tests.launch import PATIENCE, ROOT, Sandbox

pytestmark = pytest.mark.slow

Environment = Callable[..., dict[str, str]]
SCRIPT = [sys.executable, "-W", "error", str(ROOT / "setup_menu.py")]


@pytest.fixture
def typed(environment: Environment, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Run the script at a terminal where somebody types `keys`. Return its status and what the terminal
    shows."""

    def run(wechat: Sandbox, keys: bytes, *arguments: str) -> tuple[int, str]:
        ours, its = pty.openpty()
        env = os.environ | environment(wechat)
        child = subprocess.Popen(
            [*SCRIPT, *arguments],
            cwd=tmp_path,
            env=env,
            stdin=its,
            stdout=its,
            stderr=its,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(its)
        shown = b""
        try:
            while b"[y/N] " not in shown:
                shown += os.read(ours, 4096)
            os.write(ours, keys)
            while select.select([ours], [], [], PATIENCE)[0] and (part := _read(ours)):
                shown += part
            return child.wait(PATIENCE), shown.decode(errors="replace")
        finally:
            child.kill()
            child.wait()
            os.close(ours)

    return run


def _take_terminal() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored if the tests run in the background of a script
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux: the other end is closed
        return b""


@pytest.mark.parametrize("keys", [b"y\n", b"YES\n"])
def test_delete_lists_the_menu_asks_and_deletes_after_a_yes(
    typed: Callable[..., tuple[int, str]], wechat: Sandbox, keys: bytes
) -> None:
    install_old(wechat)
    status, shown = typed(wechat, keys, "--delete")
    assert status == 0, shown
    assert shown.index("旧的  [click] old") < shown.index("Delete all of this?") < shown.index("Deleted")
    assert live(wechat) is None


@pytest.mark.parametrize("keys", [b"n\n", b"\n", b"yess\n", b"\x04", b"\x03", b"\xff\n"], ids=ascii)
def test_any_other_answer_deletes_nothing(
    typed: Callable[..., tuple[int, str]], wechat: Sandbox, keys: bytes
) -> None:
    old = install_old(wechat)
    status, shown = typed(wechat, keys, "--delete")
    assert (status, live(wechat)) == (2, old)
    assert "Nothing was deleted." in shown
    assert "Traceback" not in shown


def test_without_a_terminal_delete_needs_a_yes_on_the_command_line(run: Run, wechat: Sandbox) -> None:
    old = install_old(wechat)
    done = run(wechat, "--delete")
    assert (done.status, live(wechat)) == (2, old)
    assert "旧的" in done.out
    assert "--yes" in done.err
    assert run(wechat, "--delete", "--yes").status == 0
    assert live(wechat) is None


# -- characters that the terminal lacks


LIMITED = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "LC_ALL=C": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "gbk": {"PYTHONIOENCODING": "gbk"},
    "latin-1, strict": {"PYTHONIOENCODING": "latin-1:strict"},
}


def raw(
    environment: Environment, wechat: Sandbox, folder: Path, command: list[str], **changes: str
) -> "subprocess.CompletedProcess[bytes]":
    env = os.environ | environment(wechat) | changes
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, timeout=PATIENCE)


@pytest.mark.parametrize("changes", LIMITED.values(), ids=LIMITED)
@pytest.mark.parametrize("arguments", [["--show"], ["--delete", "--yes"], []], ids=str)
def test_an_emoji_in_a_name_is_printed_somehow_and_never_a_traceback(
    environment: Environment, wechat: Sandbox, tmp_path: Path, changes: dict[str, str], arguments: list[str]
) -> None:
    by_api(wechat, "menu/create", {"button": [click("好😀", "old")]})
    done = raw(environment, wechat, tmp_path, [*SCRIPT, *arguments], **changes)
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\U0001f600" in done.stdout
    if not arguments:
        listed = raw(environment, wechat, tmp_path, [*SCRIPT, "--history"], **changes)
        assert (listed.returncode, listed.stderr) == (0, b"")
        assert rb"\U0001f600" in listed.stdout


@pytest.mark.parametrize("locale", ["ascii", "LC_ALL=C"])
@pytest.mark.parametrize("arguments", ["example-config", "check", "jobs", "forget --openid 好😀", "new 好😀"])
def test_every_other_command_prints_there_too(
    environment: Environment, wechat: Sandbox, tmp_path: Path, locale: str, arguments: str
) -> None:
    command = [sys.executable, "-W", "error", "-m", "bot", *arguments.split()]
    path = {"PYTHONPATH": str(ROOT)}
    done = raw(environment, wechat, tmp_path, command, **LIMITED[locale], **path)
    assert b"Traceback" not in done.stderr, done.stderr.decode("latin-1")


def test_a_name_cannot_steer_the_terminal(run: Run, wechat: Sandbox) -> None:
    by_api(wechat, "menu/create", {"button": [click("a\x9b31m", "old")]})
    assert "a\\x9b31m  [click]" in run(wechat, "--show").out


# -- a reader that is gone


def test_a_closed_pipe_ends_neither_the_list_nor_a_change_with_a_traceback(
    environment: Environment, wechat: Sandbox, tmp_path: Path
) -> None:
    install_old(wechat)
    for arguments in ("--show", "--history", "", "--delete --yes"):
        command = f"{' '.join(SCRIPT)} {arguments}"
        script = f"set -o pipefail; ({command}; echo status $? >&2) | head -c 0"
        done = raw(environment, wechat, tmp_path, ["bash", "-c", script])
        assert done.stderr.decode() == "status 0\n", arguments
    assert live(wechat) is None


def test_no_standard_output_at_all_is_no_fault(
    environment: Environment, wechat: Sandbox, tmp_path: Path
) -> None:
    for redirection in (">&-", "2>&-", "> /dev/full"):
        script = f"{' '.join(SCRIPT)} {redirection}"
        done = raw(environment, wechat, tmp_path, ["bash", "-c", script])
        assert (done.returncode, done.stderr) == (0, b""), redirection
