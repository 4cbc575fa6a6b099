"""Measure the time of each step of a message: `python -m bench.steps [--mode plain] [--messages 5000]`

Runs in one process, without a server, on SQLite. The time of a step does not include the steps inside it.
Messages come one at a time, so that no other message runs between the start and the end of a step. Messages
that come together share their transactions and cost less. The server is not measured here: it is the rest
of the figure of `bench.callback`. web.py takes no part in a delivery.
"""

import argparse
import contextlib
import functools
import inspect
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from bench.in_process import InProcess
from bench.machine import machine
from bot.chat.delivery.answer import Answerer
from bot.chat.delivery.record import Records
from bot.chat.endpoint import Callback
from bot.chat.handler import Handlers
from bot.chat.router import Router
from bot.chat.wire import gate, seal, xml
from bot.chat.wire.envelope import Envelope
from bot.server.application import AsgiApplication
from bot.store.sqlite import SqliteStore

# The timed functions, from the outside in: name in the table, class or module, name of the function.
_STEPS: list[tuple[str, Any, str]] = [
    ("log line, counters, greenlet", AsgiApplication, "_deliver"),
    ("endpoint", Callback, "receive"),
    ("gate: signature, rules, types", gate.Gate, "open"),
    ("parse", xml, "parse"),
    ("decrypt", Envelope, "decrypt"),
    ("answer", Answerer, "answer"),
    ("claim", Records, "claim"),
    ("route", Router, "find"),
    ("handler", Handlers, "run"),
    ("finish", Records, "finish"),
    ("render", seal, "render"),
    ("seal", seal.Seal, "close"),
    ("store, two transactions", SqliteStore, "together"),
]


class _Stopwatch:
    """Time nested calls. The time of a call does not include the timed calls inside it."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = defaultdict(list)
        self._inner = [0.0]

    def around(self, name: str, function: Any) -> Any:
        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self._timing(name):
                return function(*args, **kwargs)

        @functools.wraps(function)
        async def timed_on_the_loop(*args: Any, **kwargs: Any) -> Any:
            with self._timing(name):
                return await function(*args, **kwargs)

        return timed_on_the_loop if inspect.iscoroutinefunction(function) else timed

    @contextlib.contextmanager
    def _timing(self, name: str) -> Iterator[None]:
        self._inner.append(0.0)
        begun = time.perf_counter()
        try:
            yield
        finally:
            elapsed = time.perf_counter() - begun
            self.spent[name].append(elapsed - self._inner.pop())
            self._inner[-1] += elapsed


def measure(mode: str, messages: int) -> dict[str, float]:
    """Return the microseconds per message for each step: the median of its calls, multiplied by the number of
    calls per message."""
    watch = _Stopwatch()
    for name, owner, attribute in _STEPS:
        setattr(owner, attribute, watch.around(name, getattr(owner, attribute)))
    bot = InProcess(mode)
    bot.deliver(bot.prepare(200), at_once=1)
    watch.spent.clear()
    bot.deliver(bot.prepare(messages), at_once=1)
    bot.close()
    return {
        name: statistics.median(watch.spent[name]) * len(watch.spent[name]) / messages * 1e6
        for name, _, _ in _STEPS
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mode", choices=("plain", "safe"), default="safe")
    parser.add_argument("--messages", type=int, default=5000)
    options = parser.parse_args()
    table = measure(options.mode, options.messages)
    print(f"steps of a message, {options.mode} mode, SQLite, {machine()}")
    for name, spent in table.items():
        print(f"{name:32} {spent:6.1f} us")
    print(f"{'together':32} {sum(table.values()):6.1f} us")


if __name__ == "__main__":
    main()
