"""Measure the store's time per message with few and with many keys: `python -m bench.many_keys [--keys N]`

A message here is what the store does for one: it claims the record and writes the reply.
Goal: with 1,000,000 keys at most 1.2 times the time with 1,000 keys.
"""

import argparse
import contextlib
import json
import sqlite3
import statistics
import time
from collections.abc import Callable

import redis as client

from bench.account import Account
from bench.machine import machine, redis_server
from bot.chat.delivery.record import Records
from bot.chat.replies.kinds import Text
from bot.chat.wire import messages
from bot.jobs.liveness import Liveness
from bot.store import open_store

_MESSAGES = 4000
_APP_ID = "wx0123456789abcdef"


def _message_us(url: str) -> float:
    """Return the microseconds per message: the median of fifteen rounds."""
    store = open_store(url, app_id=_APP_ID)
    records, reply = Records(store, Liveness(store), 900), Text("a reply of usual length, say one line")
    rounds = []
    for _ in range(15):
        keys = [_key(time.monotonic_ns()) for _ in range(_MESSAGES // 15)]
        begun = time.perf_counter()
        for key in keys:
            records.claim(key)
            records.finish(key, reply)
        rounds.append((time.perf_counter() - begun) / (_MESSAGES // 15) * 1e6)
    store.close()
    return statistics.median(rounds)


def _key(number: int) -> str:
    """Return the key of a message with this MsgId. The MsgIds of WeChat grow with time."""
    header = {"FromUserName": f"oUser{number % 1000}", "ToUserName": "gh", "CreateTime": "1"}
    return messages.read({**header, "MsgType": "text", "Content": "x", "MsgId": str(number)}).key


def _stored_key(number: int) -> str:
    """Return the key as the store writes it, with the AppID."""
    return f"{_APP_ID}:{_key(number)}"


def _value() -> bytes:
    return (
        b"D"
        + json.dumps({"at": 1.0, "answered": 1.0, "reply": {"kind": "Text", "content": "x" * 60}}).encode()
    )


def _fill_sqlite(path: str, first: int, last: int) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        rows = ((_stored_key(n), _value(), time.time() + 3600) for n in range(first, last))
        db.executemany("INSERT INTO entry (key, value, expires) VALUES (?, ?, ?)", rows)


def _fill_redis(url: str, first: int, last: int) -> None:
    connection = client.Redis.from_url(url)
    for begin in range(first, last, 10_000):
        with connection.pipeline(transaction=False) as pipe:
            for n in range(begin, min(begin + 10_000, last)):
                pipe.set(_stored_key(n), _value(), ex=3600)
            pipe.execute()
    connection.close()


def _measure(name: str, url: str, keys: int, fill: Callable[[int, int], None]) -> None:
    open_store(url, app_id=_APP_ID).close()
    fill(0, 1000)
    _message_us(url)  # warm
    few = _message_us(url)
    fill(1000, keys)
    _message_us(url)
    many = _message_us(url)
    print(f"{name:7} 1,000 keys: {few:6.0f} us   {keys:,} keys: {many:6.0f} us   ratio {many / few:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keys", type=int, default=1_000_000)
    options = parser.parse_args()
    account = Account()
    print(f"store's time per message, {machine()}")
    path = f"{account.folder}/bot.db"
    _measure("SQLite", f"sqlite:///{path}", options.keys, lambda a, b: _fill_sqlite(path, a, b))
    with redis_server(account.folder) as url:
        _measure("Redis", url, options.keys, lambda a, b: _fill_redis(url, a, b))
    account.close()


if __name__ == "__main__":
    main()
