"""A handler that yields: the first reply is the answer, the others are pushed in order, and what WeChat does
not take waits for the user's next message."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from typing import Any

import pytest

from bot.chat import on
from bot.chat.delivery import several_replies
from bot.chat.delivery.late_answers import TYPING, retried_work
from bot.chat.replies.kinds import Image, Text, Video
from bot.chat.replies.returned import Ask
from bot.chat.router import Chat
from bot.errors import StoreError
from bot.jobs.outbox import JobLost
from tests.account import WORDING
from tests.chat.desk import Desk, MakeDesk, errors, key_of, pushed
from tests.conditions import until
from tests.conftest import Clock, as_account
from tests.launch import Sandbox

SEND = "/cgi-bin/message/custom/send"
MSG_ID = 7


class Gated:
    """A handler that yields values. Each but the first waits until the test opens its gate."""

    def __init__(self, *values: Any) -> None:
        self.values = values
        self.gates = [threading.Event() for _ in values]
        self.gates[0].set()
        self.runs = 0
        self.closed = 0
        self.__name__ = "gated"

    def __call__(self, chat: Chat, *captures: Any) -> Iterator[Any]:
        self.runs += 1
        try:
            for value, gate in zip(self.values, self.gates, strict=True):
                assert gate.wait(60)
                if isinstance(value, Exception):
                    raise value
                yield value
        finally:
            self.closed += 1

    def open(self) -> None:
        for gate in self.gates:
            gate.set()


def yields(*values: Any) -> Gated:
    """Return a handler that yields all values at once."""
    handler = Gated(*values)
    handler.open()
    return handler


def answer_of(desk: Desk, openid: str, text: str = "x", msg_id: int = MSG_ID) -> str | None:
    """Return the answer to a delivery that waits until the job has the first reply."""
    key = key_of(desk, msg_id, openid)

    def is_done() -> bool:
        return (desk.store.get(key) or b"").startswith(b"D")

    desk.clockwork.meanwhile = [lambda: until(is_done)]
    return desk.said(desk.text(text, msg_id, openid))


def late(desk: Desk, openid: str, text: str = "x") -> None:
    """Deliver a message whose deadline passes before its job begins, then perform the job."""
    wake, desk.wake = desk.wake, lambda job_id: None
    assert desk.text(text, MSG_ID, openid).result in ("promised", "retry")
    desk.wake = wake
    desk.perform(key_of(desk, MSG_ID, openid))


def kept(desk: Desk, openid: str) -> list[Any]:
    found = []
    while (reply := desk.conversations.kept(openid, f"m{len(found)}", again=False)) is not None:
        found.append(reply)
    return found


@pytest.fixture
def sendable(wechat: Sandbox) -> dict[str, Any]:
    return as_account(wechat)


# -- each reply when it is ready


def test_the_first_is_the_answer_and_the_others_are_pushed_when_they_are_ready(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, sendable: dict[str, Any]
) -> None:
    handler = Gated("正在查", "一", "二")
    desk = make_desk(on.message("text", handler), **sendable)
    assert answer_of(desk, follower) == "正在查"
    assert pushed(wechat, follower) == []
    handler.gates[1].set()
    until(lambda: pushed(wechat, follower) == ["一"])
    handler.gates[2].set()
    desk.settle()
    assert pushed(wechat, follower) == ["一", "二"]
    assert desk.said(desk.text("x", MSG_ID, follower)) == "正在查", "to a copy of the delivery, too"
    assert (handler.runs, handler.closed) == (1, 1)
    assert desk.outbox.all() == []


def test_the_phone_shows_that_something_is_being_typed_before_a_later_reply(
    make_desk: MakeDesk,
    wechat: Sandbox,
    follower: str,
    sendable: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(several_replies, "_TYPING_AFTER_SECONDS", 0)
    handler = Gated("一", "二")
    desk = make_desk(on.message("text", handler), **sendable)
    assert answer_of(desk, follower) == "一"
    until(lambda: "/cgi-bin/message/custom/typing" in [call["path"] for call in wechat.calls()])
    handler.open()
    desk.settle()
    assert pushed(wechat, follower) == ["二"]


def test_all_are_pushed_if_the_first_comes_after_the_deadline(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, sendable: dict[str, Any]
) -> None:
    desk = make_desk(on.message("text", yields("一", "二", "三")), **sendable)
    late(desk, follower)
    assert pushed(wechat, follower) == ["一", "二", "三"]


def test_an_account_that_may_not_push_answers_with_the_first_and_keeps_the_others_as_one(
    make_desk: MakeDesk, follower: str
) -> None:
    handler = Gated("一", "二", "三")
    desk = make_desk(on.text("x", handler), account_kind="subscription")
    assert answer_of(desk, follower) == "一"
    handler.open()
    desk.settle()
    assert desk.said(desk.text("anything", 8, follower)) == "二\n\n三"
    assert kept(desk, follower) == []
    assert desk.outbox.all() == []


def test_an_account_that_may_not_push_keeps_all_if_the_first_is_late(
    make_desk: MakeDesk, follower: str
) -> None:
    desk = make_desk(on.text("x", yields("一", Image("m"), "二")), account_kind="subscription")
    desk.wake = lambda job_id: None
    results = [desk.text("x", MSG_ID, follower).result for _ in range(3)]
    assert results == ["retry", "retry", "still-working"]
    desk.perform(key_of(desk, MSG_ID, follower))
    assert kept(desk, follower) == [Text("一"), Image("m"), Text("二")], "in order, joined where kinds allow"


def test_values_that_are_no_reply_are_left_out_and_a_return_value_is_the_last(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, sendable: dict[str, Any]
) -> None:
    def handler(chat: Chat) -> Any:
        yield None
        yield "一"
        yield ""
        return "二"

    desk = make_desk(on.message("text", handler), **sendable)
    late(desk, follower)
    assert pushed(wechat, follower) == ["一", "二"]


def test_a_handler_that_yields_nothing_answers_success(make_desk: MakeDesk, follower: str) -> None:
    desk = make_desk(on.message("text", yields(None)))
    desk.clockwork.meanwhile = [desk.settle]
    answer = desk.text("x", MSG_ID, follower)
    assert (answer.reply, answer.result) == (b"", "joined")
    assert desk.outbox.all() == []


def test_a_question_may_be_one_of_the_replies(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, sendable: dict[str, Any]
) -> None:
    def take(chat: Chat, data: dict[str, Any]) -> str:
        return f"你好，{chat.message.content}"

    handler = yields("欢迎", Ask("怎么称呼你？", "name"))
    desk = make_desk(on.answer("name", take), on.text("x", handler), **sendable)
    late(desk, follower)
    assert pushed(wechat, follower) == ["欢迎", "怎么称呼你？"]
    assert desk.said(desk.text("小刚", 8, follower)) == "你好，小刚"


def test_a_kept_answer_comes_with_the_first(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, sendable: dict[str, Any]
) -> None:
    desk = make_desk(on.message("text", yields("一", "二")), **sendable)
    desk.conversations.keep(follower, Text("昨天的"), "s")
    late(desk, follower)
    assert pushed(wechat, follower) == ["昨天的\n\n一", "二"]


def test_a_kept_answer_that_cannot_be_joined_comes_before_the_first(
    make_desk: MakeDesk, follower: str
) -> None:
    desk = make_desk(on.text("x", yields("一", "二")), account_kind="subscription")
    desk.conversations.keep(follower, Image("m"), "s")
    desk.wake = lambda job_id: None
    for _ in range(3):
        desk.text("x", MSG_ID, follower)
    desk.perform(key_of(desk, MSG_ID, follower))
    assert kept(desk, follower) == [Image("m"), Text("一\n\n二")]


def decorated(handler: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(handler)
    def wrapper(chat: Chat) -> Any:
        return handler(chat) if chat.message.content == "x" else "先绑定手机号"

    return wrapper


def test_a_decorator_may_answer_in_place_of_the_handler(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, sendable: dict[str, Any]
) -> None:
    def handler(chat: Chat) -> Iterator[str]:
        yield "一"
        yield "二"

    desk = make_desk(on.message("text", partial(decorated(handler))), **sendable)
    late(desk, follower)
    assert pushed(wechat, follower) == ["一", "二"]
    assert answer_of(desk, follower, "y", 8) == "先绑定手机号"


def test_a_plain_function_that_returns_a_generator_is_told_what_to_write(
    make_desk: MakeDesk, log: pytest.LogCaptureFixture
) -> None:
    desk = make_desk(on.message("text", lambda chat: (text for text in ["一", "二"])))
    assert desk.said(desk.text("x")) == WORDING.sorry
    assert "write yield in the handler itself" in errors(log)[0]


# -- WeChat's limits


def test_after_a_message_five_are_pushed_and_the_rest_waits_for_the_word_for_more(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, sendable: dict[str, Any]
) -> None:
    handler = Gated(*"0123456789")
    desk = make_desk(on.text("x", handler), on.message("text", lambda chat: "an echo"), **sendable)
    assert answer_of(desk, follower) == "0", "an answer does not count"
    handler.open()
    desk.settle()
    assert pushed(wechat, follower) == ["1", "2", "3", "4", f"5\n{WORDING.more_hint}"]
    assert desk.said(desk.text(WORDING.more, 8, follower)) == "6\n\n7\n\n8\n\n9"
    assert desk.said(desk.text(WORDING.more, 9, follower)) == "an echo", "nothing is left"


def test_five_pushes_that_are_all_have_no_hint(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, sendable: dict[str, Any]
) -> None:
    desk = make_desk(on.message("text", yields(*"12345")), **sendable)
    late(desk, follower)
    assert pushed(wechat, follower) == [*"12345"]
    assert kept(desk, follower) == []


def test_after_an_event_three_are_pushed(
    make_desk: MakeDesk, wechat: Sandbox, sendable: dict[str, Any]
) -> None:
    openid = wechat.add_user("小明")
    wechat.subscribe(openid)
    desk = make_desk(on.event("subscribe", yields(*"12345")), **sendable)
    desk.wake = lambda job_id: None
    desk.event("subscribe", openid=openid)
    desk.perform(desk.outbox.all()[0].id)
    assert pushed(wechat, openid) == ["1", "2", f"3\n{WORDING.more_hint}"]
    assert desk.said(desk.text(WORDING.more, 8, openid)) == "4\n\n5"


def test_the_parts_of_a_long_text_count_as_messages(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, sendable: dict[str, Any]
) -> None:
    long = "".join(chr(0x4E00 + n) for n in range(3400))  # five messages
    desk = make_desk(on.text("x", yields("一", long, "二")), **sendable)
    late(desk, follower)
    got = pushed(wechat, follower)
    assert len(got) == 5
    assert got[-1].endswith(WORDING.more_hint)
    shown = "".join(got[1:]).removesuffix(f"\n{WORDING.more_hint}")
    (rest,) = kept(desk, follower)
    assert shown + rest.content == f"{long}\n\n二"


def test_a_fifth_push_that_is_no_text_has_no_hint(
    make_desk: MakeDesk, follower: str, sendable: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(on.text("x", yields("1", "2", "3", "4", Image("m"), Image("n"), "5")), **sendable)
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(desk.parts.base.client, "post", lambda path, data: sent.append(data))
    late(desk, follower)
    messages = [data for data in sent if "msgtype" in data]
    assert [data["msgtype"] for data in messages] == ["text"] * 4 + ["image"]
    assert kept(desk, follower) == [Image("n"), Text("5")]


def test_the_word_for_more_says_that_there_is_even_more(make_desk: MakeDesk, follower: str) -> None:
    desk = make_desk(on.message("text", lambda chat: "an echo"))
    for number, reply in enumerate([Text("一"), Image("m"), Text("二")]):
        desk.conversations.keep(follower, reply, str(number))
    assert desk.said(desk.text(WORDING.more, 8, follower)) == f"一\n{WORDING.more_hint}"
    assert desk.said(desk.text(WORDING.more, 8, follower)) == f"一\n{WORDING.more_hint}"
    assert b"<![CDATA[m]]>" in desk.text(WORDING.more, 9, follower).reply
    assert desk.said(desk.text(WORDING.more, 10, follower)) == "二"


def test_the_word_for_more_gives_the_rest_in_place_of_a_handler_that_yields(
    make_desk: MakeDesk, follower: str
) -> None:
    handler = yields("no")
    desk = make_desk(on.message("text", handler), account_kind="subscription")
    desk.conversations.put_rest(follower, "rest")
    desk.conversations.keep(follower, Text("一"), "s")
    assert answer_of(desk, follower, WORDING.more, 8) == f"rest\n{WORDING.more_hint}"
    assert answer_of(desk, follower, WORDING.more, 9) == "一"
    assert handler.runs == 0


@pytest.mark.parametrize("errcode", [45015, 45047, 48001])
def test_what_wechat_refuses_is_kept_with_all_that_follows(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, sendable: dict[str, Any], errcode: int
) -> None:
    handler = Gated("一", "二", "三", "四")
    desk = make_desk(on.text("x", handler), **sendable)
    assert answer_of(desk, follower) == "一"
    handler.gates[1].set()
    until(lambda: pushed(wechat, follower))
    wechat.faults([{"path": SEND, "errcode": errcode, "count": 1}])
    handler.open()
    desk.settle()
    assert pushed(wechat, follower) == ["二"]
    assert kept(desk, follower) == [Text("三\n\n四")]


def test_a_reply_that_lacks_what_a_push_needs_is_kept_without_a_push(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, sendable: dict[str, Any]
) -> None:
    handler = Gated("一", Video("m"), "三")
    desk = make_desk(on.text("x", handler), **sendable)
    assert answer_of(desk, follower) == "一"
    handler.open()
    desk.settle()
    assert pushed(wechat, follower) == []
    assert kept(desk, follower) == [Video("m"), Text("三")]
    assert [call for call in wechat.calls() if call["path"] == SEND] == []


def test_an_address_that_is_not_on_the_whitelist_is_named(
    make_desk: MakeDesk,
    wechat: Sandbox,
    follower: str,
    sendable: dict[str, Any],
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(several_replies, "_PUSH_PAUSES", ())
    handler = Gated("一", "二")
    desk = make_desk(on.text("x", handler), **sendable)
    wechat.faults([{"path": SEND, "errcode": 40164}])
    assert answer_of(desk, follower) == "一"
    handler.open()
    desk.settle()
    assert sum("whitelist" in line for line in errors(log)) == 1
    assert kept(desk, follower) == [Text("二")]


def test_a_busy_wechat_is_asked_again_without_another_run(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, sendable: dict[str, Any]
) -> None:
    handler = yields("一", "二")
    desk = make_desk(on.text("x", handler), **sendable)
    wechat.faults([{"path": SEND, "errcode": -1, "count": 2}])
    late(desk, follower)
    assert pushed(wechat, follower) == ["一", "二"]
    assert handler.runs == 1


# -- handlers that fail


@pytest.mark.parametrize("push", [True, False])
def test_a_handler_that_fails_after_some_replies_apologises_after_them(
    make_desk: MakeDesk,
    wechat: Sandbox,
    follower: str,
    sendable: dict[str, Any],
    log: pytest.LogCaptureFixture,
    push: bool,
) -> None:
    handler = Gated("一", "二", RuntimeError("secret"))
    desk = make_desk(on.text("x", handler), **sendable | ({} if push else {"account_kind": "subscription"}))
    assert answer_of(desk, follower) == "一"
    handler.open()
    desk.settle()
    if push:
        assert pushed(wechat, follower) == ["二", WORDING.sorry]
    else:
        assert kept(desk, follower) == [Text(f"二\n\n{WORDING.sorry}")]
    (line,) = errors(log)
    assert "gated" in line
    assert "secret" not in line
    assert [(job.state, job.problem) for job in desk.outbox.all()] == [("failed", "RuntimeError")]


def test_an_operator_who_runs_it_again_repeats_no_reply(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, sendable: dict[str, Any]
) -> None:
    handler = Gated("一", "二", RuntimeError())
    desk = make_desk(on.text("x", handler), **sendable)
    assert answer_of(desk, follower) == "一"
    handler.open()
    desk.settle()
    handler.values = ("一", "二", "三")
    key = key_of(desk, MSG_ID, follower)
    assert desk.outbox.retry(key, retried_work)
    desk.perform(key)
    assert pushed(wechat, follower) == ["二", WORDING.sorry, "三"]
    assert desk.outbox.all() == []


def test_a_reply_that_is_kept_after_an_apology_was_taken_is_not_lost(
    make_desk: MakeDesk, follower: str
) -> None:
    handler = yields(RuntimeError())
    desk = make_desk(on.text("x", handler), account_kind="subscription")
    key = key_of(desk, MSG_ID, follower)
    desk.wake = lambda job_id: None
    for _ in range(3):
        desk.text("x", MSG_ID, follower)
    desk.perform(key)
    assert kept(desk, follower) == [Text(WORDING.sorry)]
    handler.values = ("一",)
    assert desk.outbox.retry(key, retried_work)
    desk.perform(key)
    assert kept(desk, follower) == [Text("一")]


def test_a_handler_that_never_ends_is_closed_after_twenty_replies(
    make_desk: MakeDesk, follower: str, log: pytest.LogCaptureFixture
) -> None:
    closed = []

    def endless(chat: Chat) -> Iterator[str]:
        try:
            while True:
                yield "一"
        finally:
            closed.append(True)

    desk = make_desk(on.text("x", endless), account_kind="subscription")
    late(desk, follower)
    (reply,) = kept(desk, follower)
    assert reply.content.count("一") == 20
    assert closed == [True]
    assert errors(log) == ["[handle] handler test_several_replies.endless ended after 20 replies"]


def test_a_handler_that_fails_while_it_is_closed_costs_no_reply(
    make_desk: MakeDesk,
    wechat: Sandbox,
    follower: str,
    sendable: dict[str, Any],
    log: pytest.LogCaptureFixture,
) -> None:
    def stubborn(chat: Chat) -> Iterator[str]:
        for _ in range(20):
            yield "一"
        try:
            yield "one too many"
        except GeneratorExit:
            yield "and it does not end"

    desk = make_desk(on.text("x", stubborn), **sendable)
    late(desk, follower)
    assert len(pushed(wechat, follower)) == 5
    assert len(kept(desk, follower)) == 1
    assert "stubborn ended after 20 replies" in errors(log)[0]
    assert "stubborn failed while it was closed: RuntimeError" in errors(log)[1]


def test_a_user_who_unsubscribes_in_the_middle_gets_no_more(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, sendable: dict[str, Any]
) -> None:
    handler = Gated("一", "二", "三")
    desk = make_desk(on.text("x", handler), on.event("unsubscribe", lambda chat: None), **sendable)
    assert answer_of(desk, follower) == "一"
    handler.gates[1].set()
    until(lambda: pushed(wechat, follower) == ["二"])
    desk.event("unsubscribe", openid=follower)
    handler.open()
    desk.settle()
    assert pushed(wechat, follower) == ["二"]
    assert handler.closed == 1
    assert desk.outbox.all() == []
    assert kept(desk, follower) == []


def test_a_handler_that_kills_its_workers_is_given_up_after_what_it_has_said(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, sendable: dict[str, Any]
) -> None:
    handler = Gated("一", "二", JobLost())  # ends the run as a SIGKILL would, for the job
    handler.open()
    desk = make_desk(on.text("x", handler), **sendable)
    desk.wake = lambda job_id: None
    desk.text("x", MSG_ID, follower)
    key = key_of(desk, MSG_ID, follower)
    job = desk.outbox.claim(key)
    assert job is not None
    for _ in range(4):
        desk.outbox.give_back(key)
        job = desk.outbox.claim(key)
    assert job is not None
    desk.outbox.note(job, number=2, late=True, said=None)
    desk.outbox.give_back(key)
    desk.perform(key)
    assert handler.runs == 0
    assert pushed(wechat, follower) == [WORDING.sorry]


# -- kills at every step


STEPS = 60


@pytest.mark.parametrize("store", ["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
@pytest.mark.parametrize("first", ["in time", "late"])
@pytest.mark.parametrize("push", [True, False], ids=["push", "no push"])
def test_a_kill_at_any_step_loses_no_reply_and_repeats_none_but_for_the_one_window(
    make_desk: MakeDesk,
    wechat: Sandbox,
    sendable: dict[str, Any],
    request: pytest.FixtureRequest,
    clock: Clock,
    push: bool,
    first: str,
    store: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The job's thread is killed before its first call of the store, before its second, and so on."""
    settings = dict(sendable)
    if store == "redis":
        settings["store_url"] = request.getfixturevalue("redis_server").url
    if not push:
        settings["account_kind"] = "subscription"
    answers: dict[str, str | None] = {}

    def handler(chat: Chat) -> Iterator[str]:
        yield "一"
        if first == "in time" and chat.openid not in answers:  # a retry of the delivery comes now
            with ThreadPoolExecutor(1) as pool:  # not in the thread that is killed
                answers[chat.openid] = desk.said(pool.submit(desk.text, "x", MSG_ID, chat.openid).result())
        yield "二"
        yield "三"

    desk = make_desk(on.text("x", handler), **settings)
    desk.wake = lambda job_id: None
    killed_at: int | None = None
    was_push = False

    def killer(name: str) -> Callable[..., Any]:
        real = getattr(desk.store, name)

        def call(*args: Any) -> Any:
            nonlocal killed_at
            if threading.current_thread().name == "job" and killed_at is not None:
                if killed_at == 0:
                    killed_at = None
                    raise JobLost
                killed_at -= 1
            return real(*args)

        return call

    for name in ("swap", "add", "discard"):
        monkeypatch.setattr(desk.store, name, killer(name))
    step = desk.outbox.step

    def stepped(job: Any, act: Callable[[], object], **work: Any) -> Any:
        """Tell whether the kill came between a push and its note: the one window."""
        nonlocal was_push
        before = killed_at
        try:
            return step(job, act, **work)
        except JobLost:
            was_push = before is not None
            raise

    monkeypatch.setattr(desk.outbox, "step", stepped)
    windows = 0
    for number in range(STEPS):
        openid = wechat.add_user(f"u{number}", subscribed=True)
        wechat.send(openid, content="hi")
        key = key_of(desk, MSG_ID, openid)
        result = desk.text("x", MSG_ID, openid)
        if first == "in time":  # its promise is taken back: a delivery still waits
            desk.store.put(key, b"Q", 900)
        elif not push:
            assert result.result == "retry"
            desk.store.put(key, b"P", 900)
        killed_at, was_push = number + 1, False  # the first write is the claim
        desk.perform(key)
        was_killed = killed_at is None
        killed_at = None
        for _ in range(3):
            desk.outbox.give_back(key)
            desk.perform(key)
            clock.advance(31)
        got = [answers[openid] or ""] if openid in answers else []
        got += pushed(wechat, openid) if push else [reply.content for reply in kept(desk, openid)]
        shown = "".join(got).replace("\n", "")
        if was_push:
            windows += 1
            assert len(got) == 4, got
            assert "".join(dict.fromkeys(shown)) == "一二三", got
        else:
            assert shown == "一二三", (number, got)
        assert [job for job in desk.outbox.all() if job.kind != TYPING] == []
        if not was_killed:
            break
    else:
        pytest.fail("the run has more steps than this test kills")
    assert number > 5
    assert windows == (0 if not push else 2 if first == "in time" else 3)


def test_a_store_that_fails_in_the_middle_costs_no_reply(
    make_desk: MakeDesk, wechat: Sandbox, sendable: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call fails, and the store works again when the process makes its postponed writes."""
    desk = make_desk(on.text("x", yields("一", "二", "三")), **sendable)
    desk.wake = lambda job_id: None
    left: int | None = None
    swap = desk.store.swap

    def flicker(*args: Any) -> bool:
        nonlocal left
        if left is not None and threading.current_thread().name == "job":
            if left == 0:
                left = None
                raise StoreError("gone")
            left -= 1
        return swap(*args)

    monkeypatch.setattr(desk.store, "swap", flicker)
    for number in range(1, 12):
        openid = wechat.add_user(f"u{number}", subscribed=True)
        wechat.send(openid, content="hi")
        desk.text("x", MSG_ID, openid)
        key = key_of(desk, MSG_ID, openid)
        left = number
        desk.perform(key)
        left = None
        desk.liveness.settle()
        desk.perform(key)
        assert pushed(wechat, openid) == ["一", "二", "三"], number


def test_without_the_store_all_replies_are_one_answer(
    make_desk: MakeDesk, follower: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(on.text("x", yields("一", "二", Image("m"))), on.message("text", lambda chat: None))

    def refuse(*args: Any) -> Any:
        raise StoreError("gone")

    with monkeypatch.context() as patch:
        for name in ("together", "get", "add", "swap", "put"):
            patch.setattr(desk.store, name, refuse)
        assert desk.said(desk.text("x", MSG_ID, follower)) == "一\n\n二"
    desk.liveness.settle()
    assert b"<![CDATA[m]]>" in desk.text("hello", 8, follower).reply
