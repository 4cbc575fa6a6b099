"""What one message costs, counted in things that are the same on every machine: calls of functions in `bot/`,
transactions or round trips, and bytes written. Time is measured in `bench/` only."""

import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import sub
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pytest

from bot.app import asgi, build
from bot.bridge import Scope
from bot.callback import on
from bot.callback.router import Chat
from bot.callback.wording import Wording
from bot.loop import Application
from tests import looping
from tests.callback.delivery import Delivery, WeChat
from tests.conftest import Clock, MakeConfig, RedisServer
from tests.launch import ROOT

_WARM_UP = 5
_MESSAGES = 40  # fewer than the engine needs to learn that a handler is quick: each handler runs in a thread
_WORDING = Wording(sorry="sorry", still_working="still working", more="more", more_hint="more?")
_BOT = f"{ROOT / 'bot'}/"


class Cost(NamedTuple):
    """The cost of one message.

    `calls`: of named functions in `bot/`. `trips`: transactions of SQLite, or round trips to Redis.
    `commands`: statements or Redis commands in them, those of scripts included. `written`: bytes added to
    SQLite's write-ahead log, or received by Redis.
    """

    calls: float
    trips: float
    commands: float
    written: float


# The recorded cost by mode and store. It is the same on Python 3.11, 3.12 and 3.13. A commit that raises a
# figure says why.
RECORDED = {
    ("plain", "sqlite"): Cost(calls=145, trips=2, commands=3, written=8961),
    ("safe", "sqlite"): Cost(calls=160, trips=2, commands=3, written=8961),
    ("plain", "redis"): Cost(calls=142, trips=2, commands=5, written=456),
    ("safe", "redis"): Cost(calls=157, trips=2, commands=5, written=456),
}
_WRITTEN_MARGIN = 0.03  # the numbers of processes, which records contain, differ in length


class SqliteWitness:
    """Counts the statements that SQLite executes, and the bytes of its write-ahead log."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = f"sqlite:///{folder}/cost.db"
        self._log = folder / "cost.db-wal"
        self._kinds: Counter[str] = Counter()
        connect = sqlite3.connect

        def traced(*args: Any, **kwargs: Any) -> sqlite3.Connection:
            connection = connect(*args, **kwargs)
            connection.set_trace_callback(lambda statement: self._kinds.update([statement.split()[0]]))
            return connection

        monkeypatch.setattr(sqlite3, "connect", traced)

    def read(self) -> tuple[int, ...]:
        """Return the numbers of transactions, of statements inside them, and of bytes so far."""
        inside = self._kinds.total() - self._kinds["BEGIN"] - self._kinds["COMMIT"]
        return self._kinds["BEGIN"], inside, self._log.stat().st_size


class RedisWitness:
    """Reads the counters of the Redis server."""

    def __init__(self, server: RedisServer) -> None:
        self.url = server.url
        self._client = server.client
        self._readings = 0
        first, second = self._stats(), self._stats()
        self._own = tuple(map(sub, second, first))  # what one reading adds to the counters

    def read(self) -> tuple[int, ...]:
        """Return the numbers of round trips, commands and bytes so far, without those of these readings."""
        self._readings += 1
        return tuple(all_ - self._readings * own for all_, own in zip(self._stats(), self._own, strict=True))

    def _stats(self) -> tuple[int, ...]:
        stats: dict[str, int] = self._client.info("stats")
        names = ("total_reads_processed", "total_commands_processed", "total_net_input_bytes")
        return tuple(stats[name] for name in names)


@pytest.fixture
def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqliteWitness:
    return SqliteWitness(tmp_path, monkeypatch)


@pytest.fixture
def redis(redis_server: RedisServer) -> RedisWitness:
    return RedisWitness(redis_server)


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count calls of named functions in `bot/`, by this thread and by threads that start meanwhile."""
    calls: Counter[str] = Counter()
    lock = threading.Lock()

    def profile(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        # Comprehensions are left out: some versions of Python call them, others inline them.
        if event == "call" and code.co_filename.startswith(_BOT) and not code.co_name.startswith("<"):
            with lock:
                calls[f"{code.co_filename.removeprefix(_BOT)}:{code.co_qualname}"] += 1

    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


async def deliver(app: Application, deliveries: Sequence[Delivery]) -> None:
    """Deliver one message after the other, each when the one before has its reply."""
    for delivery in deliveries:
        answer: list[bytes] = []

        async def receive(body: bytes = delivery.body) -> Scope:
            return {"type": "http.request", "body": body}

        async def send(message: Scope, answer: list[bytes] = answer) -> None:
            answer.append(message.get("body", b""))

        query = delivery.query.encode()
        await app({"type": "http", "method": "POST", "path": "/wechat", "query_string": query}, receive, send)
        assert b"<xml>" in b"".join(answer), answer


def echo(chat: Chat) -> str:
    return str(chat.message.content)


@pytest.mark.parametrize("mode", ["plain", "safe"])
@pytest.mark.parametrize("store", ["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def test_a_message_costs_what_it_did(
    mode: str, store: str, request: pytest.FixtureRequest, make_config: MakeConfig, clock: Clock
) -> None:
    witness: SqliteWitness | RedisWitness = request.getfixturevalue(store)
    config = make_config(mode=mode, store_url=witness.url, account_kind="service-verified")
    wechat = WeChat(config, clock)
    texts = [
        wechat.deliver(wechat.text(f"text {n:02}", msg_id=1000 + n)) for n in range(_WARM_UP + _MESSAGES)
    ]

    async def measure() -> tuple[Counter[str], Cost]:
        with counted() as calls:
            parts = build(config, [on.message("text", echo)], _WORDING, clock)
            app = asgi(parts, [])
            await deliver(app, texts[:_WARM_UP])
            calls.clear()
            before = witness.read()
            await deliver(app, texts[_WARM_UP:])
            by_function = calls.copy()
            spent = (calls.total(), *map(sub, witness.read(), before))
        parts.close()
        return by_function, Cost(*(number / _MESSAGES for number in spent))

    calls, cost = looping.run(measure())
    recorded = RECORDED[mode, store]
    listed = "\n".join(f"{count / _MESSAGES:5g} {name}" for name, count in calls.most_common())
    assert cost[:3] == recorded[:3], f"{cost}, but recorded {recorded}; calls by function:\n{listed}"
    assert cost.written == pytest.approx(recorded.written, rel=_WRITTEN_MARGIN)
