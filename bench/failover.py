"""Count lost and repeated answers while Sentinels move the store: `python -m bench.failover [--kill]`

Users write to two servers with two worker processes each. Their store is a Redis master with a replica
and three Sentinels. Some seconds apart the master changes: by `SENTINEL FAILOVER`, or with --kill because
it is killed. At the end the phones show how often each message was answered. With --replicas 1 a write
counts only if the replica has it (STORE_REPLICAS); the cost of this is measured first.
"""

import argparse
import collections
import dataclasses
import random
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.account import Account
from bench.fleet import Fleet
from bench.machine import machine
from bench.phones import judge, until_all_are_answered
from bot.store.redis import RedisStore
from tests.conditions import until
from tests.launch import Sandbox, bot_env, start_sandbox
from tests.store.redis_servers import Group

_TRIPS = 3000
_BETWEEN_SECONDS = 0.5  # so that the sandbox's journal holds the deliveries of the whole run


@dataclasses.dataclass(frozen=True)
class Counts:
    """How often messages of one sort were answered. `first` counts those whose first delivery was
    answered with the reply: WeChat sent no other."""

    messages: int
    lost: list[str]
    repeated: list[str]
    first: int
    first_lost: int
    first_repeated: int


@dataclasses.dataclass(frozen=True)
class FailoverResult:
    """The counts of quick and of slow messages. `runs_twice` counts messages whose handler ran more than
    once. `lags` are the milliseconds that a write took to reach the replica."""

    quick: Counts
    slow: Counts
    runs_twice: int
    failovers: int
    grey_lines: int
    lags: list[float]


def run(
    sandbox: Sandbox,
    account: Account,
    group: Group,
    *,
    failovers: int,
    pause: float,
    kill: bool = False,
    replicas: int = 0,
    users: int = 40,
    slow_share: float = 0.2,
) -> FailoverResult:
    """Let users write until the master has changed `failovers` times, `pause` seconds apart. Return what the
    phones show in the end."""
    env = bot_env(sandbox) | account.env | {"BOT_STORE_URL": group.url, "BOT_WORKERS": "2"}
    env["BOT_STORE_REPLICAS"] = str(replicas)
    work: dict[str, list[str]] = collections.defaultdict(list)
    slow: set[str] = set()
    ended = threading.Event()
    lags: list[float] = []
    with Fleet(env, account.folder, servers=2) as fleet:
        sandbox.set_callback(fleet.callback)
        openids = [sandbox.add_user(f"u{number}", subscribed=True) for number in range(users)]

        def write(number: int) -> None:
            count = 0
            while not ended.is_set():
                name, count = f"m{number}-{count}", count + 1
                is_slow = random.random() < slow_share
                work[openids[number]].append(name)
                if is_slow:
                    slow.add(name)
                sandbox.send(openids[number], content=f"slow 1 {name}" if is_slow else name)
                ended.wait(_BETWEEN_SECONDS)

        watch = threading.Thread(target=_measure_lag, args=(group, ended, lags))
        watch.start()
        with ThreadPoolExecutor(users) as pool:
            writing = [pool.submit(write, number) for number in range(users)]
            for _ in range(failovers):
                time.sleep(pause)
                _change_master(group, kill=kill)
            time.sleep(pause)
            ended.set()
            for one in writing:
                one.result()
        watch.join()
        seen = until_all_are_answered(sandbox, work, patience=60)
        (account.folder / "log").write_text(fleet.log(), encoding="utf-8")
    verdict = judge(seen, work, [])
    runs = collections.Counter(account.runs())
    tried = _deliveries(sandbox)
    every = [name for names in work.values() for name in names]

    def counts(names: list[str]) -> Counts:
        lost = [name for name in verdict.lost if name in names]
        repeated = [name for name in verdict.repeated if name in names]
        first = {name for name in names if tried[name] == ["reply"]}
        return Counts(len(names), lost, repeated, len(first), len(first & {*lost}), len(first & {*repeated}))

    return FailoverResult(
        counts([name for name in every if name not in slow]),
        counts([name for name in every if name in slow]),
        sum(count > 1 for count in runs.values()),
        failovers,
        verdict.failure_lines,
        lags,
    )


def _deliveries(sandbox: Sandbox) -> dict[str, list[str]]:
    """Return the outcomes of the deliveries of each message, by its name."""
    found: dict[str, list[str]] = collections.defaultdict(list)
    for entry in sandbox.deliveries():
        content = entry["request_xml"].partition("<Content><![CDATA[")[2].partition("]]>")[0]
        found[content.rpartition(" ")[2]].append(entry["outcome"])
    return found


def _change_master(group: Group, *, kill: bool) -> None:
    old = group.master()
    if kill:
        group.nodes[old].kill()
    else:
        group.fail_over()
    until(group.master, lambda number: number not in (-1, old))
    if kill:
        group.nodes[old].start()  # the Sentinels make it a replica
    # a further failover needs a replica that has caught up
    until(lambda: group.client(group.master()).info("replication").get("connected_slaves"), bool)


def _measure_lag(group: Group, ended: threading.Event, lags: list[float]) -> None:
    while not ended.wait(0.05):
        try:
            client = group.client(group.master())
            client.set("lag", "x", px=1000)
            begun = time.monotonic()
            if client.execute_command("WAIT", 1, 1000):
                lags.append(1000 * (time.monotonic() - begun))
        except Exception:
            continue


def measure_trips(group: Group) -> dict[int, float]:
    """Return the microseconds of a claim in the store, without and with waiting for a replica."""
    found = {}
    for replicas in (0, 1):
        store = RedisStore(group.url, "wxbench", replicas=replicas)
        store.ping()
        times = []
        for number in range(_TRIPS):
            begun = time.perf_counter()
            store.together([("add", (f"k{replicas}-{number}", b"v", 60)), ("get", ("kept",))])
            times.append(time.perf_counter() - begun)
        store.close()
        found[replicas] = 1e6 * statistics.median(times)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kill", action="store_true", help="kill the master instead of SENTINEL FAILOVER")
    parser.add_argument("--replicas", type=int, default=0, help="STORE_REPLICAS")
    parser.add_argument("--failovers", type=int, default=3)
    parser.add_argument("--pause", type=float, default=12.0, help="seconds between two changes of the master")
    parser.add_argument("--users", type=int, default=40)
    parser.add_argument("--account-kind", default="service-verified")
    options = parser.parse_args()
    account = Account()
    with (
        tempfile.TemporaryDirectory() as folder,
        start_sandbox("--account-kind", options.account_kind) as sandbox,
    ):
        group = Group(Path(folder))
        try:
            trips = measure_trips(group)
            result = run(
                sandbox,
                account,
                group,
                failovers=options.failovers,
                pause=options.pause,
                kill=options.kill,
                replicas=options.replicas,
                users=options.users,
            )
        finally:
            group.close()
    way = "killed master" if options.kill else "SENTINEL FAILOVER"
    print(f"failover, {way}, STORE_REPLICAS {options.replicas}, {options.account_kind}, {machine()}")
    print(f"claim in the store   {trips[0]:.0f} us; waiting for a replica {trips[1]:.0f} us (median)")
    lags = sorted(result.lags) or [0.0]
    print(f"replication lag      {statistics.median(lags):.2f} ms median, {lags[-1]:.1f} ms at most")
    for sort, counts in (("quick", result.quick), ("slow", result.slow)):
        print(
            f"{sort:20} {counts.messages} messages, {len(counts.lost)} lost, {len(counts.repeated)} repeated"
        )
        print(
            f"{'  at first delivery':20} {counts.first} messages, {counts.first_lost} lost, "
            f"{counts.first_repeated} repeated"
        )
    print(f"handlers run twice   {result.runs_twice}")
    print(f"grey lines           {result.grey_lines}")
    if result.quick.lost or result.slow.lost or result.quick.repeated or result.slow.repeated:
        print("the bot's log is in", account.folder / "log")
        print(result.quick.lost, result.quick.repeated, result.slow.lost, result.slow.repeated)
        sys.exit(1)
    account.close()


if __name__ == "__main__":
    main()
