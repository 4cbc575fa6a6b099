"""A store that is gone for moments in the middle of a message: nothing is lost, and nothing comes twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.chat import on
from bot.chat.router import Chat
from bot.chat.wire import messages, xml
from bot.chat.wire.messages import Incoming
from bot.errors import StoreError
from tests.chat.delivery.test_without_store import settle, until_it_works
from tests.chat.desk import Desk, Held, MakeDesk, pushed, returns
from tests.conditions import until
from tests.conftest import Clock, RedisServer, as_account
from tests.launch import Sandbox

pytestmark = pytest.mark.slow


def incoming(desk: Desk, openid: str) -> Incoming:
    return messages.read(xml.parse(desk.wechat.text("x", 7, openid).encode()))


def fail_once(store: Any, key: str) -> Callable[..., bool]:
    """A swap() that finds the store gone, once, when it touches `key`."""
    swap, failures = store.swap, [StoreError("gone")]

    def flicker(touched: str, *rest: Any) -> bool:
        if touched == key and failures:
            raise failures.pop()
        return bool(swap(touched, *rest))

    return flicker


def test_a_late_answer_that_could_not_be_written_down_is_brought(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(on.message("text", held), **as_account(wechat))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(desk.text, "x", 7, follower)
        assert held.begun.wait(60)
        assert desk.text("x", 7, follower).result == "promised"
        key = f"job:{incoming(desk, follower).key}"
        monkeypatch.setattr(desk.store, "swap", fail_once(desk.store, key))
        held.go.set()
        first.result(60)
    desk.liveness.settle()
    desk.settle()
    assert pushed(wechat, follower) == ["done"]


def test_a_push_that_is_written_stands_though_the_answer_cannot_be_withdrawn(
    make_desk: MakeDesk, clock: Clock, wechat: Sandbox, follower: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(on.message("text", returns("done")), **as_account(wechat))
    assert desk.said(desk.text("x", 7, follower)) == "done"
    clock.advance(5)
    key = incoming(desk, follower).key
    monkeypatch.setattr(desk.store, "swap", fail_once(desk.store, key))
    assert desk.text("x", 7, follower).reply == b""
    desk.liveness.settle()
    desk.settle()
    assert pushed(wechat, follower) == ["done"]
    assert desk.text("x", 7, follower).reply == b""


@pytest.mark.redis
def test_a_claim_that_the_store_took_in_silence_does_not_keep_the_answer(
    make_desk: MakeDesk, mortal_redis: RedisServer, wechat: Sandbox, follower: str, held: Held
) -> None:
    desk = make_desk(on.message("text", held), store_url=mortal_redis.url, **as_account(wechat))
    desk.store.ping()
    mortal_redis.pause()
    with desk.without_waiting():
        assert desk.text("x", 7, follower).result == "promised"
    held.go.set()
    until(desk.liveness.is_unsure)
    mortal_redis.go_on()
    settle(desk)
    assert pushed(wechat, follower) == ["done"]


@pytest.mark.redis
def test_a_retry_that_the_same_process_answers_alone_is_the_answer(
    make_desk: MakeDesk, mortal_redis: RedisServer, wechat: Sandbox, follower: str, held: Held
) -> None:
    desk = make_desk(on.message("text", held, slow=True), store_url=mortal_redis.url, **as_account(wechat))
    desk.clockwork.meanwhile = [mortal_redis.pause]
    assert desk.text("x", 7, follower).result == "no-store"
    held.go.set()
    assert desk.said(desk.text("x", 7, follower)) == "done"
    mortal_redis.go_on()
    settle(desk)
    assert pushed(wechat, follower) == []


@pytest.mark.redis
def test_a_run_that_was_overtaken_brings_nothing(
    make_desk: MakeDesk, mortal_redis: RedisServer, wechat: Sandbox, follower: str
) -> None:
    begun, go = [threading.Event(), threading.Event()], [threading.Event(), threading.Event()]
    runs = iter(range(2))

    def handler(chat: Chat) -> str:
        number = next(runs)
        begun[number].set()
        assert go[number].wait(60)
        return "done"

    desk = make_desk(
        on.message("text", handler), store_url=mortal_redis.url, deadline_seconds=60, **as_account(wechat)
    )
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(desk.text, "x", 7, follower)
        assert begun[0].wait(60)
        message = incoming(desk, follower)
        desk.records.claim(message.key)
        # The second delivery, whose process is killed while it waits.
        desk.late.expect(message, desk.records.runner(message.key) or "")
        mortal_redis.pause()
        third = pool.submit(desk.text, "x", 7, follower)
        assert begun[1].wait(60)
        mortal_redis.go_on()
        until_it_works(desk)
        go[1].set()
        assert desk.said(third.result(60)) == "done"
        go[0].set()
        first.result(60)
    settle(desk)
    assert pushed(wechat, follower) == []


def full_and_gone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """All threads for handlers are taken, and the store fails when a job is to be written."""

    def put(*_: Any, **__: Any) -> None:
        raise StoreError("gone")

    monkeypatch.setattr(desk.parts.chat.threads, "has_room", lambda: False)
    monkeypatch.setattr(desk.outbox, "put", put)


def test_without_a_thread_and_without_a_job_a_handler_runs_as_in_an_outage(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = Held("once")
    handler.go.set()
    desk = make_desk(on.message("text", handler))
    full_and_gone(desk, monkeypatch)
    assert [desk.said(desk.text("x", 7)) for _ in range(2)] == ["once", "once"]
    assert handler.runs == 1


def test_if_too_many_run_even_so_wechat_has_to_deliver_again(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(on.message("text", returns("done")))
    full_and_gone(desk, monkeypatch)
    monkeypatch.setattr("bot.chat.delivery.local_runs._MOST_RUNS", 0)
    answer = desk.text("x", 7)
    assert (answer.result, answer.retry) == ("too-many", True)


def test_an_inline_handler_needs_no_thread(make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = make_desk(on.message("text", returns("done"), inline=True))
    full_and_gone(desk, monkeypatch)
    assert desk.said(desk.text("x", 7)) == "done"
