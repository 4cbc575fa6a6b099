"""Run a command until the sandbox ends, then delete the command's directory.

    python -I child_runner.py DIRECTORY COMMAND…

The runner's standard input is a pipe from the sandbox. The pipe closes when the sandbox ends, even after
SIGKILL. The runner then ends its process group, to which the command belongs.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading

_SECONDS_TO_STOP = 5.0


def main(argv: list[str]) -> int:
    """Run the command and return its exit status (128 + the signal's number if a signal ended it)."""
    # The sandbox signals the whole group. The runner ignores the signal, to return the command's status.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    directory, *command = argv
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - the caller chooses the command
    threading.Thread(target=_watch, args=(child, directory), daemon=True).start()
    status = child.wait()
    shutil.rmtree(directory, ignore_errors=True)
    return status if status >= 0 else 128 - status


def _watch(child: subprocess.Popen[bytes], directory: str) -> None:
    """Wait until the pipe closes, then end the process group and delete the directory."""
    # Do not read sys.stdin: at exit this thread would still hold its lock.
    os.read(0, 1)
    os.killpg(0, signal.SIGTERM)
    try:
        child.wait(_SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        shutil.rmtree(directory, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
