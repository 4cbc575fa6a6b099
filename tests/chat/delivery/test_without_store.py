"""Answers while the store is gone, and after: with a real Redis that is killed and started again."""

import contextlib
import functools
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from bot.chat import on
from bot.chat.delivery import local_runs
from bot.chat.delivery.answer import Answer
from bot.chat.delivery.record import State
from bot.chat.replies.kinds import Text
from bot.chat.router import Chat
from bot.errors import StoreError
from tests.account import WORDING
from tests.chat.deliveries import OPENID
from tests.chat.desk import TALK, Desk, Held, MakeDesk, begun_elsewhere, echo, errors, key_of, pushed, returns
from tests.conditions import until
from tests.conftest import Clock, RedisServer, as_account
from tests.launch import Sandbox

pytestmark = [pytest.mark.redis, pytest.mark.slow]


def until_it_works(desk: Desk) -> None:
    def works() -> bool:
        with contextlib.suppress(StoreError):
            desk.store.ping()
            return True
        return False

    until(works)


def settle(desk: Desk) -> None:
    """The next beat does what is owed."""
    until_it_works(desk)
    desk.liveness.settle()
    desk.settle()


def test_a_message_is_answered_though_the_store_is_gone(
    make_desk: MakeDesk, mortal_redis: RedisServer, log: pytest.LogCaptureFixture
) -> None:
    desk = make_desk(*TALK, on.event("subscribe", returns("welcome")), store_url=mortal_redis.url)
    assert desk.said(desk.text("a")) == "echo a"
    mortal_redis.kill()
    assert desk.said(desk.event("subscribe")) == "welcome"
    assert desk.said(desk.text("b")) == "echo b"
    assert errors(log), "the operator must hear of it"
    mortal_redis.start()
    assert desk.said(desk.text("c")) == "echo c"


def test_a_slow_message_is_answered_though_the_store_is_gone(
    make_desk: MakeDesk, mortal_redis: RedisServer, held: Held
) -> None:
    held.go.set()
    desk = make_desk(on.message("text", held, slow=True), store_url=mortal_redis.url)
    mortal_redis.kill()
    assert desk.said(desk.text("x")) == "done"


def test_a_store_that_comes_back_during_the_run_does_not_cost_the_answer(
    make_desk: MakeDesk, mortal_redis: RedisServer
) -> None:
    def revive(chat: Chat) -> str:
        mortal_redis.start()
        return "done"

    desk = make_desk(on.message("text", revive), store_url=mortal_redis.url)
    mortal_redis.kill()
    assert desk.said(desk.text("x")) == "done"


def test_a_retry_gets_the_same_answer_and_no_second_run(
    make_desk: MakeDesk, mortal_redis: RedisServer, held: Held
) -> None:
    held.go.set()
    desk = make_desk(on.message("text", held), store_url=mortal_redis.url)
    mortal_redis.kill()
    assert [desk.said(desk.text("x", 7)) for _ in range(2)] == ["done"] * 2
    mortal_redis.start()
    settle(desk)
    assert desk.said(desk.text("x", 7)) == "done"
    assert held.runs == 1


def test_what_comes_too_late_is_pushed_once_the_store_is_back(
    make_desk: MakeDesk, mortal_redis: RedisServer, wechat: Sandbox, follower: str, held: Held
) -> None:
    desk = make_desk(on.message("text", held), store_url=mortal_redis.url, **as_account(wechat))
    mortal_redis.kill()
    with desk.without_waiting():
        assert desk.text("x", 7, follower).result == "promised"
        assert desk.text("x", 7, follower).result == "promised"
    held.go.set()
    until(desk.liveness.is_unsure)
    mortal_redis.start()
    settle(desk)
    assert held.runs == 1
    assert pushed(wechat, follower) == ["done"]
    assert desk.text("x", 7, follower).reply == b""


def test_what_ends_after_the_store_is_back_is_pushed_too(
    make_desk: MakeDesk, mortal_redis: RedisServer, wechat: Sandbox, follower: str, held: Held
) -> None:
    desk = make_desk(on.message("text", held), store_url=mortal_redis.url, **as_account(wechat))
    with desk.without_waiting():
        mortal_redis.kill()
        assert desk.text("x", 7, follower).result == "promised"
        mortal_redis.start()
        assert desk.text("x", 7, follower).result == "promised"
    held.go.set()
    until(desk.liveness.is_unsure)
    settle(desk)
    assert (held.runs, pushed(wechat, follower)) == (1, ["done"])


def test_what_was_promised_without_the_store_is_pushed_unless_wechat_asks_again(
    make_desk: MakeDesk, mortal_redis: RedisServer, wechat: Sandbox, follower: str, held: Held
) -> None:
    desk = make_desk(on.message("text", held, slow=True), store_url=mortal_redis.url, **as_account(wechat))
    for runs, msg_id in ((1, 7), (2, 8)):
        begun = functools.partial(until, lambda: held.runs, lambda count, runs=runs: count == runs)
        desk.clockwork.meanwhile = [begun, mortal_redis.pause]
        assert desk.text("x", msg_id, follower).result == "no-store"
        mortal_redis.go_on()
        until_it_works(desk)
    held.go.set()
    desk.settle()
    assert desk.said(desk.text("x", 8, follower)) == "done"
    settle(desk)
    assert (held.runs, pushed(wechat, follower)) == (2, ["done"])


@contextlib.contextmanager
def begun_without_the_store(desk: Desk, redis: RedisServer, held: Held) -> Iterator[Future[Answer]]:
    """A delivery whose handler has begun without the store, which works again now."""
    redis.kill()
    with ThreadPoolExecutor(1) as pool:
        delivery = pool.submit(desk.text, "x", 7)
        assert held.begun.wait(60)
        redis.start()
        until_it_works(desk)
        yield delivery


def test_of_two_replies_the_one_that_was_there_first_is_given(
    make_desk: MakeDesk, mortal_redis: RedisServer, held: Held
) -> None:
    desk = make_desk(on.message("text", held), store_url=mortal_redis.url, deadline_seconds=60)
    key = key_of(desk, 7)
    with begun_without_the_store(desk, mortal_redis, held) as delivery:
        desk.store.put(key, b'D{"at": 1, "answered": 1, "reply": {"kind": "Text", "content": "first"}}', 60)
        held.go.set()
        assert desk.said(delivery.result(60)) == "first"


def test_a_reply_without_the_store_overtakes_a_run_that_began_with_it(
    make_desk: MakeDesk, mortal_redis: RedisServer, held: Held
) -> None:
    desk = make_desk(on.message("text", held), store_url=mortal_redis.url, deadline_seconds=60)
    with begun_without_the_store(desk, mortal_redis, held) as delivery:
        key = begun_elsewhere(desk, 7)
        held.go.set()
        assert desk.said(delivery.result(60)) == "done"
    claim = desk.records.look(key, 3)
    assert (claim.state, claim.reply) == (State.DONE, Text("done"))


def test_where_nothing_can_be_pushed_the_third_try_is_told_to_wait(
    make_desk: MakeDesk, mortal_redis: RedisServer, held: Held, clock: Clock
) -> None:
    desk = make_desk(
        on.text("long", held),
        on.message("text", echo),
        store_url=mortal_redis.url,
        account_kind="subscription-unverified",
    )
    mortal_redis.kill()
    fresh = desk.wechat.message(
        "text", "<Content>long</Content><MsgId>7</MsgId>", OPENID, created=int(clock())
    )
    with desk.without_waiting():
        tries = [desk.deliver(fresh) for _ in range(3)]
    assert [answer.retry for answer in tries] == [True, True, False]
    assert desk.said(tries[2]) == WORDING.still_working
    held.go.set()
    until(desk.liveness.is_unsure)
    mortal_redis.start()
    settle(desk)
    assert held.runs == 1
    assert desk.said(desk.text("next", 8)) == "done\n\necho next"


def test_the_outage_is_said_once_however_many_messages_come(
    make_desk: MakeDesk, mortal_redis: RedisServer, log: pytest.LogCaptureFixture
) -> None:
    desk = make_desk(*TALK, store_url=mortal_redis.url)
    mortal_redis.kill()
    for _ in range(5):
        desk.text("x", openid=OPENID)
    assert len(errors(log)) == 1


def test_there_is_an_end_to_threads(
    make_desk: MakeDesk, mortal_redis: RedisServer, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_runs, "_MOST_RUNS", 2)
    desk = make_desk(on.message("text", held), store_url=mortal_redis.url)
    mortal_redis.kill()
    with desk.without_waiting():
        results = [desk.text("x", number).result for number in (1, 2, 3)]
    assert results == ["still-working", "still-working", "too-many"]
    held.go.set()
    until(lambda: not desk.runs.under_way)
    assert desk.said(desk.text("x", 4)) == "done"


class Seen(dict[str, local_runs.Run]):
    """Runs, and which of them were looked at in a row."""

    def items(self) -> Any:
        self.looked_at = list[str]()
        for key, run in super().items():
            self.looked_at.append(key)
            yield key, run


def test_a_run_is_forgotten_when_wechat_does_not_ask_again_and_only_the_oldest_are_looked_at(
    clock: Clock,
) -> None:
    runs = local_runs.LocalRuns(clock)
    seen = runs._runs = Seen()
    for n in range(100):
        run = runs.begin(f"m{n}", lambda: None)
        assert run is not None
        runs.wait(run, 60)
        clock.advance(1)
    assert runs.find("m70") is None
    assert seen.looked_at == [f"m{n}" for n in range(72)]
    assert runs.find("m71") is not None
    assert seen.looked_at == ["m71"]
