"""The worker processes of the server: each has a loop, and a listening socket of its own.

The sockets share one port, and the kernel gives every connection to one of them. They belong to the parent: a
worker that dies leaves its socket, and who waits there, to the next one.
"""

import multiprocessing
import os
import signal
import socket
import threading
import time
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess

import uvicorn

from bot.cli.terminal import complain
from bot.server.request_limits import Http

_APPLICATION = "bot.asgi:application"
_STOPS = (signal.SIGTERM, signal.SIGINT)
_BACKLOG = 1024
_KEEP_ALIVE_SECONDS = 75  # longer than nginx's: it must not send a delivery into a connection that is closed
_AT_ONCE_SECONDS = 1.0  # who ends so soon after its start will do so again


class Workers:
    """`sockets`: one for each worker. `in_flight`: seconds that requests under way get when a worker is to
    end; `patience`: seconds that it may take for all."""

    def __init__(self, sockets: list[socket.socket], in_flight: float, patience: float) -> None:
        self._sockets = sockets
        self._in_flight = in_flight
        self._patience = patience
        self._running: dict[ForkProcess, tuple[socket.socket, float]] = {}
        self._wake, self._woken = os.pipe()
        self._status = 0  # of the end

    def start(self) -> None:
        """Begin all workers."""
        os.set_blocking(self._woken, False)
        signal.set_wakeup_fd(self._woken)
        for number in _STOPS:
            signal.signal(number, lambda *_: None)  # which wakes us
        for one in self._sockets:
            self._begin(one)

    def watch(self) -> int:
        """Replace workers that die, until SIGTERM or SIGINT. Then end them all; returns the exit status."""
        while True:
            ready = wait([self._wake, *(worker.sentinel for worker in self._running)])
            if self._wake in ready:
                break
            if not all(self._replace(dead) for dead in list(self._running) if dead.sentinel in ready):
                self._status = 1
                break
        self._end()
        return self._status

    def give_up(self) -> None:
        """End as if by SIGTERM, but with exit status 1. For any thread."""
        self._status = 1
        os.write(self._woken, b"\0")

    def _replace(self, dead: ForkProcess) -> bool:
        """False: that would be of no use, the next one would die as well."""
        dead.join()  # its sentinel tells of it a moment before the system does
        its_socket, since = self._running.pop(dead)
        was_killed = (dead.exitcode or 0) < 0
        age = time.monotonic() - since
        if age < _AT_ONCE_SECONDS:
            if not was_killed:
                complain("a worker died as soon as it had started; see the lines above")
                return False
            # The next worker may be killed at once, too: start at most one a second.
            time.sleep(_AT_ONCE_SECONDS - age)
        self._begin(its_socket)
        return True

    def _begin(self, its_socket: socket.socket) -> None:
        others = [one for one in self._sockets if one is not its_socket]
        worker = ForkProcess(target=_serve, args=(its_socket, others, self._in_flight))
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)  # until the new process has handlers of its own
        worker.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        self._running[worker] = (its_socket, time.monotonic())

    def _end(self) -> None:
        for one in self._sockets:
            one.close()  # nobody shall wait there for what does not come
        for worker in self._running:
            worker.terminate()
        end = time.monotonic() + self._patience
        for worker in self._running:
            worker.join(max(0.0, end - time.monotonic()))
            worker.kill()


def listen(host: str, port: int) -> socket.socket:
    """One of several sockets that share an address."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((host, port))
    return listening


def _serve(its_socket: socket.socket, others: list[socket.socket], in_flight: float) -> None:
    """In the worker. Ends by the signal that it was ended with."""
    signal.set_wakeup_fd(-1)
    for number in _STOPS:
        signal.signal(number, signal.SIG_DFL)  # until the server has its own, and when it has stopped
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    for one in others:
        one.close()  # else it would take connections for a worker that is no more
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    config = uvicorn.Config(
        _APPLICATION,
        http=Http,
        loop="uvloop",
        ws="none",
        lifespan="on",
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=round(in_flight),
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        log_level="error",
    )
    uvicorn.Server(config).run([its_socket])


def _end_with_parent() -> None:
    """Nobody would ever stop a worker whose parent was killed, and it would keep the port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
