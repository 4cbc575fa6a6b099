"""Measure quick messages while slow ones run: `python -m bench.slow_beside_quick [--users 200] [--seconds 8]`

Sends quick messages alone, then while `--users` users wait for a handler of 10 seconds. Goals: p99 under
250 ms, and at least 70 % of the throughput of quick messages alone.
"""

import argparse
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from bench.account import Account
from bench.delivery import Deliveries
from bench.fleet import Fleet
from bench.machine import machine
from tests.launch import bot_env, start_sandbox

_CLIENTS = 4


def _quick(url: str, deliveries: Deliveries, seconds: float) -> tuple[float, list[float]]:
    """Send quick messages without a pause from several clients. Return the messages per second, and the
    milliseconds of each message."""
    took: list[list[float]] = [[] for _ in range(_CLIENTS)]
    end = time.monotonic() + seconds

    def write(mine: list[float]) -> None:
        with requests.Session() as http:
            http.trust_env = False
            while time.monotonic() < end:
                query, body = deliveries.text("quick")
                begun = time.monotonic()
                answer = http.post(f"{url}?{query}", data=body, timeout=20)
                mine.append((time.monotonic() - begun) * 1000)
                assert b"answer quick" in answer.content, answer.content

    with ThreadPoolExecutor(_CLIENTS) as pool:
        list(pool.map(write, took))
    every = [value for mine in took for value in mine]
    return len(every) / seconds, every


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    account = Account()
    with start_sandbox() as sandbox:
        env = bot_env(sandbox) | account.env | {"BOT_STORE_URL": f"sqlite:///{account.folder}/bot.db"}
        env |= {"BOT_WORKERS": str(options.workers), "BOT_JOB_THREADS": str(options.users)}
        deliveries = Deliveries(sandbox.state()["account"])
        with Fleet(env, account.folder) as fleet:
            url = fleet.servers[0].callback
            _quick(url, deliveries, 1)  # warm
            alone, alone_ms = _quick(url, deliveries, options.seconds)
            begun = threading.Semaphore(0)

            def wait(number: int) -> None:
                query, body = deliveries.text(f"slow 10 s{number}", openid=f"o{number}")
                begun.release()
                requests.post(f"{url}?{query}", data=body, timeout=30)

            slow = [threading.Thread(target=wait, args=(n,), daemon=True) for n in range(options.users)]
            for thread in slow:
                thread.start()
            while sum(name.startswith("s") for name in account.runs()) < options.users:
                time.sleep(0.05)
            beside, beside_ms = _quick(url, deliveries, options.seconds)
    print(f"slow_beside_quick, {options.users} users in a 10 s handler, {machine()}")
    for name, rate, values in (("alone", alone, alone_ms), ("beside", beside, beside_ms)):
        cuts = statistics.quantiles(values, n=100)
        print(f"{name:8} {rate:7.0f} messages/s   p50 {cuts[49]:6.1f} ms   p99 {cuts[98]:6.1f} ms")
    print(f"throughput beside / alone: {beside / alone:.0%}")
    account.close()


if __name__ == "__main__":
    main()
