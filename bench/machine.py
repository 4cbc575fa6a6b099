"""Name the machine, install programs that a measurement needs, and run a Redis for it."""

import contextlib
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path


def machine() -> str:
    """Return number and model of the processors and the version of Python, for the heading of a table."""
    model = "unknown processor"
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return f"{os.cpu_count()} x {model}, Python {platform.python_version()}"


def need(*programs: str) -> None:
    """Install the Debian packages of these names if this process is root. Otherwise, if one is missing, end
    with a message that names the command."""
    for program in programs:
        if not shutil.which(program) and os.geteuid() == 0:
            argv = ["apt-get", "install", "-qq", "-y", program]
            subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
        if not shutil.which(program):
            raise SystemExit(f"{program} is missing; on Debian: apt-get install {program}")


@contextlib.contextmanager
def redis_server(folder: Path, *, bind: str = "", port: int = 0) -> Iterator[str]:
    """Run a redis-server with an append-only file in `folder`, and yield its URL.

    It listens on a socket in that folder, or on `bind`:`port`.
    """
    argv = ["redis-server", "--dir", str(folder), "--save", "", "--appendonly", "yes"]
    url = f"redis://{bind}:{port}/0" if bind else f"unix://{folder}/redis.sock"
    argv += ["--port", str(port)]
    argv += ["--bind", bind, "--protected-mode", "no"] if bind else ["--unixsocket", f"{folder}/redis.sock"]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert child.stdout is not None
    try:
        if not any("ready to accept connections" in line.lower() for line in child.stdout):
            raise AssertionError("redis-server ended before it was ready")
        yield url
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
