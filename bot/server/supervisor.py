"""Start and supervise the server's worker processes. Each has its own event loop and listening socket.

The sockets share one port, and the kernel gives every connection to one of them. The parent keeps them open:
if a worker dies, connections that wait on its socket go to the worker that replaces it.
"""

import ctypes
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess

import uvicorn

from bot.server import running_handlers
from bot.server.request_limits import LimitedHttpProtocol
from bot.server.running_handlers import RunningHandlers

_APPLICATION = "bot.asgi:application"
_STOPS = (signal.SIGTERM, signal.SIGINT)
_BACKLOG = 1024
# longer than nginx's keep-alive, so that nginx never uses a connection that we have closed
_KEEP_ALIVE_SECONDS = 75
# A worker that lived for so long is replaced at once. The more often workers crash sooner, the longer the
# supervisor waits.
_LONG_LIFE_SECONDS = 30.0
_FIRST_PAUSE_SECONDS = 0.25
# Deliveries wait on the socket of the worker. WeChat waits 5 s for an answer, and a worker starts in 0.5 s.
_LONGEST_PAUSE_SECONDS = 2.0
_PR_SET_PDEATHSIG = 1  # of Linux's prctl()


@dataclass
class _Place:
    """A listening socket and its worker. `crashes` counts workers in a row that crashed soon after their
    start. Without a worker, the next one starts at the time `due`."""

    listening: socket.socket
    running: RunningHandlers = field(default_factory=RunningHandlers)
    worker: ForkProcess | None = None
    since: float = 0.0
    crashes: int = 0
    due: float = 0.0


class Supervisor:
    """Start one worker process for each of `sockets`, and replace those that die.

    Workers that crash again and again are replaced more slowly, and the supervisor names the handlers that
    they ran. A worker that is told to stop gives running requests `in_flight` seconds to end. It is killed if
    it has not ended after `patience` seconds. `complain` gets texts for the operator.
    """

    def __init__(
        self,
        sockets: list[socket.socket],
        in_flight: float,
        patience: float,
        complain: Callable[[str], None],
    ) -> None:
        self._places = [_Place(one) for one in sockets]
        self._in_flight = in_flight
        self._patience = patience
        self._complain = complain
        self._wake, self._woken = os.pipe()
        self._exit_status = 0

    def start(self) -> None:
        """Start all workers. Call it from the main thread, before any other thread exists."""
        os.set_blocking(self._woken, False)
        signal.set_wakeup_fd(self._woken)
        for number in _STOPS:
            signal.signal(number, lambda *_: None)  # with a handler, a signal writes to the wake-up pipe
        for place in self._places:
            self._begin(place)

    def watch(self, lifeline: int | None = None) -> int:
        """Replace workers that die, until SIGTERM or SIGINT. Then stop them all and return the exit status:
        0, or 1 if they could not start or `give_up` was called.

        `lifeline` is a pipe that another process holds open, and nobody writes to it. When that process is
        gone, the whole process group of this process is killed.
        """
        always = [self._wake] if lifeline is None else [self._wake, lifeline]
        while self._wake not in (ready := self._wait(always)):
            if lifeline in ready:
                os.killpg(0, signal.SIGKILL)
            now = time.monotonic()
            for place in self._places:
                if place.worker is not None and place.worker.exitcode is not None:
                    self._note_death(place, now)
                    if not self._may_go_on(place):
                        self._complain("a worker died before it could serve; see the lines above")
                        self._exit_status = 1
                        self._end()
                        return self._exit_status
                    place.worker = None
                if place.worker is None and place.due <= now:
                    self._begin(place)
        self._end()
        return self._exit_status

    def give_up(self) -> None:
        """Stop as after SIGTERM, but with exit status 1. May be called from any thread."""
        self._exit_status = 1
        os.write(self._woken, b"\0")

    def _wait(self, always: list[int]) -> list[object]:
        """Wait until a worker dies, a worker must start, or a pipe of `always` can be read. Return what is
        ready."""
        due = [place.due for place in self._places if place.worker is None]
        timeout = max(0.0, min(due) - time.monotonic()) if due else None
        sentinels = [place.worker.sentinel for place in self._places if place.worker is not None]
        ready: list[object] = list(wait([*always, *sentinels], timeout))
        for place in self._places:
            if place.worker is not None and place.worker.sentinel in ready:
                place.worker.join()  # the sentinel is ready slightly before the exit code
        return ready

    def _note_death(self, place: _Place, now: float) -> None:
        """Plan the next worker of this place. Tell the operator which handlers ran."""
        code = place.worker.exitcode if place.worker else None
        was_killed = code == -signal.SIGKILL and place.running.is_serving  # from outside: no crash
        is_crash = not was_killed and now - place.since < _LONG_LIFE_SECONDS
        place.crashes = place.crashes + 1 if is_crash else 0
        pause = _FIRST_PAUSE_SECONDS * 2 ** (place.crashes - 2) if place.crashes > 1 else 0.0
        place.due = now + min(pause, _LONGEST_PAUSE_SECONDS)
        names = ", ".join(place.running.names()) or "none"
        end = f"signal {-code}" if code is not None and code < 0 else f"exit status {code}"
        self._complain(f"a worker died ({end}); handlers that it ran: {names}")

    def _may_go_on(self, dead: _Place) -> bool:
        """Return False if no worker can start: this one ended by itself before it served, and no other one
        serves."""
        was_killed = dead.worker is not None and (dead.worker.exitcode or 0) < 0
        if dead.running.is_serving or was_killed:
            return True
        return any(place.running.is_serving for place in self._places if place.worker is not None)

    def _begin(self, place: _Place) -> None:
        place.running.reset()
        others = [one.listening for one in self._places if one is not place]
        worker = ForkProcess(target=_serve, args=(place.listening, others, self._in_flight, place.running))
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)  # until the new process has handlers of its own
        worker.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        place.worker, place.since = worker, time.monotonic()

    def _end(self) -> None:
        for place in self._places:
            place.listening.close()  # refuse connections, instead of leaving them without an answer
        workers = [place.worker for place in self._places if place.worker is not None]
        for worker in workers:
            worker.terminate()
        end = time.monotonic() + self._patience
        for worker in workers:
            worker.join(max(0.0, end - time.monotonic()))
            worker.kill()


class _Server(uvicorn.Server):
    """uvicorn's server. It notes when it begins to serve."""

    def __init__(self, config: uvicorn.Config, running: RunningHandlers) -> None:
        super().__init__(config)
        self._running = running

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._running.begin_to_serve()


def _serve(
    its_socket: socket.socket, others: list[socket.socket], in_flight: float, running: RunningHandlers
) -> None:
    """Run a worker: serve until SIGTERM or SIGINT, then exit by that signal."""
    signal.set_wakeup_fd(-1)
    for number in _STOPS:
        signal.signal(number, signal.SIG_DFL)  # applies before and after uvicorn has its own handlers
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    for one in others:
        one.close()  # our copy would keep another worker's socket open after the parent has closed it
    _die_with_parent()
    running_handlers.set_of_this_process(running)
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
    _Server(config, running).run([its_socket])


def _die_with_parent() -> None:
    """Let this worker be killed when its parent is gone. It would otherwise run for ever and keep the port.

    On Linux the kernel does this, even if a handler blocks the event loop or Python's interpreter lock. It
    does not wait for requests or jobs: other processes take them over, as after any kill -9.
    """
    threading.Thread(target=_kill_after_parent, name="parent", daemon=True).start()
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _kill_after_parent() -> None:
    """Kill this process when its parent is gone: for systems without prctl(), and for a parent that died
    before prctl() was called."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)
