"""One run, one answer, in time or late: with a real store, and the sandbox as the WeChat that answers are
pushed to. Handlers are held by events and waiting costs no time, so every overlap is made on purpose."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.chat import on
from bot.chat.delivery.late_answers import owner_of
from bot.chat.delivery.retry_timing import SERIES_SECONDS
from bot.chat.replies.kinds import Article, Image, News, Text
from bot.chat.replies.returned import Ask, Picture
from bot.chat.router import Chat, Route, Visit
from bot.server import greenlets
from tests import on_loop
from tests.account import WORDING
from tests.chat.deliveries import OPENID
from tests.chat.desk import (
    TALK,
    Held,
    Killed,
    MakeDesk,
    be_killed,
    begun_elsewhere,
    echo,
    errors,
    key_of,
    pushed,
    returns,
)
from tests.conditions import until
from tests.conftest import Clock, StartWeChat, as_account
from tests.launch import Sandbox

# -- one run


both = pytest.mark.parametrize("late_answers", ["push", "keep"])


class Panic(BaseException):
    """What an extension in Rust raises when it panics."""


def test_three_deliveries_of_a_message_are_one_run_and_three_equal_answers(make_desk: MakeDesk) -> None:
    handler = Held("once")
    handler.go.set()
    desk = make_desk(on.message("text", handler))
    answers = [desk.text("x", msg_id=7) for _ in range(3)]
    assert [desk.said(answer) for answer in answers] == ["once"] * 3
    assert [answer.attempt for answer in answers] == [1, 2, 3]
    assert handler.runs == 1
    assert desk.said(desk.text("x", msg_id=8)) == "once"
    assert handler.runs == 2


def test_a_message_without_a_route_is_answered_with_nothing(make_desk: MakeDesk) -> None:
    desk = make_desk(on.text("a", returns("x")))
    assert desk.text("b").reply == b""
    assert desk.event("debug_demo").reply == b""
    assert desk.deliver(desk.wechat.message("sticker", "<MsgId>1</MsgId>")).reply == b""


def test_a_retry_during_the_run_joins_it_and_gets_its_reply(make_desk: MakeDesk, held: Held) -> None:
    desk = make_desk(on.message("text", held))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(desk.text, "x", 7)
        assert held.begun.wait(60)
        desk.clockwork.meanwhile = [lambda: None, held.go.set, lambda: first.result(60)]
        second = desk.text("x", 7)
    assert desk.said(second) == desk.said(first.result()) == "done"
    assert (second.result, second.attempt, held.runs) == ("joined", 2, 1)


def test_quick_messages_pass_slow_ones(make_desk: MakeDesk, held: Held) -> None:
    desk = make_desk(on.text("slow", held, slow=True), on.message("text", echo), late_answers="push")
    assert desk.text("slow").result == "promised"
    assert desk.said(desk.text("quick")) == "echo quick"
    assert not held.go.is_set()


# -- late answers: pushed


def test_a_late_answer_is_promised_and_pushed_once(
    make_desk: MakeDesk, held: Held, wechat: Sandbox, follower: str
) -> None:
    desk = make_desk(on.message("text", held, slow=True), **as_account(wechat))
    first = desk.text("x", 7, follower)
    assert (first.reply, first.result, first.retry) == (b"", "promised", False)
    assert 4.0 <= desk.clockwork.now <= 4.9, "WeChat hangs up soon after"
    retry = desk.text("x", 7, follower)
    assert (retry.reply, retry.retry) == (b"", False)
    held.go.set()
    desk.settle()
    assert pushed(wechat, follower) == ["done"]
    assert desk.text("x", 7, follower).reply == b""
    assert held.runs == 1


def test_a_handler_that_turns_out_slow_is_pushed_all_the_same(
    make_desk: MakeDesk, held: Held, wechat: Sandbox, follower: str
) -> None:
    desk = make_desk(on.message("text", held), **as_account(wechat))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(desk.text, "x", 7, follower)
        assert held.begun.wait(60)
        second = desk.text("x", 7, follower)  # WeChat has hung up on the first and tries again
        assert (second.reply, second.result) == (b"", "promised")
        assert desk.clockwork.now < 2.75, "an answer in its last second would make the third pass for a copy"
        held.go.set()
        assert first.result(60).reply == b""
    desk.settle()
    assert pushed(wechat, follower) == ["done"]


def test_a_long_late_answer_is_pushed_whole(
    make_desk: MakeDesk, held: Held, wechat: Sandbox, follower: str
) -> None:
    held.result = "长" * 1000
    desk = make_desk(on.message("text", held, slow=True), **as_account(wechat))
    desk.text("x", openid=follower)
    held.go.set()
    desk.settle()
    assert "".join(pushed(wechat, follower)) == held.result


def test_half_a_character_in_a_late_answer_is_left_out(
    make_desk: MakeDesk, held: Held, wechat: Sandbox, follower: str
) -> None:
    held.result = "half \ud83d of it"
    desk = make_desk(on.message("text", held, slow=True), **as_account(wechat))
    desk.text("x", openid=follower)
    held.go.set()
    desk.settle()
    assert pushed(wechat, follower) == ["half  of it"]


def test_a_slow_handler_that_fails_late_says_sorry_late(
    make_desk: MakeDesk, held: Held, wechat: Sandbox, follower: str, log: pytest.LogCaptureFixture
) -> None:
    held.result = ValueError("private")
    desk = make_desk(on.message("text", held, slow=True), **as_account(wechat))
    desk.text("x", openid=follower)
    held.go.set()
    desk.settle()
    assert pushed(wechat, follower) == [WORDING.sorry]
    assert len(errors(log)) == 1


def test_a_late_answer_that_wechat_refuses_waits_for_the_next_message(
    make_desk: MakeDesk, held: Held, wechat: Sandbox, log: pytest.LogCaptureFixture
) -> None:
    stranger = wechat.add_user("路人")  # no follower: 45015 or the like
    desk = make_desk(on.text("slow", held, slow=True), on.message("text", echo), **as_account(wechat))
    desk.text("slow", openid=stranger)
    held.go.set()
    desk.settle()
    assert pushed(wechat, stranger) == []
    assert desk.said(desk.text("hi", openid=stranger)) == "done\n\necho hi"
    assert desk.said(desk.text("hi", openid=stranger)) == "echo hi"


def test_a_slow_answer_in_time_is_a_passive_reply(
    make_desk: MakeDesk, held: Held, wechat: Sandbox, follower: str
) -> None:
    desk = make_desk(on.message("text", held, slow=True), **as_account(wechat))
    desk.clockwork.meanwhile = [lambda: None, held.go.set, desk.settle]
    assert desk.said(desk.text("x", openid=follower)) == "done"
    assert pushed(wechat, follower) == []


# -- a run that ends after WeChat has hung up


def test_a_reply_after_wechat_has_hung_up_is_pushed_if_no_delivery_takes_it(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, clock: Clock
) -> None:
    """The processes of the waiting deliveries were killed before they could promise the reply."""

    def slow(chat: Chat) -> str:
        desk.clockwork.sleep(6)
        return "done"

    desk = make_desk(on.message("text", slow), **as_account(wechat))
    desk.wake = lambda job_id: None
    answer = desk.text("x", 7, follower)
    assert (answer.reply, answer.retry) == (b"", True)
    key = key_of(desk, 7, follower)
    desk.perform(key)
    assert pushed(wechat, follower) == [], "a delivery may be waiting"
    clock.advance(2)
    desk.perform(key)
    assert pushed(wechat, follower) == ["done"]
    assert desk.text("x", 7, follower).reply == b""
    assert desk.outbox.all() == []


@both
def test_a_reply_after_wechat_has_hung_up_is_the_answer_of_the_next_delivery(
    make_desk: MakeDesk, late_answers: str, clock: Clock
) -> None:
    runs = []

    def slow(chat: Chat) -> str:
        runs.append(chat.message.id)
        desk.clockwork.sleep(6)
        return "done"

    desk = make_desk(on.message("text", slow), late_answers=late_answers)
    desk.wake = lambda job_id: None
    assert desk.text("x", 7).retry
    assert [desk.said(desk.text("x", 7)) for _ in range(2)] == ["done", "done"]
    clock.advance(6)
    for job_id in desk.outbox.overdue():
        desk.perform(job_id)
    assert desk.outbox.all() == []
    assert len(runs) == 1


@pytest.mark.parametrize("slow", [True, False], ids=["as a job", "in its request"])
def test_a_reply_whose_three_connections_were_closed_comes_with_the_next_message(
    make_desk: MakeDesk, slow: bool
) -> None:
    desk = make_desk(on.text("x", echo, slow=slow), on.message("text", echo))
    for _ in range(3):
        desk.clockwork.meanwhile = [desk.settle]
        answer = desk.text("x", 7, closed=True)
        assert (answer.result, answer.reply) == ("hung-up", b"") or answer.attempt > 1
    assert desk.said(desk.text("hi", 8)) == "echo x\n\necho hi"
    assert desk.said(desk.text("hi", 9)) == "echo hi"


@pytest.mark.parametrize("slow", [True, False], ids=["as a job", "in its request"])
def test_a_reply_whose_connection_was_closed_is_pushed_once(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, clock: Clock, slow: bool
) -> None:
    desk = make_desk(on.text("x", echo, slow=slow), on.message("text", echo), **as_account(wechat))
    desk.clockwork.meanwhile = [desk.settle]
    assert desk.text("x", 7, follower, closed=True).result == "hung-up"
    desk.settle()
    clock.advance(6)
    for job_id in desk.outbox.overdue():
        desk.perform(job_id)
    assert pushed(wechat, follower) == ["echo x"]
    assert desk.text("x", 7, follower).reply == b""
    assert desk.outbox.all() == []


# -- late answers: kept


def test_what_no_delivery_could_give_comes_with_the_next_message(make_desk: MakeDesk) -> None:
    def slow(chat: Chat) -> str:
        desk.clockwork.sleep(6)
        return "done"

    desk = make_desk(on.text("slow", slow), on.message("text", echo))
    assert desk.text("slow", 7).retry
    assert desk.said(desk.text("hi", 8)) == "done\n\necho hi"
    assert desk.text("slow", 7).reply == b"", "and not once more"
    assert desk.said(desk.text("hi", 9)) == "echo hi"


def test_the_third_delivery_leaves_the_run_of_the_dead_to_a_job(
    make_desk: MakeDesk, held: Held, clock: Clock
) -> None:
    """The process that ran the handler was killed, and then the one that took it over."""
    desk = make_desk(on.text("slow", held), on.message("text", echo))
    key = key_of(desk, 7)
    desk.store.put(key, b"Rdead", 60)
    desk.store.count(f"{key}:retries", 60)
    third = desk.text("slow", 7)
    assert (third.attempt, desk.said(third)) == (3, WORDING.still_working)
    assert desk.clockwork.now < 4.6, "in time for WeChat"
    held.go.set()
    desk.settle()
    assert desk.said(desk.text("hi", 8)) == "done\n\necho hi"


def test_without_the_right_to_push_the_third_try_says_still_working_and_the_answer_is_kept(
    make_desk: MakeDesk, held: Held
) -> None:
    desk = make_desk(on.text("slow", held, slow=True), on.message("text", echo))
    first, second = desk.text("slow", 7), desk.text("slow", 7)
    assert [(answer.retry, answer.reply) for answer in (first, second)] == [(True, b"")] * 2
    assert desk.clockwork.now >= 2 * 5.0, "to be tried again, a try must outwait WeChat's 5 s"
    assert desk.said(desk.text("slow", 7)) == WORDING.still_working
    held.go.set()
    desk.settle()
    assert desk.said(desk.text("hi")) == "done\n\necho hi"
    assert desk.said(desk.text("hi")) == "echo hi"
    assert held.runs == 1


def test_an_answer_ready_by_the_second_try_is_its_reply(make_desk: MakeDesk, held: Held) -> None:
    desk = make_desk(on.message("text", held, slow=True))
    assert desk.text("slow", 7).retry
    desk.clockwork.meanwhile = [held.go.set, desk.settle]
    assert desk.said(desk.text("slow", 7)) == "done"


def test_for_whom_nothing_is_kept_the_store_is_not_asked_again(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(on.message("text", lambda chat: "hello"))
    monkeypatch.setattr(desk.store, "get", None)
    assert desk.said(desk.text("hi")) == "hello"


def test_a_kept_answer_comes_with_the_reply_of_a_job_too(make_desk: MakeDesk) -> None:
    desk = make_desk(on.message("text", echo, slow=True))
    desk.conversations.keep(OPENID, Text("kept"), "a message")
    desk.clockwork.meanwhile = [desk.settle]
    assert desk.said(desk.text("x")) == "kept\n\necho x"


def test_a_kept_answer_is_not_lost_with_the_process_that_was_about_to_give_it(make_desk: MakeDesk) -> None:
    desk = make_desk(on.message("text", echo), late_answers="keep")
    desk.conversations.keep(OPENID, Text("kept"), "a message")
    key = key_of(desk, 7)
    desk.store.put(key, b"Rdead", 60)
    assert desk.conversations.kept(OPENID, key, again=False) == Text("kept")
    desk.clockwork.meanwhile = [desk.settle]
    assert desk.said(desk.text("x", 7)) == "kept\n\necho x"


def test_a_kept_answer_waits_for_a_message_not_an_event(make_desk: MakeDesk) -> None:
    desk = make_desk(on.event("CLICK", returns("clicked")), on.message("text", returns(None)))
    desk.conversations.keep(OPENID, Text("kept"), "a message")
    assert desk.said(desk.event("CLICK", "<EventKey>a</EventKey>")) == "clicked"
    assert desk.said(desk.text("x")) == "kept"


def test_a_kept_text_and_a_new_picture_come_one_after_the_other(make_desk: MakeDesk) -> None:
    desk = make_desk(on.text("picture", returns(Image("m"))), on.message("text", returns(None)))
    desk.conversations.keep(OPENID, Text("kept"), "a message")
    assert desk.said(desk.text("picture")) == "kept"
    assert desk.wechat.read(desk.text("more").reply).findtext("Image/MediaId") == "m"


# -- handlers that fail


def test_a_failing_handler_is_logged_once_and_the_user_gets_an_answer(
    make_desk: MakeDesk, log: pytest.LogCaptureFixture
) -> None:
    desk = make_desk(on.message("text", returns(RuntimeError("the user wrote: private words"))))
    first = desk.text("private words", msg_id=7)
    assert desk.said(first) == WORDING.sorry
    assert not first.retry
    assert desk.said(desk.text("private words", msg_id=7)) == WORDING.sorry
    (line,) = errors(log)
    assert "desk.handler" in line
    assert "RuntimeError" in line
    assert "private words" not in log.text
    assert "\n" not in line
    assert all(record.exc_info is None for record in log.records), "no traceback"


WRONG = [
    pytest.param(1, id="a number"),
    pytest.param({"text": "x"}, id="a dict"),
    pytest.param([1], id="a list of other things"),
    pytest.param([Article("t")] * 9, id="nine articles"),
    pytest.param(Text(1), id="Text of a number"),  # type: ignore[arg-type]
    pytest.param(Image(None), id="Image of None"),  # type: ignore[arg-type]
    pytest.param([Article(None)], id="Article of None"),  # type: ignore[arg-type]
    pytest.param(News((1,)), id="News of a number"),  # type: ignore[arg-type]
    pytest.param(Ask(1, "next"), id="Ask with a wrong reply"),
    pytest.param(Ask("?", "next", {"a": object()}), id="Ask with data that is no JSON"),
    pytest.param(Ask("?", "nowhere"), id="Ask for an answer that no route takes"),
    pytest.param(Picture("no-such-file.png", "t"), id="Picture of no file"),
]


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("result", WRONG)
def test_a_wrong_return_value_is_an_error_naming_the_handler_and_sorry_for_the_user(
    make_desk: MakeDesk, log: pytest.LogCaptureFixture, result: Any, slow: bool
) -> None:
    desk = make_desk(on.message("text", returns(result), slow=slow), on.answer("next", echo))
    if slow:
        desk.clockwork.meanwhile = [desk.settle]
    assert desk.said(desk.text("x", msg_id=7)) == WORDING.sorry
    assert desk.said(desk.text("x", msg_id=7)) == WORDING.sorry, "a retry does not run it again"
    (line,) = errors(log)
    assert "desk.handler" in line


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize(
    "error", [SystemExit, asyncio.CancelledError, KeyboardInterrupt, GeneratorExit, Panic]
)
def test_a_handler_that_raises_what_is_no_exception_has_failed(
    make_desk: MakeDesk, log: pytest.LogCaptureFixture, error: type[BaseException], slow: bool
) -> None:
    """argparse, on what a user typed, exits. Extensions in Rust panic."""

    def leaves(chat: Chat) -> None:
        raise error("private words")

    desk = make_desk(on.message("text", leaves, slow=slow))
    if slow:
        desk.clockwork.meanwhile = [desk.settle]
    assert desk.said(desk.text("x", msg_id=7)) == WORDING.sorry
    assert desk.said(desk.text("x", msg_id=7)) == WORDING.sorry, "a retry does not run it again"
    (line,) = errors(log)
    assert f"handler test_answer.leaves: raised {error.__name__} at {__file__}" in line
    assert "private words" not in log.text


def test_on_the_loop_too_but_a_delivery_that_is_cut_off_ends(make_desk: MakeDesk, held: Held) -> None:
    def leaves(chat: Chat) -> None:
        raise asyncio.CancelledError

    desk = make_desk(on.text("leave", leaves), on.message("text", held))

    async def on_the_loop() -> None:
        assert desk.said(await greenlets.run(desk.text, "leave")) == WORDING.sorry
        delivery = asyncio.create_task(greenlets.run(desk.text, "x", 7))
        while not held.begun.is_set():
            await asyncio.sleep(0)
        delivery.cancel()
        with pytest.raises(asyncio.CancelledError):
            await delivery

    on_loop.run(on_the_loop())
    assert desk.store.get(key_of(desk, 7)) == b"R" + desk.liveness.me.encode()


def broken_match(visit: Visit) -> None:
    raise ValueError("private words")


def panicking_match(visit: Visit) -> None:
    raise Panic("private words")


def test_a_match_function_that_panics_is_an_answer_too(
    make_desk: MakeDesk, log: pytest.LogCaptureFixture
) -> None:
    desk = make_desk(Route(panicking_match, echo))
    assert desk.said(desk.text("x")) == WORDING.sorry
    assert "Panic" in errors(log)[0]
    assert "private words" not in log.text


def test_a_match_function_that_fails_is_logged_and_the_user_gets_an_answer(
    make_desk: MakeDesk, log: pytest.LogCaptureFixture
) -> None:
    desk = make_desk(Route(broken_match, echo, slow=True))
    assert desk.said(desk.text("x", msg_id=7)) == WORDING.sorry
    assert desk.said(desk.text("x", msg_id=7)) == WORDING.sorry
    (line,) = errors(log)
    assert "ValueError at " in line
    assert "broken_match" in line
    assert "private words" not in log.text


def test_so_does_the_user_of_a_run_whose_process_has_died(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(Route(broken_match, echo), **as_account(wechat))
    claim, promised = desk.outbox.claim, threading.Event()
    monkeypatch.setattr(desk.outbox, "claim", lambda job_id: promised.wait(60) and claim(job_id))
    desk.store.put(key_of(desk, 7, follower), b"Rdead", 60)
    assert desk.text("x", 7, follower).reply == b"", "a second try: its run is a job"
    promised.set()
    desk.settle()
    assert pushed(wechat, follower) == [WORDING.sorry]
    assert [job.problem for job in desk.outbox.all()] == ["ValueError"]


@both
def test_a_run_whose_process_dies_with_all_who_wait_for_it_has_a_job(
    make_desk: MakeDesk, late_answers: str
) -> None:
    desk = make_desk(on.message("text", returns("echo")), late_answers=late_answers)
    key = begun_elsewhere(desk, 7)
    desk.clockwork.meanwhile = [be_killed]
    with pytest.raises(Killed):
        desk.text("x", msg_id=7)
    assert desk.outbox.claim(key) is None, "its process is alive"
    desk.store.delete("alive:other")
    assert desk.outbox.claim(key) is not None


@both
def test_a_run_that_ends_well_leaves_no_job(make_desk: MakeDesk, late_answers: str) -> None:
    desk = make_desk(on.message("text", returns("echo")), late_answers=late_answers)
    key = begun_elsewhere(desk, 7)
    done = b'D{"at": 1, "answered": 1, "reply": {"kind": "Text", "content": "echo"}}'
    desk.clockwork.meanwhile = [lambda: desk.store.put(key, done, 60)]
    assert desk.said(desk.text("x", msg_id=7)) == "echo"
    assert desk.outbox.all() == []


def test_a_question_that_could_not_be_put_is_not_open(make_desk: MakeDesk) -> None:
    desk = make_desk(
        on.answer("name", returns("nice name")),
        on.text("go", returns(Ask(1, "name"))),  # type: ignore[arg-type]
        on.message("text", returns("echo")),
    )
    assert desk.said(desk.text("go", msg_id=1)) == WORDING.sorry
    assert desk.said(desk.text("x", msg_id=2)) == "echo"


@pytest.mark.parametrize("text", ["\x00\x1d", "\ud800"])
def test_a_text_with_nothing_left_to_show_is_no_reply(make_desk: MakeDesk, text: str) -> None:
    """WeChat takes an empty Content for a fault and shows its grey line."""
    desk = make_desk(on.message("text", returns(text)))
    assert desk.text("x").reply == b""


def test_control_characters_in_a_reply_are_dropped(make_desk: MakeDesk) -> None:
    desk = make_desk(on.message("text", returns("a\x00]]>\x1db")))
    assert desk.said(desk.text("x")) == "a]]>b"


# -- long texts


def test_a_long_text_is_given_in_parts_until_all_of_it_is_there(make_desk: MakeDesk) -> None:
    long = "".join(chr(0x4E00 + n) for n in range(1900))  # 5700 bytes
    desk = make_desk(on.text("long", returns(long)), on.message("text", echo))
    got = []
    answer = desk.text("long")
    for _ in range(10):
        content = desk.said(answer) or ""
        assert len(content.encode()) <= 2048
        hint = "\n" + WORDING.more_hint
        got.append(content.removesuffix(hint))
        if not content.endswith(hint):
            break
        answer = desk.text(f" {WORDING.more} ")
    assert "".join(got) == long
    assert len(got) == 3
    assert desk.said(desk.text(WORDING.more)) == f"echo {WORDING.more}", "nothing is left: an ordinary text"


def test_a_text_of_exactly_the_limit_is_not_cut(make_desk: MakeDesk) -> None:
    exact, over = "x" * 2048, "x" * 2049
    desk = make_desk(on.text("exact", returns(exact)), on.text("over", returns(over)))
    assert desk.said(desk.text("exact")) == exact
    assert (desk.said(desk.text("over")) or "").endswith(WORDING.more_hint)


def test_a_retry_of_the_word_for_more_does_not_skip_a_part(make_desk: MakeDesk) -> None:
    desk = make_desk(on.text("long", returns("一" * 1500)))
    desk.text("long")
    first = desk.text(WORDING.more, msg_id=99)
    assert desk.text(WORDING.more, msg_id=99).reply == first.reply


# -- pictures


QR = Picture("wx_qr_code.png", "扫码")


def uploads(wechat: Sandbox) -> int:
    return sum(call["path"] == "/cgi-bin/media/upload" for call in wechat.calls())


def test_a_picture_is_uploaded_once(make_desk: MakeDesk, wechat: Sandbox) -> None:
    desk = make_desk(on.message("text", returns(QR)), **as_account(wechat))
    media = {desk.wechat.read(desk.text("x").reply).findtext("Image/MediaId") for _ in range(3)}
    assert len(media) == 1
    assert None not in media
    assert uploads(wechat) == 1


def test_a_picture_is_uploaded_anew_before_wechat_forgets_it(
    make_desk: MakeDesk, wechat: Sandbox, clock: Clock
) -> None:
    clock.now = wechat.state()["clock"]["now"]
    desk = make_desk(on.message("text", returns(QR)), **as_account(wechat))
    desk.text("x")
    clock.advance(3 * 86400 - 60)
    wechat.clock(3 * 86400 - 60)
    desk.text("x")
    assert uploads(wechat) == 2


def test_a_picture_becomes_a_link_where_the_account_may_not_upload(
    make_desk: MakeDesk, start_wechat: StartWeChat
) -> None:
    wechat = start_wechat("--account-kind", "service")
    desk = make_desk(on.message("text", returns(QR)), **as_account(wechat))
    reply = desk.wechat.read(desk.text("x").reply)
    assert reply.findtext("MsgType") == "news"
    assert reply.findtext("Articles/item/Title") == "扫码"
    assert reply.findtext("Articles/item/PicUrl") == "https://bot.example.com/static/wx_qr_code.png"


def test_a_picture_becomes_a_link_where_wechat_cannot_be_reached(make_desk: MakeDesk) -> None:
    desk = make_desk(on.message("text", returns(QR)))
    assert desk.wechat.read(desk.text("x").reply).findtext("MsgType") == "news"


# -- conversation


def test_a_handler_can_ask_and_get_the_users_next_message(make_desk: MakeDesk) -> None:
    desk = make_desk(*TALK)
    assert desk.said(desk.text("start")) == "你叫什么？"
    assert desk.said(desk.text("else", openid="oOther")) == "echo else"
    assert desk.said(desk.text("小明")) == "name: 小明"
    assert desk.said(desk.text("小明")) == "echo 小明"


def test_of_two_messages_at_once_one_is_the_answer(make_desk: MakeDesk) -> None:
    desk = make_desk(*TALK)
    for _ in range(10):
        desk.text("start")
        start = threading.Barrier(2)

        def send(start: threading.Barrier = start) -> str | None:
            start.wait()
            return desk.said(desk.text("x"))

        with ThreadPoolExecutor(2) as pool:
            said = [task.result() for task in [pool.submit(send), pool.submit(send)]]
        assert sorted(str(text) for text in said) == ["echo x", "name: x"]


def test_a_question_lapses_with_its_lifetime(make_desk: MakeDesk, clock: Clock) -> None:
    desk = make_desk(*TALK)
    desk.text("start")
    clock.advance(600)
    assert desk.said(desk.text("小明")) == "echo 小明"


def test_unsubscribing_deletes_what_was_kept_about_the_user(make_desk: MakeDesk) -> None:
    desk = make_desk(*TALK, on.event("unsubscribe", returns(None)))
    desk.text("start")
    desk.conversations.keep(OPENID, Text("kept"), "a message")
    assert desk.event("unsubscribe").reply == b""
    assert desk.said(desk.text("小明")) == "echo 小明"


@pytest.mark.parametrize("slow", [False, True])
def test_unsubscribing_strikes_out_the_users_jobs(
    make_desk: MakeDesk, held: Held, clock: Clock, slow: bool
) -> None:
    """They hold what the user wrote: failed ones for a week."""
    held.result = ValueError()
    desk = make_desk(
        on.text("slow", held, slow=True),
        on.text("fails", returns(ValueError()), slow=True),
        on.event("unsubscribe", returns(None), slow=slow),
    )
    for openid in (OPENID, "oOther"):
        desk.text("slow", openid=openid)
        desk.text("fails", openid=openid)
    desk.clockwork.meanwhile = [lambda: until(desk.outbox.all, lambda jobs: len(jobs) == 2)]
    assert desk.event("unsubscribe").reply == b""
    held.go.set()
    desk.settle()
    clock.advance(SERIES_SECONDS)
    for job_id in desk.outbox.overdue():  # the apology, which no delivery has used yet
        desk.perform(job_id)
    assert [(owner_of(job), job.state) for job in desk.outbox.all()] == [("oOther", "failed")] * 2


@pytest.mark.parametrize(
    "routes", [(), (on.event("unsubscribe", returns(RuntimeError())),)], ids=["no handler", "failing handler"]
)
def test_unsubscribing_deletes_it_whatever_the_handlers_do(
    make_desk: MakeDesk, routes: tuple[Route, ...]
) -> None:
    desk = make_desk(*TALK, *routes)
    desk.text("start")
    assert desk.conversations.asked(OPENID)
    desk.event("unsubscribe")
    assert desk.conversations.asked(OPENID) is None
