"""Starts real servers of Redis in the shapes of production: replicas, Sentinels, TLS, cluster nodes; and
a slow way to a Redis. All of them listen on free ports of this machine."""

import contextlib
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import redis

from tests.conditions import until
from tests.launch import free_port

CLUSTER_BUS = 10_000  # a cluster node also listens on the port so many numbers higher


class RedisProcess:
    """A redis-server in `folder` with these `options`, whose ports are closed again by close()."""

    def __init__(self, folder: Path, *options: str, port: int = 0, tls: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = port or free_port(beside=CLUSTER_BUS if "--cluster-enabled" in options else 0)
        ports = ["--tls-port", str(self.port), "--port", "0"] if tls else ["--port", str(self.port)]
        self._argv = [*ports, "--dir", str(folder), "--save", "", *options]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()
        self.client = redis.Redis(port=self.port, socket_timeout=60, protocol=2)

    def start(self) -> None:
        self.child = subprocess.Popen(
            ["redis-server", *self._argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.child.stdout is not None
        self._output = self.child.stdout
        written = []
        for line in self._output:
            written.append(line)
            if "eady to accept connections" in line or "Sentinel ID is" in line:
                break
        else:
            self._output.close()
            self.child.wait()
            raise AssertionError("redis-server ended before it was ready:\n" + "".join(written))
        self._reader = threading.Thread(target=self._output.read, daemon=True)  # so that the pipe never fills
        self._reader.start()

    def kill(self) -> None:
        self.child.kill()
        self.child.wait()
        self._reader.join()
        self._output.close()

    def close(self) -> None:
        self.client.close()
        self.kill()


@contextlib.contextmanager
def redis_process(folder: Path, *options: str, tls: bool = False) -> Iterator[RedisProcess]:
    server = RedisProcess(folder, *options, tls=tls)
    try:
        yield server
    finally:
        server.close()


class Group:
    """A master, its replicas and three Sentinels that know them as `mymaster`. `url` names the Sentinels."""

    def __init__(
        self, folder: Path, replicas: int = 1, *, down_after: float = 1.0, password: str = ""
    ) -> None:
        self.nodes = [RedisProcess(folder / "node0", *_secured(password))]
        self.sentinels: list[RedisProcess] = []
        self._password = password
        master = self.nodes[0]
        for number in range(1, replicas + 1):
            follow = ("--replicaof", f"127.0.0.1 {master.port}", "--repl-diskless-sync-delay", "0")
            self.nodes.append(RedisProcess(folder / f"node{number}", *follow, *_secured(password)))
        until(lambda: self.client(0).info("replication")["connected_slaves"], lambda count: count == replicas)
        until(lambda: all(self._is_in_sync(number) for number in range(1, replicas + 1)))
        for number in range(3):
            place = folder / f"sentinel{number}"
            place.mkdir(parents=True)
            (place / "sentinel.conf").write_text(
                f"sentinel monitor mymaster 127.0.0.1 {master.port} 2\n"
                + (f"sentinel auth-pass mymaster {password}\n" if password else "")
                + f"sentinel down-after-milliseconds mymaster {round(down_after * 1000)}\n"
                + "sentinel failover-timeout mymaster 10000\n"
            )
            self.sentinels.append(SentinelProcess(place))
        until(lambda: all(self._knows_all(one, replicas) for one in self.sentinels))

    @property
    def url(self) -> str:
        login = f":{self._password}@" if self._password else ""
        nodes = ",".join(f"127.0.0.1:{one.port}" for one in self.sentinels)
        return f"redis+sentinel://{login}{nodes}/mymaster/0"

    def client(self, number: int) -> "redis.Redis":
        return redis.Redis(port=self.nodes[number].port, password=self._password or None, protocol=2)

    def master(self) -> int:
        """The number of the node that the Sentinels agree on."""
        named = {one.client.sentinel_get_master_addr_by_name("mymaster") for one in self.live_sentinels()}
        ports = {address[1] for address in named if address}
        return [node.port for node in self.nodes].index(ports.pop()) if len(ports) == 1 else -1

    def live_sentinels(self) -> list[RedisProcess]:
        return [one for one in self.sentinels if one.child.poll() is None]

    def fail_over(self) -> None:
        """Order a failover, as an operator does."""
        until(lambda: self._order())

    def _order(self) -> bool:
        try:
            self.sentinels[0].client.execute_command("SENTINEL", "FAILOVER", "mymaster")
        except redis.ResponseError:  # a failover is running, or no replica is good yet
            return False
        return True

    def _is_in_sync(self, number: int) -> bool:
        return bool(self.client(number).info("replication")["master_link_status"] == "up")

    def _knows_all(self, sentinel: RedisProcess, replicas: int) -> bool:
        state = sentinel.client.sentinel_masters().get("mymaster", {})
        return state.get("num-slaves") == replicas and state.get("num-other-sentinels") == 2

    def close(self) -> None:
        for one in [*self.sentinels, *self.nodes]:
            one.close()


class SentinelProcess(RedisProcess):
    """Runs with the file sentinel.conf in `folder`."""

    def __init__(self, folder: Path, *, tls: bool = False) -> None:
        self._port_option = "--tls-port" if tls else "--port"
        super().__init__(folder)

    def start(self) -> None:
        self._argv = [
            str(self.folder / "sentinel.conf"),
            "--sentinel",
            "--port",
            "0",
            self._port_option,
            str(self.port),
        ]
        super().start()


def _secured(password: str) -> list[str]:
    return ["--requirepass", password, "--masterauth", password] if password else []


class SlowPath:
    """A way to a Redis, over TCP. While `is_slow`, no answer passes; go_on() lets them pass again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._passes = threading.Event()
        self._passes.set()
        self.delay = 0.0
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._door.getsockname()[1]}/0"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._let_in, daemon=True).start()

    def hold(self) -> None:
        self._passes.clear()

    def go_on(self) -> None:
        self._passes.set()

    def close(self) -> None:
        self._door.close()
        self.go_on()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _let_in(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            self._open += [client, server]
            for source, target, act in ((client, server, lambda: None), (server, client, self._wait)):
                threading.Thread(target=self._carry, args=(source, target, act), daemon=True).start()

    def _wait(self) -> None:
        if self.delay:
            threading.Event().wait(self.delay)  # the delay is what the test is about
        self._passes.wait(60)

    def _carry(self, source: socket.socket, target: socket.socket, act: Callable[[], Any]) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                act()
                target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
