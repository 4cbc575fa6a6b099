"""Count lost and repeated answers: `python -m bench.exactly_once [--store redis] [--account-kind KIND]`

Users write to a bot with several worker processes. The sandbox drops one answer in twenty and sends one
delivery in twenty twice at the same time. Every two seconds a random worker process is killed. At the end
the phones show how often each message was answered; a kept answer counts if it comes with the user's next
message. One message in ten has a slow handler, one in twenty a handler that yields three replies, one in
twenty an ordered route. With --late, some handlers take 6 s without slow=True.
"""

import argparse
import collections
import contextlib
import dataclasses
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.account import Account
from bench.fleet import Fleet
from bench.machine import machine, redis_server
from bench.phones import Verdict, judge, named, until_all_are_answered, with_grey_line
from bot.config import ACCOUNT_KINDS
from tests.launch import ROOT, Sandbox, bot_env, start_sandbox

_FAULTS = [
    {"path": "delivery", "drop": True, "probability": 0.05},
    {"path": "delivery", "duplicate": 1, "probability": 0.05},
]
_PATIENCE = 20.0  # other processes have taken over the jobs of killed ones long before


@dataclasses.dataclass(frozen=True)
class Result(Verdict):
    runs: int
    kills: int
    seconds: float


def run(
    sandbox: Sandbox,
    account: Account,
    store_url: str,
    *,
    messages: int,
    users: int,
    workers: int = 4,
    servers: int = 1,
    job_workers: int = 0,
    kill_every: float = 2.0,
    slow_share: float = 0.1,
    several_share: float = 0.05,
    ordered_share: float = 0.05,
    late_share: float = 0.0,
    clients: int = 48,
    settings: dict[str, str] | None = None,
) -> Result:
    """Send all messages, wait for the answers, and return what the phones show. The sandbox must be fresh.

    `slow_share` of the messages go to a route with slow=True, `several_share` to a handler that yields
    three replies, `ordered_share` to a route with ordered=True, `late_share` to a handler that takes 6 s.
    With `job_workers` these run only in `python -m bot worker` processes. The verdict counts each of the
    three replies as a message. A process is killed every `kill_every` seconds, or less often if a server
    takes longer than that to start.
    """
    env = bot_env(sandbox) | account.env | {"BOT_STORE_URL": store_url, "BOT_WORKERS": str(workers)}
    env |= {"BOT_JOBS_IN_SERVER": str(not job_workers)}
    with Fleet(env | (settings or {}), account.folder, servers, job_workers) as fleet:
        sandbox.set_callback(fleet.callback)
        openids = [sandbox.add_user(f"u{number}", subscribed=True) for number in range(users)]
        sandbox.faults(_FAULTS)
        killer = _Killer(fleet, max(kill_every, fleet.start_seconds))
        begun = time.monotonic()
        work: dict[str, list[str]] = collections.defaultdict(list)  # by user: what the answers must name
        texts: dict[str, list[str]] = collections.defaultdict(list)  # by user: what the user writes
        shares = {
            "slow 0.5 {}": slow_share,
            "three {}": several_share,
            "in turn until . {}": ordered_share,
            "late 6 {}": late_share,
        }
        shares["{}"] = 1 - sum(shares.values())
        for number in range(messages):
            openid, name = openids[number % users], f"m{number}"
            (form,) = random.choices(list(shares), list(shares.values()))
            texts[openid].append(form.format(name))
            work[openid] += [f"{name}-{n}" for n in (1, 2, 3)] if form.startswith("three") else [name]

        def write(openid: str) -> None:
            for text in texts[openid]:
                sandbox.send(openid, content=text)

        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(write, openids))
        killer.stop()
        sandbox.faults([])
        seen = until_all_are_answered(sandbox, work, _PATIENCE)
        for openid in work:
            # WeChat allows five pushes after a message. Further replies wait for the user's next message.
            if len(named(seen[openid])) < len(work[openid]):
                sandbox.send(openid, content="more")
        seen = until_all_are_answered(sandbox, work)
        seconds = time.monotonic() - begun
        (account.folder / "log").write_text(fleet.log(), encoding="utf-8")
        may_push = sandbox.state()["account"]["kind"] not in ("subscription", "service")
        grey = set() if may_push else with_grey_line(sandbox, work)
        verdict = judge(seen, work, fleet.kills, grey)
    return Result(
        **dataclasses.asdict(verdict), runs=len(account.runs()), kills=len(fleet.kills), seconds=seconds
    )


def _explain(sandbox: Sandbox, name: str) -> None:
    """Print every delivery of a message, to find out what went wrong."""
    print(name)
    for entry in sandbox.deliveries():
        if f"{name.partition('-')[0]}]]" in entry["request_xml"]:
            print(
                "  ",
                *(
                    f"{key}={entry[key]}"
                    for key in ("at", "attempt", "status", "outcome", "error", "elapsed_ms", "response_xml")
                ),
            )


class _Killer:
    """Kill a random worker process of the fleet every `every` seconds, in a thread."""

    def __init__(self, fleet: Fleet, every: float) -> None:
        self._fleet = fleet
        self._every = every
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._go_on)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._stopped.wait(self._every):
            self._fleet.kill_one()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--store", choices=("sqlite", "redis"), default="sqlite")
    parser.add_argument("--account-kind", choices=ACCOUNT_KINDS, default="service-verified")
    parser.add_argument("--kill-every", type=float, default=2.0, metavar="SECONDS")
    parser.add_argument("--late", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--sandbox", type=Path, default=ROOT, help="use the sandbox in this folder")
    options = parser.parse_args()
    account = Account()
    with contextlib.ExitStack() as stack:
        kind = ("--account-kind", options.account_kind)
        sandbox = stack.enter_context(start_sandbox("--mode", "safe", *kind, cwd=options.sandbox))
        store, shape = f"sqlite:///{account.folder}/bot.db", {"workers": 4}
        if options.store == "redis":
            store = stack.enter_context(redis_server(account.folder))
            shape = {"servers": 2, "workers": 2, "job_workers": 2}
        result = run(
            sandbox,
            account,
            store,
            messages=options.messages,
            users=options.users,
            kill_every=options.kill_every,
            late_share=options.late,
            **shape,
        )
        for name in (result.lost + result.repeated)[:10]:
            _explain(sandbox, name)
    print(f"exactly_once, {options.store} {shape}, {options.account_kind}, {machine()}")
    for name, value in dataclasses.asdict(result).items():
        print(f"{name:15} {len(value) if isinstance(value, list) else value}")
    if result.lost or result.repeated:
        print("the bot's log is in", account.folder / "log")
        sys.exit(1)
    account.close()


if __name__ == "__main__":
    main()
