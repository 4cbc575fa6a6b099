"""Run three machines on one Redis, cut one off and kill one: `python -m bench.machines [--messages 1000]`

Users write slow messages. Meanwhile one machine loses its network and later gets it back, and all processes
of another machine are killed. At the end the phones show how often each message was answered. The machines
are network namespaces, so this needs root.
"""

import argparse
import collections
import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from bench.account import Account
from bench.fleet import Balancer
from bench.machine import machine, redis_server
from bench.netns import Network, why_not
from bench.phones import Disaster, Verdict, judge, until_all_are_answered
from tests.launch import Process, Sandbox, bot_env, free_port, start_sandbox

_MACHINES = 3


@dataclasses.dataclass(frozen=True)
class Result(Verdict):
    runs: int
    seconds: float


def run(sandbox: Sandbox, account: Account, *, messages: int, users: int, clients: int = 64) -> Result:
    """Send all messages while machines fail, and return what the phones show. The sandbox must be fresh."""
    with contextlib.ExitStack() as stack:
        network = stack.enter_context(Network(_MACHINES))
        redis = stack.enter_context(redis_server(account.folder, bind=network.host, port=free_port()))
        (account.folder / "config.py").write_text("")
        api = stack.enter_context(_forward(network.host, sandbox.url))
        bots = [
            stack.enter_context(_machine_bot(network, n, account, sandbox, api, redis))
            for n in range(_MACHINES)
        ]
        for n, bot in enumerate(bots):
            _reach((network.address(n), 8000), bot)
        balancer = Balancer([])
        stack.callback(balancer.stop)
        balancer.targets = [(network.address(n), 8000) for n in range(_MACHINES)]
        sandbox.set_callback(f"http://127.0.0.1:{balancer.port}/wechat")
        openids = [sandbox.add_user(f"u{number}", subscribed=True) for number in range(users)]
        work: dict[str, list[str]] = collections.defaultdict(list)
        for number in range(messages):
            work[openids[number % users]].append(f"m{number}")
        begun = time.monotonic()
        done = threading.Semaphore(0)
        disasters: list[Disaster] = []

        def write(openid: str) -> None:
            for name in work[openid]:
                sandbox.send(openid, content=f"slow 2 {name}")
                done.release()

        with ThreadPoolExecutor(clients) as pool:
            writers = [pool.submit(write, openid) for openid in openids]
            for _ in range(messages // 5):
                done.acquire()
            with _noted(disasters):
                network.cut_off(0)
            for _ in range(messages // 5):
                done.acquire()
            with _noted(disasters):
                _kill_family(bots[1])
            for _ in range(messages // 5):
                done.acquire()
            network.reconnect(0)
            for writer in writers:
                writer.result()
        seen = until_all_are_answered(sandbox, work)
        seconds = time.monotonic() - begun
        (account.folder / "log").write_text(
            "\n".join(line for bot in bots for line in bot.output), encoding="utf-8"
        )
    verdict = judge(seen, work, disasters)
    return Result(**dataclasses.asdict(verdict), runs=len(account.runs()), seconds=seconds)


def _reach(address: tuple[str, int], bot: Process, patience: float = 60.0) -> None:
    """Wait until the bot can be reached: a new network may lose or refuse packets.

    Raises AssertionError after `patience` seconds.
    """
    end = time.monotonic() + patience
    while True:
        try:
            socket.create_connection(address, timeout=patience).close()
            return
        except OSError as error:
            if time.monotonic() > end:
                told = "\n".join(bot.output[-20:])
                raise AssertionError(
                    f"{address} cannot be reached: {error}; its bot said:\n{told}"
                ) from error
            time.sleep(0.1)


def _machine_bot(
    network: Network, number: int, account: Account, sandbox: Sandbox, api: str, redis: str
) -> Process:
    env = bot_env(sandbox) | account.env
    env |= {f"BOT_{name}": api for name in ("API_BASE", "OPEN_BASE", "MP_BASE")}
    env |= {
        "BOT_CONFIG": str(account.folder / "config.py"),
        "BOT_LISTEN": f"{network.address(number)}:8000",
        "BOT_PUBLIC_URL": f"http://{network.host}",
        "BOT_SECRET_KEY": "bench" * 8,
        "BOT_STORE_URL": redis,
        "BOT_WORKERS": "2",
    }
    argv = (*network.inside(number), sys.executable, "-m", "bot")
    return Process(*argv, ready="bot ready ", env=env, cwd=account.folder, timeout=60)


@contextlib.contextmanager
def _forward(host: str, url: str) -> Iterator[str]:
    """Make the sandbox, which listens on loopback only, reachable for the machines. Yield its URL."""
    inner = Balancer([int(url.rpartition(":")[2])], host=host)
    try:
        yield f"http://{host}:{inner.port}"
    finally:
        inner.stop()


def _kill_family(process: Process) -> None:
    children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout
    process.kill()
    for child in children.split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(child), signal.SIGKILL)


@contextlib.contextmanager
def _noted(disasters: list[Disaster]) -> Iterator[None]:
    begun = time.time()
    yield
    disasters.append((begun, time.time()))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--users", type=int, default=250)
    options = parser.parse_args()
    problem = why_not()
    if problem:
        print(f"NOT MEASURED: {problem}")
        return
    account = Account()
    with start_sandbox("--mode", "safe", "--allow-remote") as sandbox:  # the machines are not on loopback
        result = run(sandbox, account, messages=options.messages, users=options.users)
    print(f"machines, 3 network namespaces on one Redis, {machine()}")
    for name, value in dataclasses.asdict(result).items():
        print(f"{name:15} {len(value) if isinstance(value, list) else value}")
    if result.lost or result.repeated:
        print("lost", result.lost[:5], "repeated", result.repeated[:5], "log in", account.folder / "log")
        sys.exit(1)
    account.close()


if __name__ == "__main__":
    main()
