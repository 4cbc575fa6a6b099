"""A Redis that takes too long for an answer counts as gone, and no connection is opened on the event loop."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from bot.errors import StoreError
from bot.server import batched_store, greenlets
from bot.server.batched_store import BatchedStore
from bot.store import redis as redis_store
from bot.store.redis import RedisStore
from tests import on_loop
from tests.conditions import until
from tests.conftest import APP_ID, Clock
from tests.store.redis_servers import SlowPath, redis_process

pytestmark = pytest.mark.redis


@pytest.fixture
def path(need_redis: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlowPath]:
    with redis_process(tmp_path_factory.mktemp("r")) as server:
        path = SlowPath(server.port)
        yield path
        path.close()


def test_a_slow_redis_is_an_outage_that_is_said_once(
    path: SlowPath, monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(redis_store, "_TIMEOUT_SECONDS", 0.05)
    moment = Clock(0.0)
    store = RedisStore(path.url, APP_ID, moment)
    until(lambda: works(store, moment))
    path.hold()
    for _ in range(4):
        with pytest.raises(StoreError, match="Timeout"):
            store.get("k")
        moment.advance(1.1)
    path.go_on()
    until(lambda: works(store, moment))
    store.close()
    assert [record.levelname for record in log.records if "Redis store" in record.message][-2:] == [
        "ERROR",
        "WARNING",
    ]
    assert len(log.records) % 2 == 0, "each outage is said once, and its end once"


def works(store: RedisStore, moment: Clock) -> bool:
    moment.advance(1.1)
    try:
        store.ping()
    except StoreError:
        return False
    return True


def test_a_connection_that_takes_too_long_is_not_used(path: SlowPath, log: pytest.LogCaptureFixture) -> None:
    """Each of its answers may come in time."""
    ticks = iter(range(0, 1000, 2))
    store = RedisStore(path.url, APP_ID, lambda: next(ticks))
    with pytest.raises(StoreError, match="s to connect"):
        store.get("k")
    store.close()
    assert len(log.records) == 1


def test_no_connection_is_opened_on_the_loop(path: SlowPath, monkeypatch: pytest.MonkeyPatch) -> None:
    opened_in: list[threading.Thread] = []
    connect = RedisStore._connect

    def watched(store: RedisStore) -> Any:
        opened_in.append(threading.current_thread())
        return connect(store)

    monkeypatch.setattr(RedisStore, "_connect", watched)
    store = BatchedStore(RedisStore(path.url, APP_ID))

    async def two_messages() -> tuple[object, threading.Thread]:
        found = await asyncio.gather(*(greenlets.run(store.add, f"k{n}", b"v", 60) for n in range(2)))
        return found, threading.current_thread()

    found, loop_thread = on_loop.run(two_messages())
    assert found == [True, True]
    assert opened_in
    assert loop_thread not in opened_in
    store.close()


def test_deliveries_do_not_wait_long_for_a_connection(
    path: SlowPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batched_store, "_CONNECT_SECONDS", 0.05)
    monkeypatch.setattr(redis_store, "_TIMEOUT_SECONDS", 60)
    store = BatchedStore(RedisStore(path.url, APP_ID))
    path.hold()

    async def message() -> None:
        asking = asyncio.ensure_future(greenlets.run(store.add, "k", b"v", 60))
        with pytest.raises(StoreError, match="could not be connected"):
            await asking
        path.go_on()  # the thread that connects ends

    on_loop.run(message())
    store.close()
