"""Ordered routes: one user's messages are handled one after the other, and nothing that ends a message early
holds up those behind it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.chat import on
from bot.chat.delivery.late_answers import retried_work
from bot.chat.delivery.local_runs import LocalRuns
from bot.chat.delivery.ordered_messages import OrderedMessages
from bot.chat.router import Chat
from bot.chat.wire import messages, xml
from bot.chat.wire.messages import Incoming
from bot.errors import StoreError
from tests.account import WORDING
from tests.chat.deliveries import message
from tests.chat.delivery.test_several_replies import Gated
from tests.chat.desk import Desk, MakeDesk, errors, key_of, pushed
from tests.conditions import until
from tests.conftest import Clock, as_account
from tests.launch import Sandbox

ALICE, BOB = "oAlice", "oBob"


class Turns:
    """A handler that notes each message when it begins and when it ends, and waits until it may `go` on."""

    def __init__(self) -> None:
        self.noted: list[str] = []
        self.go: dict[str, threading.Event] = {}
        self.__name__ = "turns"

    def __call__(self, chat: Chat) -> str:
        text = str(chat.message.content)
        self.noted.append(f"{text} begins")
        assert self.go.setdefault(text, threading.Event()).wait(60)
        self.noted.append(f"{text} ends")
        if text.startswith("bad"):
            raise RuntimeError
        return f"done {text}"

    def let(self, *texts: str) -> None:
        for text in texts:
            self.go.setdefault(text, threading.Event()).set()


@pytest.fixture
def turns() -> Any:
    turns = Turns()
    yield turns
    for event in turns.go.values():
        event.set()


def ordered_desk(make_desk: MakeDesk, handler: Any, **settings: Any) -> Desk:
    return make_desk(on.message("text", handler, ordered=True), **settings)


def incoming(desk: Desk, msg_id: int, openid: str = ALICE, created: int = 1662522877) -> Incoming:
    inner = f"<Content>m</Content><MsgId>{msg_id}</MsgId>"
    body = message("text", inner, account=desk.wechat.config.original_id, openid=openid, created=created)
    return messages.read(xml.parse(body.encode()))


def line(desk: Desk, openid: str) -> bytes | None:
    return desk.store.get(f"ordered:{openid}")


def test_the_messages_of_one_user_take_turns_and_other_users_do_not_wait(
    make_desk: MakeDesk, turns: Turns
) -> None:
    desk = ordered_desk(make_desk, turns)
    desk.text("a1", 1, ALICE)
    until(lambda: turns.noted == ["a1 begins"])
    desk.text("a2", 2, ALICE)
    desk.text("a3", 3, ALICE)
    turns.let("b1")
    desk.text("b1", 4, BOB)
    until(lambda: turns.noted[1:] == ["b1 begins", "b1 ends"])
    turns.let("a3", "a1")
    until(lambda: turns.noted[-1] == "a2 begins")
    turns.let("a2")
    desk.settle()
    until(lambda: turns.noted[-1] == "a3 ends")
    assert [one for one in turns.noted if one.startswith("a")] == [
        f"{name} {what}" for name in ("a1", "a2", "a3") for what in ("begins", "ends")
    ]
    desk.settle()
    assert (line(desk, ALICE), line(desk, BOB)) == (None, None)


def test_a_waiting_message_has_no_thread_and_is_no_try(
    make_desk: MakeDesk, turns: Turns, clock: Clock
) -> None:
    desk = ordered_desk(make_desk, turns)
    desk.text("a1", 1, ALICE)
    until(lambda: turns.noted == ["a1 begins"])
    desk.text("a2", 2, ALICE)
    waiting = key_of(desk, 2, ALICE)
    until(lambda: desk.runner._running == [key_of(desk, 1, ALICE)])
    for _ in range(20):  # more often than a job is tried
        clock.advance(60)
        if waiting in desk.outbox.overdue():
            desk.runner.take(waiting)
            until(lambda: desk.runner._running == [key_of(desk, 1, ALICE)])
    job = desk.outbox.get(waiting)
    assert job is not None
    assert (job.state, job.tries) == ("waiting", 0)
    turns.let("a1", "a2")
    until(lambda: turns.noted[-1] == "a2 ends")


def test_the_order_is_that_of_the_replies_too(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, turns: Turns
) -> None:
    desk = ordered_desk(make_desk, turns, **as_account(wechat))
    for number in (1, 2, 3):
        assert desk.text(f"a{number}", number, follower).result == "promised"
    turns.let("a3", "a2", "a1")
    until(lambda: len(pushed(wechat, follower)) == 3)
    assert pushed(wechat, follower) == ["done a1", "done a2", "done a3"]


def test_a_message_that_fails_does_not_hold_up_the_next_one(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, turns: Turns
) -> None:
    desk = ordered_desk(make_desk, turns, **as_account(wechat))
    desk.text("bad", 1, follower)
    desk.text("a2", 2, follower)
    turns.let("bad", "a2")
    until(lambda: len(pushed(wechat, follower)) == 2)
    desk.settle()
    assert pushed(wechat, follower) == [WORDING.sorry, "done a2"]
    assert [job.state for job in desk.outbox.all() if job.kind == "run"] == ["failed"]


@pytest.mark.parametrize("how", ["failed", "gone", "unreadable"])
def test_a_job_that_ended_without_leaving_its_line_gives_up_its_place(
    make_desk: MakeDesk, turns: Turns, how: str, clock: Clock
) -> None:
    """Its process was killed between the two, or it was given up before it began."""
    desk = ordered_desk(make_desk, turns)
    desk.wake = lambda job_id: None
    desk.text("a1", 1, ALICE)
    desk.text("a2", 2, ALICE)
    first, second = key_of(desk, 1, ALICE), key_of(desk, 2, ALICE)
    desk.perform(second)
    assert turns.noted == [], "it is not its turn"
    job = desk.outbox.claim(first)
    assert job is not None
    if how == "failed":
        desk.outbox.fail(job, "KeyError")
    elif how == "gone":
        desk.outbox.done(job)
    else:
        desk.store.put(f"job:{first}", b"{}", 900)
    turns.let("a2")
    clock.advance(5)
    assert second in desk.outbox.overdue()
    desk.perform(second)
    assert turns.noted == ["a2 begins", "a2 ends"]


def test_a_killed_process_keeps_the_place_of_its_message(
    make_desk: MakeDesk, turns: Turns, wechat: Sandbox, follower: str
) -> None:
    desk = ordered_desk(make_desk, turns, **as_account(wechat))
    desk.wake = lambda job_id: None
    desk.text("a1", 1, follower)
    desk.text("a2", 2, follower)
    first, second = key_of(desk, 1, follower), key_of(desk, 2, follower)
    assert desk.outbox.claim(first)  # by a process that is killed now
    turns.let("a1", "a2")
    desk.perform(second)
    assert turns.noted == []
    desk.outbox.give_back(first)
    desk.wake = desk.runner.take
    desk.perform(first)
    until(lambda: pushed(wechat, follower) == ["done a1", "done a2"])


def test_a_wake_that_comes_too_soon_is_not_lost(
    make_desk: MakeDesk, turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first message ends after the second one has looked, and before the second one waits."""
    desk = ordered_desk(make_desk, turns)
    desk.text("a1", 1, ALICE)
    until(lambda: turns.noted == ["a1 begins"])
    put_back, second, woken = desk.outbox.put_back, key_of(desk, 2, ALICE), list[str]()

    def wake(job_id: str) -> None:
        desk.runner.take(job_id)
        woken.append(job_id)

    def end_first(*args: Any) -> None:
        turns.let("a1")
        until(lambda: woken.count(second) == 2)  # by its delivery, and by the first message
        until(lambda: desk.runner._running.count(second) == 1)  # the second wake has found it running
        put_back(*args)

    desk.wake = wake

    monkeypatch.setattr(desk.outbox, "put_back", end_first)
    turns.let("a2")
    desk.text("a2", 2, ALICE)
    until(lambda: turns.noted[-1] == "a2 ends")


def test_a_message_that_arrives_late_goes_before_those_that_were_sent_after_it(make_desk: MakeDesk) -> None:
    desk = ordered_desk(make_desk, lambda chat: None)
    ordered = OrderedMessages(desk.store, desk.outbox)
    sent = [incoming(desk, number, created=1000 + number) for number in range(4)]
    for one in sent:
        assert desk.outbox.put(one.key, "run", {})
    for number in (1, 0, 3, 2):
        assert ordered.enter(sent[number])
    assert [ordered.ahead(one) for one in sent] == [1, 0, 2, 3], "the first may have begun"


def test_a_user_with_a_hundred_waiting_messages_gets_an_apology(
    make_desk: MakeDesk, turns: Turns, log: pytest.LogCaptureFixture
) -> None:
    desk = ordered_desk(make_desk, turns)
    desk.wake = lambda job_id: None
    ordered = OrderedMessages(desk.store, desk.outbox)
    for number in range(100, 200):
        one = incoming(desk, number)
        assert desk.outbox.put(one.key, "run", {"fields": one.fields})
        assert ordered.enter(one)
    assert desk.said(desk.text("a1", 1, ALICE)) == WORDING.sorry
    assert desk.outbox.get(key_of(desk, 1, ALICE)) is None
    assert "turns" in errors(log)[0]
    assert desk.text("b1", 2, BOB).result != "reply", "other users are not concerned"


def test_an_operator_who_runs_a_failed_message_again_puts_it_behind_the_others(
    make_desk: MakeDesk, turns: Turns, wechat: Sandbox, follower: str
) -> None:
    desk = ordered_desk(make_desk, turns, **as_account(wechat))
    desk.text("bad", 1, follower)
    turns.let("bad")
    until(lambda: pushed(wechat, follower) == [WORDING.sorry])
    desk.settle()
    desk.text("a2", 2, follower)
    until(lambda: turns.noted[-1] == "a2 begins")
    key = key_of(desk, 1, follower)
    assert desk.outbox.retry(key, retried_work)
    desk.runner.take(key)
    turns.let("a2")
    until(lambda: len(turns.noted) == 6)
    assert turns.noted[2:] == ["a2 begins", "a2 ends", "bad begins", "bad ends"]


def test_a_user_who_unsubscribes_has_no_line_any_more(make_desk: MakeDesk, turns: Turns) -> None:
    desk = make_desk(on.event("unsubscribe", lambda chat: None), on.message("text", turns, ordered=True))
    desk.wake = lambda job_id: None
    desk.text("a1", 1, ALICE)
    assert line(desk, ALICE)
    desk.event("unsubscribe", openid=ALICE)
    assert line(desk, ALICE) is None
    assert desk.outbox.all() == []


def test_a_store_that_fails_at_the_end_of_a_turn_does_not_stop_the_line(
    make_desk: MakeDesk,
    turns: Turns,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    wechat: Sandbox,
    follower: str,
) -> None:
    desk = ordered_desk(make_desk, turns, **as_account(wechat))
    desk.wake = lambda job_id: None
    desk.text("a1", 1, follower)
    desk.text("a2", 2, follower)

    def fail(*args: Any) -> None:
        raise StoreError("gone")

    turns.let("a1", "a2")
    with monkeypatch.context() as patch:
        patch.setattr(OrderedMessages, "leave", fail)
        desk.perform(key_of(desk, 1, follower))
    desk.perform(key_of(desk, 2, follower))
    assert pushed(wechat, follower) == ["done a1", "done a2"]


def test_without_the_store_each_process_handles_the_messages_of_one_user_in_turn(
    make_desk: MakeDesk, turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = ordered_desk(make_desk, turns)

    def refuse(*args: Any) -> Any:
        raise StoreError("gone")

    for name in ("together", "get", "add", "swap", "put"):
        monkeypatch.setattr(desk.store, name, refuse)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(desk.text, "a1", 1, ALICE)
        until(lambda: turns.noted == ["a1 begins"])
        second = pool.submit(desk.text, "a2", 2, ALICE)
        until(lambda: len(desk.runs._lines[ALICE]) == 2)
        turns.let("b1", "a2")
        assert desk.said(desk.text("b1", 3, BOB)) == "done b1"
        turns.let("a1")
        assert [desk.said(answer.result(60)) for answer in (first, second)] == ["done a1", "done a2"]
    assert [one for one in turns.noted if one.startswith("a")][1] == "a1 ends"
    assert desk.runs._lines == {}


def test_without_the_store_the_line_of_one_user_is_short() -> None:
    """Each message that waits for its turn takes a thread."""
    runs = LocalRuns()

    def one_more(openid: str) -> bool:
        with runs.turn(openid) as may_run:
            return may_run

    with ThreadPoolExecutor(19) as pool:
        with runs.turn(ALICE) as may_run:
            assert may_run
            waiting = [pool.submit(one_more, ALICE) for _ in range(19)]
            until(lambda: len(runs._lines[ALICE]) == 20)
            assert not one_more(ALICE)
            assert one_more(BOB)
        assert all(one.result(60) for one in waiting)
    assert one_more(ALICE)


def test_a_handler_that_yields_keeps_its_turn_until_its_last_reply(
    make_desk: MakeDesk, wechat: Sandbox, follower: str
) -> None:
    handler = Gated("一", "二")
    handler.gates[0].clear()
    desk = ordered_desk(make_desk, handler, **as_account(wechat))
    desk.text("x", 1, follower)
    desk.text("x", 2, follower)
    handler.gates[0].set()
    until(lambda: pushed(wechat, follower) == ["一"])
    assert handler.runs == 1
    handler.gates[1].set()
    until(lambda: len(pushed(wechat, follower)) == 4)
    assert pushed(wechat, follower) == ["一", "二", "一", "二"]
