"""Measure messages per second of our callback and of its peers: `python -m bench.callback [--write]`

Starts the servers one after the other on the same cores. wrk sends each of them the same kind of messages on
32 connections, each message once: first as fast as the server answers, then at half of that rate. Every
answer must be a reply, and every twentieth is decrypted and read. If a peer fails this check, its turn is
left out. Each round begins with another server, because machines are noisy; the table shows medians. The
peers' packages are installed into `bench/.env` on first use.
"""

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from bench import load, peer_servers
from bench.account import Account
from bench.machine import machine, need, redis_server
from bench.peers import settings
from bench.performance_page import OURS, Measured, Table, ratios, write_page
from tests.launch import Bot

_HANDLERS = """
from bot.chat import on
from bot.chat.wording import Wording
CHAT = [on.message("text", lambda chat: chat.message.content, inline=INLINE)]
PAGES = []
MENU = {"button": [{"type": "view", "name": "home", "page": "/"}]}
WORDING = Wording(sorry="sorry", still_working="still working", more="more", more_hint="more?")
"""
_BUSY = 1.0  # above this load average --write refuses
_MOST_PER_SECOND = 30_000  # deliveries prepared. Only the floor is faster; it gets some deliveries twice


@contextlib.contextmanager
def our_server(name: str, mode: str, url: str = "") -> Iterator[tuple[int, int]]:
    """Start `python -m bot` with two workers. Yield its port and process id.

    `name` is one of OURS: it gives the store, where the handler runs, and whether requests are logged.
    `url` is another store than a new one.
    """
    _, store, *options = name.split(", ")
    account = Account(_HANDLERS.replace("INLINE", str("inline" in options)))
    with contextlib.ExitStack() as stack:
        stack.callback(account.close)
        if not url and store == "SQLite":
            url = f"sqlite:///{account.folder}/bot.db"
        elif not url:
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
            "BOT_LOG_REQUESTS": str("no log lines" not in options),
        }
        # Its log goes to a file, as under a supervisor, so that this process spends no time reading it.
        bot = stack.enter_context(Bot(env | account.env, cwd=account.folder, log=account.folder / "log"))
        yield int(bot.url.rpartition(":")[2]), bot.pid


def _server(name: str, mode: str) -> contextlib.AbstractContextManager[tuple[int, int]]:
    if name in OURS:
        return our_server(name, mode)
    return peer_servers.start(name)


def measure(name: str, mode: str, seconds: float, folder: Path) -> Measured:
    """Measure one server from its start to its end. Raises AssertionError if an answer does not
    repeat the text of its message."""
    with _server(name, mode) as (port, pid):
        _drive(name, mode, port, pid, 1, folder / "warm-up")
        peak = _drive(name, mode, port, pid, seconds, folder / "peak")
        # Each connection pauses after its answer, so that all together make half of the rate. A trial shows
        # how long an answer takes at that rate; the pause is then corrected.
        wanted = _cycle_ms(peak.rate / 2)
        pause = max(0.0, wanted - peak.p50 / 2)
        trial = _drive(name, mode, port, pid, 1, folder / "trial", pause)
        pause = max(0.0, pause + wanted - _cycle_ms(trial.rate))
        half = _drive(name, mode, port, pid, seconds, folder / "half", pause)
    return Measured(
        peak.rate, peak.cpu, peak.p50, peak.p99, half.rate, half.p99, least=peak.rate, most=peak.rate
    )


def _cycle_ms(rate: float) -> float:
    """Return the milliseconds of an answer and its pause if all connections together make `rate`."""
    return 1000 * load.CONNECTIONS / rate


def _drive(
    name: str, mode: str, port: int, pid: int, seconds: float, deliveries: Path, pause: float = 0
) -> load.Figures:
    count = int(seconds * _MOST_PER_SECOND)
    load.write_deliveries(deliveries, count, mode)
    figures = load.drive(port, pid, deliveries, seconds, pause)
    if name != peer_servers.FLOOR:
        said = load.answers(deliveries, mode)
        assert figures.rate * seconds < count, "too few deliveries prepared"
        assert len(set(said)) == len(said) > figures.rate * seconds / 25 - 2, f"{len(said)} answers read"
        assert all(text.startswith("你好 hello ") for text in said), f"{name} said {said[:3]}"
    return figures


def run(names: list[str], modes: list[str], seconds: float, rounds: int) -> Table:
    """Return the medians of all rounds."""
    seen: dict[tuple[str, str], list[Measured]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            for mode in modes:
                for name in names[number % len(names) :] + names[: number % len(names)]:
                    try:
                        measured = measure(name, mode, seconds, Path(folder))
                    except (AssertionError, ValueError) as fault:
                        if name in OURS:
                            raise
                        print(
                            f"round {number + 1} {mode:5} {name}: {fault}; this turn is left out", flush=True
                        )
                        continue
                    seen.setdefault((name, mode), []).append(measured)
                    print(f"round {number + 1} {_line(name, mode, measured)}", flush=True)
    return {key: _median(several) for key, several in seen.items()}


def _median(several: list[Measured]) -> Measured:
    """Return the median of every figure, and the lowest and highest rate."""
    figures = {
        field.name: statistics.median(getattr(one, field.name) for one in several)
        for field in fields(Measured)
    }
    rates = [one.rate for one in several]
    return Measured(**figures | {"least": min(rates), "most": max(rates)})


def _line(name: str, mode: str, measured: Measured) -> str:
    return (
        f"{mode:5} {name:34} {measured.rate:7.0f}/s ({measured.least:.0f} to {measured.most:.0f}) "
        f"{measured.cpu:5.0f} us  "
        f"p50 {measured.p50:6.2f} ms  p99 {measured.p99:7.2f} ms  "
        f"p99 at {measured.half_rate:5.0f}/s {measured.half_p99:6.2f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mode", choices=("plain", "safe"), action="append", help="both if not given")
    parser.add_argument("--only", action="append", metavar="NAME", help="a server, as in the table")
    parser.add_argument("--write", action="store_true", help="write table and chart into docs/performance.md")
    options = parser.parse_args()
    if options.write and (options.only or options.mode):
        parser.error("--write publishes the whole table: without --only and --mode")
    need("wrk", "redis-server")
    peer_servers.install()
    names = [name for name in (*OURS, *peer_servers.names()) if not options.only or name in options.only]
    modes = options.mode or ["plain", "safe"]
    busy = os.getloadavg()[0]
    begun = f"load average {busy:.1f} before it, {time.strftime('%Y-%m-%d')}"
    if options.write and busy > _BUSY:
        parser.error(f"load average {busy:.1f}: this machine is busy, so its figures are not written")
    table = run(names, modes, options.seconds, options.rounds)
    heading = f"{machine()}, {begun}, {options.rounds} rounds of {options.seconds:g} s at each load"
    print(f"\n{heading}")
    for (name, mode), measured in table.items():
        print(_line(name, mode, measured))
    for mode in modes:
        print("\n".join(ratios(table, mode)))
    if options.write:
        write_page(table, heading)


if __name__ == "__main__":
    main()
