"""Messages per second of our callback and of its peers: `python -m bench.callback [--write]`

Every server is started in turn on the same cores and gets the same kind of messages, each delivered once,
from wrk on 32 connections. All answers are checked. What peers need is installed into `bench/.env` on first
use. Rounds alternate, because machines are noisy; the table shows medians.
"""

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from pathlib import Path

import requests

from bench import load, peer_servers
from bench.account import Account
from bench.load import Figures
from bench.machine import machine, redis_server
from bench.peers import settings
from bench.performance_page import write_page
from tests.launch import Bot

_HANDLERS = """
from bot.callback import on
from bot.callback.wording import Wording
CHAT = [on.message("text", lambda chat: chat.message.content)]
PAGES = []
MENU = {"button": [{"type": "view", "name": "home", "page": "/"}]}
WORDING = Wording(sorry="sorry", still_working="still working", more="more", more_hint="more?")
"""
_MOST_PER_SECOND = 12_000  # deliveries prepared; the floor may have some twice
OURS = ("ours, SQLite", "ours, Redis")


@contextlib.contextmanager
def our_server(store: str, mode: str):  # type: ignore[no-untyped-def]
    """`python -m bot` as it comes, with two workers; yields port and process id."""
    account = Account(_HANDLERS)
    with contextlib.ExitStack() as stack:
        stack.callback(account.close)
        url = f"sqlite:///{account.folder}/bot.db"
        if store == "Redis":
            url = stack.enter_context(redis_server(account.folder))
        env = {
            "BOT_APP_ID": settings.APP_ID,
            "BOT_APP_SECRET": "s" * 32,
            "BOT_TOKEN": settings.TOKEN,
            "BOT_ENCODING_AES_KEY": settings.AES_KEY,
            "BOT_ORIGINAL_ID": settings.ORIGINAL_ID,
            "BOT_MODE": mode,
            "BOT_ACCOUNT_KIND": "service-verified",
            "BOT_STORE_URL": url,
            "BOT_WORKERS": "2",
        }
        bot = stack.enter_context(Bot(env | account.env, cwd=account.folder))
        yield int(bot.url.rpartition(":")[2]), bot.pid


def _server(name: str, mode: str):  # type: ignore[no-untyped-def]
    if name in OURS:
        return our_server(name.partition(", ")[2], mode)
    return peer_servers.start(name)


def measure(name: str, mode: str, deliveries: Path, seconds: float) -> Figures:
    """One server, from its start to its end. Raises AssertionError if it does not echo what it is sent."""
    with _server(name, mode) as (port, pid):
        query, _, body = deliveries.open(encoding="utf-8").readline().rstrip("\n").partition("\t")
        answer = requests.post(f"http://127.0.0.1:{port}/wechat?{query}", data=body.encode(), timeout=10)
        if name != peer_servers.FLOOR:
            said = load.content_of(answer.content, mode)
            assert said == "你好 hello 0", f"{name} said {said!r}"
        load.drive(port, pid, deliveries, 1)
        write_tail = deliveries.with_suffix(".rest")  # what the warm-up has used would be retries now
        lines = deliveries.read_text(encoding="utf-8").splitlines(keepends=True)
        write_tail.write_text("".join(lines[len(lines) // 5 :]), encoding="utf-8")
        return load.drive(port, pid, write_tail, seconds)


def run(names: list[str], modes: list[str], seconds: float, rounds: int) -> dict[tuple[str, str], Figures]:
    """The medians of all rounds, by server and mode."""
    seen: dict[tuple[str, str], list[Figures]] = {}
    with tempfile.TemporaryDirectory() as folder:
        deliveries = Path(folder) / "deliveries"
        for number in range(rounds):
            for mode in modes:
                for name in names:
                    load.write_deliveries(deliveries, int((seconds + 1) * _MOST_PER_SECOND), mode)
                    figures = measure(name, mode, deliveries, seconds)
                    assert figures.bad == 0, f"{name}, {mode}: {figures.bad} wrong answers"
                    seen.setdefault((name, mode), []).append(figures)
                    print(
                        f"round {number + 1} {mode:5} {name:24} {figures.rate:7.0f}/s {figures.cpu:5.0f} us "
                        f"p50 {figures.p50:6.2f} ms p99 {figures.p99:7.2f} ms",
                        flush=True,
                    )
    return {
        key: Figures(
            *(
                statistics.median(getattr(one, field) for one in several)
                for field in ("rate", "cpu", "p50", "p99")
            ),
            bad=0,
        )
        for key, several in seen.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mode", choices=("plain", "safe"), action="append", help="both if not given")
    parser.add_argument("--only", action="append", metavar="NAME", help="a server by its name in the table")
    parser.add_argument("--write", action="store_true", help="table and chart into docs/performance.md")
    options = parser.parse_args()
    peer_servers.install()
    names = [name for name in (*OURS, *peer_servers.names()) if not options.only or name in options.only]
    modes = options.mode or ["plain", "safe"]
    begun = time.strftime("%Y-%m-%d")
    table = run(names, modes, options.seconds, options.rounds)
    heading = f"{machine()}, load average {os.getloadavg()[1]:.1f}, {begun}, {options.rounds} rounds"
    print(f"\n{heading}")
    for (name, mode), figures in table.items():
        print(f"{mode:5} {name:24} {figures.rate:7.0f}/s {figures.cpu:5.0f} us  p99 {figures.p99:7.2f} ms")
    for mode in modes:
        _print_ratios({name: figures for (name, one), figures in table.items() if one == mode}, mode)
    if options.write:
        write_page(table, heading)


def _print_ratios(table: dict[str, Figures], mode: str) -> None:
    rivals = {name: f for name, f in table.items() if name not in (*OURS, peer_servers.FLOOR)}
    if not rivals:
        return
    fastest = max(rivals, key=lambda name: rivals[name].rate)
    for name in OURS:
        if name in table:
            ratio = table[name].rate / rivals[fastest].rate
            text = f"{mode}: {name} has {ratio:.2f} times the rate of {fastest}"
            if "WeRoBot" in rivals:
                text += f", {table[name].cpu / rivals['WeRoBot'].cpu:.2f} times the CPU of WeRoBot"
            print(text)


if __name__ == "__main__":
    main()
