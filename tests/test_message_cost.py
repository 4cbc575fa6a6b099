"""Counts what one message costs: calls of functions in `bot/`, transactions or round trips, bytes written.
These numbers are the same on every machine. `bench/` measures time."""

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

from bot.account_package import AccountPackage
from bot.app import build, build_server
from bot.chat import on
from bot.chat.router import Chat
from bot.chat.wording import Wording
from bot.server.application import AsgiApplication
from bot.server.wsgi_bridge import Scope
from tests import on_loop
from tests.chat.deliveries import Delivery, WeChat
from tests.conftest import Clock, MakeConfig, RedisServer
from tests.launch import ROOT

_WARM_UP = 5
_MESSAGES = 40
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


# The cost by mode and store with an inline handler, equal on Python 3.11, 3.12 and 3.13. A commit that raises
# one says why.
RECORDED = {
    ("plain", "sqlite"): Cost(calls=146, trips=2, commands=3, written=9579),
    ("safe", "sqlite"): Cost(calls=162, trips=2, commands=3, written=9579),
    ("plain", "redis"): Cost(calls=143, trips=2, commands=5, written=513),
    ("safe", "redis"): Cost(calls=159, trips=2, commands=5, written=513),
}
_THREAD_CALLS = 11  # more, if the handler runs in a thread
_WRITTEN_MARGIN = 0.03  # other versions of SQLite and Redis may write a little more or less


class SqliteCounter:
    """Counts the statements that SQLite executes and the bytes in its write-ahead log."""

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


class RedisCounter:
    """Reads the counters of the Redis server."""

    def __init__(self, server: RedisServer) -> None:
        self.url = server.url
        self._client = server.client
        self._readings = 0
        first, second = self._stats(), self._stats()
        self._own = tuple(map(sub, second, first))  # what one call of read() adds

    def read(self) -> tuple[int, ...]:
        """Return the numbers of round trips, commands and bytes so far, without those of read() itself."""
        self._readings += 1
        return tuple(all_ - self._readings * own for all_, own in zip(self._stats(), self._own, strict=True))

    def _stats(self) -> tuple[int, ...]:
        stats: dict[str, int] = self._client.info("stats")
        names = ("total_reads_processed", "total_commands_processed", "total_net_input_bytes")
        return tuple(stats[name] for name in names)


@pytest.fixture
def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqliteCounter:
    return SqliteCounter(tmp_path, monkeypatch)


@pytest.fixture
def redis(redis_server: RedisServer) -> RedisCounter:
    return RedisCounter(redis_server)


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count calls of named functions in `bot/`, in this thread and in those that start meanwhile."""
    calls: Counter[str] = Counter()
    lock = threading.Lock()

    def profile(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        # Comprehensions are not counted: Python 3.11 calls them as functions, 3.12 does not.
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


async def deliver(app: AsgiApplication, deliveries: Sequence[Delivery]) -> None:
    """Deliver the messages one after the other. Each waits for the reply to the one before."""
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


@pytest.mark.parametrize("inline", [False, True], ids=["threads", "inline"])
@pytest.mark.parametrize("mode", ["plain", "safe"])
@pytest.mark.parametrize("store", ["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def test_a_message_costs_what_it_did(
    inline: bool,
    mode: str,
    store: str,
    request: pytest.FixtureRequest,
    make_config: MakeConfig,
    clock: Clock,
) -> None:
    counter: SqliteCounter | RedisCounter = request.getfixturevalue(store)
    config = make_config(mode=mode, store_url=counter.url, account_kind="service-verified")
    wechat = WeChat(config, clock)
    texts = [
        wechat.deliver(wechat.text(f"text {n:02}", msg_id=1000 + n)) for n in range(_WARM_UP + _MESSAGES)
    ]

    async def measure() -> tuple[Counter[str], Cost]:
        with counted() as calls:
            package = AccountPackage([on.message("text", echo, inline=inline)], _WORDING)
            parts = build(config, package, clock)
            app = build_server(parts)
            await deliver(app, texts[:_WARM_UP])
            calls.clear()
            before = counter.read()
            await deliver(app, texts[_WARM_UP:])
            by_function = calls.copy()
            spent = (calls.total(), *map(sub, counter.read(), before))
        parts.close()
        return by_function, Cost(*(number / _MESSAGES for number in spent))

    calls, cost = on_loop.run(measure())
    recorded = RECORDED[mode, store]
    recorded = recorded if inline else recorded._replace(calls=recorded.calls + _THREAD_CALLS)
    cost = cost._replace(calls=round(cost.calls))  # a thread may start during the measurement
    listed = "\n".join(f"{count / _MESSAGES:5g} {name}" for name, count in calls.most_common())
    assert cost[:3] == recorded[:3], f"{cost}, but recorded {recorded}; calls by function:\n{listed}"
    assert cost.written == pytest.approx(recorded.written, rel=_WRITTEN_MARGIN)
