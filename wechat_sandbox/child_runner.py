"""`python -I child_runner.py DIRECTORY COMMAND…`: runs COMMAND for as long as the sandbox lives, however
that ends, and then removes DIRECTORY, which is the command's own.

The runner's standard input is a pipe whose other end only the sandbox holds: when it closes, the sandbox is
gone, even if by SIGKILL, and the runner ends its process group, which is the command's too.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading

_SECONDS_TO_STOP = 5.0


def main(argv: list[str]) -> int:
    """The command's own exit status."""
    # The sandbox signals the whole group; the command obeys, and the runner tells what came of it.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    directory, *command = argv
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - the caller's own words
    threading.Thread(target=_watch, args=(child, directory), daemon=True).start()
    status = child.wait()
    shutil.rmtree(directory, ignore_errors=True)
    return status if status >= 0 else 128 - status


def _watch(child: subprocess.Popen[bytes], directory: str) -> None:
    """Waits for the end of the pipe, on which nothing is ever written."""
    # Not by sys.stdin, whose lock a thread that ends with the process would still hold.
    os.read(0, 1)
    os.killpg(0, signal.SIGTERM)
    try:
        child.wait(_SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        shutil.rmtree(directory, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
