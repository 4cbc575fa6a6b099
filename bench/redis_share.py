"""Measure what one message costs a Redis server that many machines share: `python -m bench.redis_share`

wrk sends messages to our server on Redis, as fast as it answers. Redis itself counts its CPU, the bytes of
its connections, its memory and the bytes of its append-only file. From these figures, docs/performance.md
calculates how many machines one Redis server is enough for.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass, fields
from pathlib import Path

import redis

from bench import callback, load
from bench.machine import machine, need, redis_server

_MOST_SHARE = 0.7  # of one core, because Redis executes commands in one thread


@dataclass(frozen=True)
class Reading:
    """Sums of a Redis server since its start: CPU seconds, commands, round trips, bytes received and sent,
    bytes of memory, bytes of the append-only file."""

    cpu: float
    commands: float
    trips: float
    received: float
    sent: float
    memory: float
    file: float

    def since(self, before: "Reading", messages: float) -> "Reading":
        """Return what was added for one message."""
        names = [field.name for field in fields(self)]
        return Reading(*((getattr(self, name) - getattr(before, name)) / messages for name in names))


def read(client: "redis.Redis") -> Reading:
    """Return the present sums."""
    info = client.info("all")
    return Reading(
        cpu=info["used_cpu_user"] + info["used_cpu_sys"],
        commands=info["total_commands_processed"],
        trips=info["total_reads_processed"],
        received=info["total_net_input_bytes"],
        sent=info["total_net_output_bytes"],
        memory=info["used_memory"],
        file=info["aof_current_size"],
    )


def measure(name: str, mode: str, seconds: float, folder: Path) -> tuple[load.Figures, Reading]:
    """Return the figures of our server, and what one message costs Redis."""
    with redis_server(folder) as url, callback.our_server(name, mode, url) as (port, pid):
        client = redis.Redis.from_url(url)
        deliveries = folder / "deliveries"
        for duration in (1.0, seconds):  # the first to warm up
            load.write_deliveries(deliveries, int(duration * 20_000), mode)
            before, begun = read(client), time.monotonic()
            figures = load.drive(port, pid, deliveries, duration)
            messages = figures.rate * duration
            cost = read(client).since(before, messages)
        idle_before = read(client)
        time.sleep(2)  # what Redis spends without messages
        idle = (read(client).cpu - idle_before.cpu) / 2
        client.close()
        busy_seconds = time.monotonic() - begun - 2
        return figures, Reading(**{**cost.__dict__, "cpu": cost.cpu - idle * busy_seconds / messages})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    need("wrk", "redis-server")
    print(f"redis_share, {machine()}")
    for mode in ("plain", "safe"):
        for _ in range(options.rounds):
            with tempfile.TemporaryDirectory() as folder:
                figures, cost = measure("ours, Redis, inline", mode, options.seconds, Path(folder))
            most = _MOST_SHARE / cost.cpu
            print(
                f"{mode:5} {figures.rate:6.0f} messages/s   workers {figures.cpu:4.0f} us   "
                f"Redis {cost.cpu * 1e6:4.0f} us, {cost.commands:.1f} commands in {cost.trips:.1f} reads, "
                f"{cost.received:.0f} bytes in, {cost.sent:.0f} out, {cost.memory:.0f} bytes of memory, "
                f"{cost.file:.0f} of its file   one Redis: {most:,.0f} messages/s",
                flush=True,
            )


if __name__ == "__main__":
    main()
