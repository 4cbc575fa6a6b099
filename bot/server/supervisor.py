"""Start and supervise the server's worker processes. Each has its own event loop and listening socket.

The sockets share one port, and the kernel gives every connection to one of them. The parent keeps them open:
if a worker dies, connections that wait on its socket go to the worker that replaces it.
"""

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess

import uvicorn

from bot.server.request_limits import LimitedHttpProtocol

_APPLICATION = "bot.asgi:application"
_STOPS = (signal.SIGTERM, signal.SIGINT)
_BACKLOG = 1024
# longer than nginx's keep-alive, so that nginx never uses a connection that we have closed
_KEEP_ALIVE_SECONDS = 75
# if a worker exits within this time after its start, the next one would do so, too
_AT_ONCE_SECONDS = 1.0


class Supervisor:
    """Start one worker process for each of `sockets`, and replace those that die.

    A worker that is told to stop gives running requests `in_flight` seconds to end. It is killed if it has
    not ended after `patience` seconds. `complain` gets a text for the operator if the workers cannot start.
    """

    def __init__(
        self,
        sockets: list[socket.socket],
        in_flight: float,
        patience: float,
        complain: Callable[[str], None],
    ) -> None:
        self._sockets = sockets
        self._in_flight = in_flight
        self._patience = patience
        self._complain = complain
        self._running: dict[ForkProcess, tuple[socket.socket, float]] = {}
        self._wake, self._woken = os.pipe()
        self._exit_status = 0

    def start(self) -> None:
        """Start all workers. Call it from the main thread, before any other thread exists."""
        os.set_blocking(self._woken, False)
        signal.set_wakeup_fd(self._woken)
        for number in _STOPS:
            signal.signal(number, lambda *_: None)  # with a handler, a signal writes to the wake-up pipe
        for one in self._sockets:
            self._begin(one)

    def watch(self, lifeline: int | None = None) -> int:
        """Replace workers that die, until SIGTERM or SIGINT. Then stop them all and return the exit status:
        0, or 1 if they could not start or `give_up` was called.

        `lifeline` is a pipe that another process holds open, and nobody writes to it. When that process is
        gone, the whole process group of this process is killed.
        """
        always = [self._wake] if lifeline is None else [self._wake, lifeline]
        while True:
            ready = wait([*always, *(worker.sentinel for worker in self._running)])
            if lifeline in ready:
                os.killpg(0, signal.SIGKILL)
            if self._wake in ready:
                break
            if not all(self._replace(dead) for dead in list(self._running) if dead.sentinel in ready):
                self._exit_status = 1
                break
        self._end()
        return self._exit_status

    def give_up(self) -> None:
        """Stop as after SIGTERM, but with exit status 1. May be called from any thread."""
        self._exit_status = 1
        os.write(self._woken, b"\0")

    def _replace(self, dead: ForkProcess) -> bool:
        """Start a worker in place of `dead`. Return False without a start if `dead` exited by itself right
        after its own start, because the new worker would do so, too."""
        dead.join()  # the sentinel is ready slightly before the exit code
        its_socket, since = self._running.pop(dead)
        was_killed = (dead.exitcode or 0) < 0
        age = time.monotonic() - since
        if age < _AT_ONCE_SECONDS:
            if not was_killed:
                self._complain("a worker died as soon as it had started; see the lines above")
                return False
            # The next worker may be killed as quickly. Wait, so that at most one worker a second is started.
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
            one.close()  # refuse connections from now on, instead of leaving them without an answer
        for worker in self._running:
            worker.terminate()
        end = time.monotonic() + self._patience
        for worker in self._running:
            worker.join(max(0.0, end - time.monotonic()))
            worker.kill()


def _serve(its_socket: socket.socket, others: list[socket.socket], in_flight: float) -> None:
    """Run a worker: serve until SIGTERM or SIGINT, then exit by that signal."""
    signal.set_wakeup_fd(-1)
    for number in _STOPS:
        signal.signal(number, signal.SIG_DFL)  # applies before and after uvicorn has its own handlers
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    for one in others:
        one.close()  # our copy would keep another worker's socket open after the parent has closed it
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    config = uvicorn.Config(
        _APPLICATION,
        http=LimitedHttpProtocol,
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
    """Stop this worker when its parent is gone. It would otherwise run for ever and keep the port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
