"""`python -m bot`: the server and its worker processes."""

import multiprocessing
import os
import signal
import socket
import threading
import time
import urllib.error
import urllib.request

from granian import Granian
from granian.constants import Interfaces

from bot.commands import complain, open_parts, say, settings
from bot.config import Config
from bot.errors import StoreError

_READY_POLL = 0.02
_READY_PATIENCE = 30.0


def serve() -> int:
    """Serve until SIGTERM or Ctrl-C. Prints `bot ready http://…` once requests are answered."""
    config = settings()
    if config is None:
        return 2
    parts = open_parts(config)  # here, so that a fault is said once and plainly, not by every worker
    if parts is None:
        return 2
    try:
        parts.store.ping()
    except StoreError as error:
        complain(f"{error}. The bot starts all the same: messages are answered, nothing else works.")
    parts.close()
    host, _, port = config.listen.rpartition(":")
    taken = _port_problem(host, int(port))
    if taken:
        complain(f"cannot listen on {config.listen}: {taken}. See LISTEN.")
        return 1
    server = Granian(
        "bot.wsgi:application",
        address=host.strip("[]"),
        port=int(port),
        interface=Interfaces.WSGI,
        workers=config.workers,
        blocking_threads=config.threads,
        # Beyond this many requests in hand, new connections wait in the kernel.
        backpressure=4 * config.threads,
        respawn_failed_workers=True,
        # Requests in flight (5 s), then jobs, then a push under way. A longer wait than that is none of ours.
        workers_kill_timeout=int(config.stop_seconds + config.api_timeout) + 8,
        log_level="error",  # type: ignore[arg-type]  # a str enum; its text is what the API documents
    )
    server.respawned_wrks = _Recent()
    # The announcing thread sleeps while workers are forked: a lock held by it then would stay locked in them.
    forked = threading.Semaphore(0 if multiprocessing.get_start_method() == "fork" else config.workers)
    os.register_at_fork(after_in_parent=forked.release)
    threading.Thread(target=_announce, args=(config, forked), daemon=True).start()
    server.serve()
    return 0


class _Recent(dict[int, float]):
    """When each worker was started again. Granian gives up when one dies within 5.5 s of its start; a worker
    that was killed is no reason for that, one that dies at once is."""

    def __setitem__(self, worker: int, at: float) -> None:
        super().__setitem__(worker, at - 4.5)


def _port_problem(host: str, port: int) -> str | None:
    """Why nobody can listen there, or None. Asked beforehand: the server shares its port among workers, and
    would silently share it with another server too."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def _announce(config: Config, forked: threading.Semaphore) -> None:
    for _ in range(config.workers):
        forked.acquire()
    host, _, port = config.listen.rpartition(":")
    local = "127.0.0.1" if host in ("0.0.0.0", "[::]", "::") else host  # noqa: S104  compared, not bound
    end = time.monotonic() + _READY_PATIENCE
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://{local}:{port}/healthz", timeout=1):
                say(f"bot ready http://{local}:{port}")
                return
        except (OSError, urllib.error.URLError):
            time.sleep(_READY_POLL)
    complain("the server does not answer on its own port; see the lines above")
    os.kill(os.getpid(), signal.SIGTERM)
