"""`python -m bot serve --reload`: run the server in a child process, and restart it when a file changes.

This is for development. This process must not import the operator's package, because only a new process sees
changed modules. It owns the listening sockets, so that no connection is refused during a restart.
"""

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from bot.cli.terminal import say
from bot.cli.watched_files import WatchedFiles
from bot.config import load_config
from bot.errors import ConfigError
from bot.server.sockets import listen_all

_LOOK_SECONDS = 0.1
# A request, job or push that takes longer is cut off. The store brings it to its end after the restart.
_STOP_SECONDS = 0.3


def reload() -> int:
    """Serve until SIGTERM or Ctrl-C, and restart the server after each change. Return the exit status 0.

    Prints `bot restarts: FILE changed`. If the server ends by itself, it prints `bot waits for a change`.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    files, sockets = WatchedFiles(), _Sockets()
    server = _Server(sockets.descriptors())
    try:
        while not stop.wait(_LOOK_SECONDS):
            changed = files.changed()
            if changed:
                say(f"bot restarts: {_named(changed)} changed")
                server.terminate()
                # "Save all", or a change of branch, writes files for a while.
                while not stop.wait(_LOOK_SECONDS) and (more := files.changed()):
                    changed += more
                if stop.is_set():
                    break
                server.end()
                _forget_bytecode(changed)
                server = _Server(sockets.descriptors())
            elif server.has_just_ended():
                say("bot waits for a change: it has ended, see the lines above")
    finally:
        server.terminate()
        server.end()
    return 0


class _Server:
    """A running server. Its processes are a process group of their own, which is killed with this process."""

    def __init__(self, descriptors: Sequence[int]) -> None:
        """Start it. `descriptors` are its listening sockets; without any, it opens sockets itself."""
        for old in Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).iterdir():
            old.unlink()  # the metrics of ended processes
        self._child = subprocess.Popen(  # noqa: S603  our own command
            [sys.executable, "-m", "bot", "serve", "--reloaded", *map(str, descriptors)],
            # Browsers ask for every file of /static/ again, and see a change at once.
            env={"BOT_STATIC_SECONDS": "0"} | os.environ,
            stdin=subprocess.PIPE,  # nothing is written to it; it closes when this process ends
            pass_fds=descriptors,
            start_new_session=True,
        )
        self._end = float("inf")
        self._is_over = False

    def has_just_ended(self) -> bool:
        """Return True if the server has ended by itself and no earlier call has returned True."""
        if self._is_over or self._child.poll() is None:
            return False
        self._kill_the_rest()
        return True

    def terminate(self) -> None:
        """Let the server stop, and return at once."""
        self._child.terminate()
        self._end = time.monotonic() + _STOP_SECONDS

    def end(self) -> None:
        """Wait until the server has stopped, for the rest of _STOP_SECONDS. Kill what is left of it."""
        if self._is_over:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(max(0.0, self._end - time.monotonic()))
        self._kill_the_rest()

    def _kill_the_rest(self) -> None:
        """Kill the process group. Call it once, at the end: its number may later belong to another one."""
        self._is_over = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.communicate()


class _Sockets:
    """The listening sockets of all servers, one after the other. They keep connections during a restart."""

    def __init__(self) -> None:
        self._open: list[socket.socket] = []
        self._settings: tuple[str, int] | None = None

    def descriptors(self) -> list[int]:
        """Return a file descriptor for each worker. New sockets are opened if the settings have changed.

        Return an empty list if the settings have a fault or the port is taken: the server then reports it.
        """
        try:
            config = load_config()
        except ConfigError:
            return []
        if self._settings != (config.listen, config.workers):
            for one in self._open:
                one.close()
            self._open, self._settings = [], None
            try:
                self._open = listen_all(config.listen, config.workers)
            except OSError:
                return []
            self._settings = (config.listen, config.workers)
            for one in self._open:
                one.listen()  # the server makes the queue longer
        return [one.fileno() for one in self._open]


def _named(paths: Sequence[str]) -> str:
    """Return the first path, relative to the current folder if it is in it, and the number of the others."""
    first = Path(paths[0])
    if first.is_relative_to(Path.cwd()):
        first = first.relative_to(Path.cwd())
    return f"{first} and {len(paths) - 1} more" if len(paths) > 1 else str(first)


def _forget_bytecode(paths: Sequence[str]) -> None:
    """Delete the compiled copies of changed modules. Python compares only the size and the whole second, and
    would run the old copy of a module that was saved twice in one second."""
    for path in paths:
        if path.endswith(".py"):
            Path(importlib.util.cache_from_source(path)).unlink(missing_ok=True)
