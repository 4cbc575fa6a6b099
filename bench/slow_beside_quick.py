"""Measure quick messages and pages while other handlers are blocked: `python -m bench.slow_beside_quick`

For each case, several clients send quick messages without a pause, and one client opens a page: first alone,
then while handlers of other users are blocked, in their threads or as jobs (`slow=True`). The last column is
a burst: 24 users write at the moment at which another handler blocks; it gives the slowest of the 24 answers.
The blocked handlers end only after the measurement. Goals: p99 under 250 ms, and at least 70 % of the
throughput of quick messages alone.
"""

import argparse
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import requests

from bench.account import Account
from bench.delivery import Deliveries
from bench.fleet import Fleet
from bench.machine import machine
from tests.launch import bot_env, start_sandbox

_CLIENTS = 4
_BURST = 24
_CASES = [("late", 1), ("late", 2), ("late", 100), ("slow", 100), ("slow", 200)]
_NAMES = {"late": "blocked in threads", "slow": "blocked jobs"}


class _Bench:
    """Sends messages to a bot with one server process."""

    def __init__(self, account: Account, callback: str, deliveries: Deliveries, seconds: float) -> None:
        self._account = account
        self._callback = callback
        self._page = callback.removesuffix("/wechat") + "/readyz"
        self._deliveries = deliveries
        self._seconds = seconds
        self._threads: list[threading.Thread] = []

    def block(self, how: str, gate: str, users: int) -> None:
        """Let the handlers of so many users wait for `gate`. Return when all of them run."""
        for number in range(users):
            name = f"{gate}-{number}"
            thread = threading.Thread(
                target=self._send, args=(f"{how} until {gate} {name}", name), daemon=True
            )
            thread.start()
            self._threads.append(thread)
        while sum(name.startswith(f"{gate}-") for name in self._account.runs()) < users:
            time.sleep(0.02)

    def free(self, gate: str) -> None:
        """Let the blocked handlers end, and wait for their answers."""
        self._account.open(gate)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _send(self, text: str, openid: str) -> None:
        query, body = self._deliveries.text(text, openid=openid)
        requests.post(f"{self._callback}?{query}", data=body, timeout=30)

    def measure(self) -> tuple[list[float], list[float]]:
        """Return the milliseconds of each quick message, and of each page beside them."""
        with ThreadPoolExecutor(_CLIENTS + 1) as pool:
            messages = [pool.submit(self._repeat, self._message) for _ in range(_CLIENTS)]
            pages = pool.submit(self._repeat, self._open_page)
            return [one for client in messages for one in client.result()], pages.result()

    def _repeat(self, act: Callable[[requests.Session], None]) -> list[float]:
        took = []
        end = time.monotonic() + self._seconds
        with requests.Session() as http:
            http.trust_env = False
            while time.monotonic() < end:
                begun = time.monotonic()
                act(http)
                took.append((time.monotonic() - begun) * 1000)
        return took

    def _message(self, http: requests.Session) -> None:
        query, body = self._deliveries.text("quick")
        answer = http.post(f"{self._callback}?{query}", data=body, timeout=20)
        assert b"answer quick" in answer.content, answer.content

    def _open_page(self, http: requests.Session) -> None:
        assert http.get(self._page, timeout=20).ok

    def burst(self, how: str, gate: str) -> float:
        """Let a handler block while 24 other users write. Return the milliseconds of the slowest answer."""
        ready = threading.Barrier(_BURST + 1)

        def write(_: int) -> float:
            with requests.Session() as http:
                http.trust_env = False
                http.get(self._page, timeout=20)  # connects
                ready.wait()
                begun = time.monotonic()
                self._message(http)
                return (time.monotonic() - begun) * 1000

        with ThreadPoolExecutor(_BURST) as pool:
            quick = [pool.submit(write, n) for n in range(_BURST)]
            ready.wait()
            self.block(how, gate, 1)
            return max(one.result() for one in quick)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    account = Account()
    print(f"slow_beside_quick, {options.workers} server process(es), {machine()}")
    with start_sandbox() as sandbox:
        env = bot_env(sandbox) | account.env | {"BOT_STORE_URL": f"sqlite:///{account.folder}/bot.db"}
        env |= {"BOT_WORKERS": str(options.workers), "BOT_JOB_THREADS": "300"}
        deliveries = Deliveries(sandbox.state()["account"])
        with Fleet(env, account.folder) as fleet:
            bench = _Bench(account, fleet.servers[0].callback, deliveries, options.seconds)
            bench.measure()  # warm
            alone, pages = bench.measure()
            _show("alone", alone, pages, options.seconds)
            for how, users in _CASES:
                gate = f"{how}{users}"
                bench.block(how, gate, users)
                beside, pages = bench.measure()
                slowest = bench.burst(how, f"{gate}burst")
                _show(f"{users} {_NAMES[how]}", beside, pages, options.seconds, len(alone), slowest)
                account.open(f"{gate}burst")
                bench.free(gate)
    account.close()


def _show(
    name: str, messages: list[float], pages: list[float], seconds: float, alone: int = 0, slowest: float = 0
) -> None:
    line = f"{name:24} {len(messages) / seconds:6.0f} messages/s"
    for what, values in (("message", messages), ("page", pages)):
        cuts = statistics.quantiles(values, n=100)
        line += f"   {what} p50 {cuts[49]:5.1f} p99 {cuts[98]:6.1f} ms"
    if alone:
        line += f"   {len(messages) / alone:.0%} of alone   slowest of {_BURST}: {slowest:.1f} ms"
    print(line, flush=True)


if __name__ == "__main__":
    main()
