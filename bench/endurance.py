"""Measure memory over a million messages, and the time to start: `python -m bench.endurance [--messages N]`

Runs `python -m bot` with two workers on SQLite, in safe mode, under the load of `bench.callback`. Prints the
resident set of each worker after every tenth of the messages. A resident set includes memory that the workers
share.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from bench import load
from bench.callback import our_server
from bench.machine import machine, need

_STARTS = 5
_AT_ONCE = 60_000  # deliveries signed at a time; they must still be fresh when they arrive


def start_seconds() -> list[float]:
    """Return the seconds from the command to `bot ready`, for several starts."""
    seconds = []
    for _ in range(_STARTS):
        begun = time.monotonic()
        with our_server("SQLite", "safe"):
            seconds.append(time.monotonic() - begun)
    return seconds


def resident_mb(pid: int) -> float:
    """Return the resident set of a process in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"process {pid} has ended")


def memory(messages: int) -> list[tuple[int, list[float]]]:
    """Return pairs: the messages so far, and the megabytes of each worker at that time."""
    seen = []
    with our_server("SQLite", "safe") as (port, pid), tempfile.TemporaryDirectory() as folder:
        done, next_look = 0, messages // 10
        while done < messages:
            deliveries = Path(folder) / "deliveries"
            load.write_deliveries(deliveries, _AT_ONCE, "safe")
            seconds = 4.0
            figures = load.drive(port, pid, deliveries, seconds)
            assert figures.rate * seconds < _AT_ONCE, "too few deliveries prepared"
            done += int(figures.rate * seconds)
            if done >= next_look:
                next_look += messages // 10
                seen.append((done, [resident_mb(worker) for worker in load.family(pid)[1:]]))
                print(f"{done:9,} messages  {_in_mb(seen[-1][1])}", flush=True)
    return seen


def _in_mb(sizes: list[float]) -> str:
    return "  ".join(f"{size:5.1f} MB" for size in sizes)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=1_000_000)
    options = parser.parse_args()
    need("wrk")
    print(machine())
    starts = start_seconds()
    print(f"start to ready: median {statistics.median(starts):.2f} s of {_STARTS}, worst {max(starts):.2f} s")
    seen = memory(options.messages)
    growth = max(last - first for first, last in zip(seen[0][1], seen[-1][1], strict=True))
    print(f"growth after the first tenth: {growth:.1f} MB")


if __name__ == "__main__":
    main()
