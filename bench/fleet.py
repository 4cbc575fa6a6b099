"""Run several servers behind one address, and start killed worker processes again."""

import asyncio
import contextlib
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.launch import Bot, Process, free_port


class Fleet:
    """Run `servers` times `python -m bot` and `job_workers` times `python -m bot worker`, on one store."""

    def __init__(self, env: Mapping[str, str], folder: Path, servers: int = 1, job_workers: int = 0) -> None:
        self._env = dict(env)
        self._folder = folder
        self.kills: list[tuple[float, float]] = []  # begin and end of each kill, in unix seconds
        self.start_seconds = 0.0  # how long the last server took to start
        self._lock = threading.Lock()
        self._gone: list[Process] = []
        self.servers: list[Bot] = []
        self.workers: list[Process] = []
        self._empty = tempfile.NamedTemporaryFile(suffix=".py")  # noqa: SIM115  closed with the fleet
        shared = {"BOT_SECRET_KEY": "bench" * 8}
        try:
            for _ in range(servers):
                begun = time.monotonic()
                self.servers.append(Bot(shared | self._env, cwd=folder))
                self.start_seconds = time.monotonic() - begun
            for _ in range(job_workers):
                self.workers.append(self._worker())
            self._balancer = Balancer([int(bot.url.rpartition(":")[2]) for bot in self.servers])
        except BaseException:
            self._stop_all()
            raise
        self.callback = f"http://127.0.0.1:{self._balancer.port}/wechat"

    def _worker(self) -> Process:
        env = {
            "BOT_CONFIG": self._empty.name,
            "BOT_PUBLIC_URL": "http://127.0.0.1",
            "BOT_SECRET_KEY": "b" * 40,
        }
        return Process(
            sys.executable, "-m", "bot", "worker", ready="worker ready", env=env | self._env, cwd=self._folder
        )

    def add_worker(self) -> None:
        """Start one more `python -m bot worker`."""
        self.workers.append(self._worker())

    def replace_server(self, number: int, timeout: float) -> int:
        """Stop a server with SIGTERM, and start another one behind the balancer. Return the exit status of
        the stopped server."""
        with self._lock:
            target = self._balancer.targets.pop(number)  # as a real balancer does before a stop
            old = self.servers[number]
            status = old.stop(timeout)
            self._gone.append(old)
            self.servers[number] = Bot({"BOT_SECRET_KEY": "bench" * 8} | self._env, cwd=self._folder)
            self._balancer.targets.insert(
                number, (target[0], int(self.servers[number].url.rpartition(":")[2]))
            )
        return status

    def kill_one(self) -> None:
        """Kill a random process with SIGKILL: a worker process of a server, which its server replaces, or a
        `bot worker`, which this method replaces."""
        children = [pid for bot in self.servers for pid in _children(bot.pid)]
        victims: Sequence[int | Process] = [*children, *self.workers]
        if not victims:
            return
        victim, begun = random.choice(victims), time.time()
        if isinstance(victim, int):
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        else:
            victim.kill()
        self.kills.append((begun, time.time()))
        if isinstance(victim, Process):
            self._gone.append(victim)
            self.workers[self.workers.index(victim)] = self._worker()

    def log(self) -> str:
        return "\n".join(line for process in self._all() for line in process.output)

    def _all(self) -> list[Process]:
        return [*self.servers, *self.workers, *self._gone]

    def _stop_all(self) -> None:
        for process in self._all():
            process.stop()
        self._empty.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._balancer.stop()
        self._stop_all()


def _children(pid: int) -> list[int]:
    done = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
    return [int(word) for word in done.stdout.split()]


class Balancer:
    """Pass the TCP connections of one port to the targets in turn. Skip a target that does not listen."""

    def __init__(self, ports: Sequence[int], host: str = "127.0.0.1") -> None:
        self.targets: list[tuple[str, int]] = [("127.0.0.1", port) for port in ports]
        self._host = host
        self.port = free_port()
        self._turn = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(60)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, self._host, self.port, backlog=512)
        )
        self._ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        targets, first = list(self.targets), next(self._turn)
        for n in range(len(targets)):
            host, port = targets[(first + n) % len(targets)]
            try:
                async with asyncio.timeout(0.5):
                    inner_reader, inner_writer = await asyncio.open_connection(host, port)
            except OSError:
                continue
            await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer))
            return
        writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
