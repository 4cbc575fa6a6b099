"""How an answer comes late: steps that are noted, refusals that are kept, jobs that nobody needs any more."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import pytest

from bot.chat import on
from bot.chat.delivery.late_answers import DELIVER, EXPECTED, RUN, TYPING, retried_work
from bot.chat.replies.kinds import Music, Reply, Text, Video
from bot.chat.replies.stored import to_json
from bot.chat.replies.text_limit import pieces
from bot.chat.wire import messages, xml
from bot.chat.wire.messages import Incoming
from bot.errors import StoreError
from bot.jobs.outbox import JobLost
from tests.account import WORDING
from tests.chat.desk import Desk, Held, Killed, MakeDesk, be_killed, echo, pushed
from tests.conftest import NOWHERE, Clock, as_account
from tests.launch import Sandbox
from tests.short_timeout import shorten_timeout

SEND = "/cgi-bin/message/custom/send"


def message(desk: Desk, openid: str, text: str = "x", msg_id: int = 7) -> Incoming:
    return messages.read(xml.parse(desk.wechat.text(text, msg_id, openid).encode()))


def put_reply(desk: Desk, openid: str, reply: Reply, msg_id: int = 7) -> str:
    incoming = message(desk, openid, msg_id=msg_id)
    work = {"fields": incoming.fields, "reply": to_json(reply), "late": True}
    assert desk.outbox.put(incoming.key, DELIVER, work)
    return incoming.key


def test_a_successor_pushes_only_the_pieces_that_are_missing(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(on.message("text", echo), **as_account(wechat))
    long = "".join(chr(0x4E00 + n) for n in range(1900))  # three pieces
    key = put_reply(desk, follower, Text(long))
    note, noted = desk.outbox.note, list[int]()

    def die_after_the_first(job: object, **work: object) -> object:
        if noted:
            raise StoreError("killed here")
        noted.append(1)
        return note(job, **work)  # type: ignore[arg-type]

    # The process dies when it has pushed the second piece and before it has noted that: the one window.
    monkeypatch.setattr(desk.outbox, "note", die_after_the_first)
    desk.perform(key)
    monkeypatch.undo()
    job = desk.outbox.get(key)
    assert job is not None
    assert job.work["sent"] == 1
    desk.outbox.give_back(key)
    desk.perform(key)
    got = pushed(wechat, follower)
    assert got[0] + got[1] + "".join(got[3:]) == long
    assert got[1] == got[2], "only what was not noted comes twice"
    assert desk.outbox.get(key) is None


@pytest.mark.parametrize("errcode", [45015, 45047, 48001, 40003])
def test_what_wechat_refuses_for_good_is_kept(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, errcode: int
) -> None:
    desk = make_desk(on.message("text", echo), **as_account(wechat))
    wechat.faults([{"path": SEND, "errcode": errcode}])
    desk.perform(put_reply(desk, follower, Text("late")))
    assert pushed(wechat, follower) == []
    assert desk.said(desk.text("hi", 8, follower)) == "late\n\necho hi"
    assert desk.outbox.all() == []


def test_the_pieces_that_do_not_fit_the_window_are_kept(
    make_desk: MakeDesk, wechat: Sandbox, follower: str
) -> None:
    """WeChat takes five messages for one of the user's: a very long answer has more."""
    desk = make_desk(on.message("text", echo), **as_account(wechat))
    long = "".join(chr(0x4E00 + n) for n in range(4500))  # seven pieces
    desk.perform(put_reply(desk, follower, Text(long)))
    assert len(pushed(wechat, follower)) == 5
    rest = desk.conversations.kept(follower, "another message", again=False)
    assert isinstance(rest, Text)
    assert "".join(pushed(wechat, follower)) + rest.content == long


@pytest.mark.parametrize("errcode", [-1, 40164, 45009, 45011])
def test_what_wechat_refuses_for_now_is_tried_again(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, clock: Clock, errcode: int
) -> None:
    desk = make_desk(on.message("text", echo), **as_account(wechat))
    wechat.faults([{"path": SEND, "errcode": errcode, "count": 1}])
    key = put_reply(desk, follower, Text("late"))
    desk.perform(key)
    assert pushed(wechat, follower) == []
    assert desk.outbox.overdue() == []
    clock.advance(2)
    assert desk.outbox.overdue() == [key]
    desk.perform(key)
    assert pushed(wechat, follower) == ["late"]


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 502}, {"delay": 2}, {"status": 200}], ids=str)
def test_a_push_that_was_sent_and_not_answered_is_not_made_again_but_kept(
    make_desk: MakeDesk,
    wechat: Sandbox,
    follower: str,
    fault: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """WeChat may have taken it."""
    desk = make_desk(on.message("text", echo), **as_account(wechat))
    if "delay" in fault:
        shorten_timeout(monkeypatch, SEND)
    wechat.faults([{"path": SEND, **fault, "count": 1}])
    desk.perform(put_reply(desk, follower, Text("late")))
    assert desk.outbox.all() == []
    assert desk.conversations.kept(follower, "next", again=False) == Text("late")


def test_a_push_for_which_there_was_no_connection_is_made_again(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(on.message("text", echo), **as_account(wechat))
    desk.parts.base.client.access_token  # noqa: B018  fetched while WeChat can be reached
    key = put_reply(desk, follower, Text("late"))
    with monkeypatch.context() as patch:
        patch.setattr(desk.parts.base.client, "API_BASE_URL", f"{NOWHERE}/")
        desk.perform(key)
    desk.perform(key)
    assert pushed(wechat, follower) == ["late"]


def test_a_push_that_is_never_taken_is_kept_after_four_tries(
    make_desk: MakeDesk, wechat: Sandbox, follower: str
) -> None:
    desk = make_desk(on.message("text", echo), **as_account(wechat))
    wechat.faults([{"path": SEND, "errcode": -1}])
    key = put_reply(desk, follower, Text("late"))
    for _ in range(4):
        desk.perform(key)
    assert desk.outbox.get(key) is None
    assert desk.conversations.kept(follower, "next", again=False) == Text("late")


def whitelist_errors(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log.records if "IP whitelist" in record.getMessage()]


@pytest.mark.parametrize("path", [SEND, "/cgi-bin/stable_token"])
def test_an_address_that_is_not_on_the_whitelist_is_named_once_in_an_outage(
    make_desk: MakeDesk,
    wechat: Sandbox,
    follower: str,
    clock: Clock,
    log: pytest.LogCaptureFixture,
    path: str,
) -> None:
    """The whitelist may refuse the push itself, or the fetch of its token."""
    desk = make_desk(on.message("text", echo), **as_account(wechat))
    wechat.faults([{"path": path, "errcode": 40164}])
    keys = [put_reply(desk, follower, Text(f"late {number}"), number) for number in (7, 8)]
    for _ in range(2):
        for key in keys:
            desk.perform(key)
    (line,) = whitelist_errors(log)
    assert "Add 127.0.0.1 to the IP whitelist" in line
    assert pushed(wechat, follower) == []
    wechat.faults([])
    clock.advance(10)
    for key in keys:
        desk.perform(key)
    assert sorted(pushed(wechat, follower)) == ["late 7", "late 8"]
    wechat.faults([{"path": SEND, "errcode": 40164}])
    desk.perform(put_reply(desk, follower, Text("late"), 9))
    assert len(whitelist_errors(log)) == 2, "a new outage"


@pytest.mark.parametrize("reply", [Video("m"), Music("th")], ids=repr)
def test_a_reply_that_lacks_what_a_push_needs_is_kept(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, reply: Reply
) -> None:
    desk = make_desk(on.message("text", echo), **as_account(wechat))
    desk.perform(put_reply(desk, follower, reply))
    assert desk.outbox.all() == []
    assert [call["path"] for call in wechat.calls() if call["path"] == SEND] == []
    assert desk.conversations.kept(follower, "next", again=False) == reply


def test_a_job_whose_route_is_gone_ends_with_an_apology(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, log: pytest.LogCaptureFixture
) -> None:
    """A deploy has renamed the handler while its job was waiting."""
    desk = make_desk(on.message("text", echo), **as_account(wechat))
    incoming = message(desk, follower)
    work = {"fields": incoming.fields, "place": "old.name#0", "captures": [], "late": True}
    assert desk.outbox.put(incoming.key, RUN, work)
    desk.perform(incoming.key)
    assert pushed(wechat, follower) == [WORDING.sorry]
    assert [(job.state, job.problem) for job in desk.outbox.all()] == [("failed", "its route is gone")]
    assert "no route old.name#0 any more" in log.text


def test_a_run_that_was_expected_and_has_ended_is_not_run_again(
    make_desk: MakeDesk, held: Held, follower: str
) -> None:
    held.go.set()
    desk = make_desk(on.message("text", held))
    desk.text("x", 7, follower)
    incoming = message(desk, follower)
    assert desk.outbox.put(incoming.key, EXPECTED, {"fields": incoming.fields}, owner="dead")
    desk.perform(incoming.key)
    assert held.runs == 1
    assert desk.outbox.all() == []


def test_a_run_that_was_expected_of_a_dead_process_is_run_before_it_is_promised(
    make_desk: MakeDesk, held: Held, follower: str
) -> None:
    """The delivery that wrote the job was held up before it could promise the reply."""
    held.go.set()
    desk = make_desk(on.message("text", held))
    incoming = message(desk, follower)
    desk.store.add(incoming.key, b"Rdead", 900)
    assert desk.outbox.put(incoming.key, EXPECTED, {"fields": incoming.fields}, owner="dead")
    desk.perform(incoming.key)
    assert held.runs == 1
    assert desk.said(desk.text("x", 7, follower)) == "done"


def test_a_run_that_was_to_be_promised_to_the_last_try_is_pushed(
    make_desk: MakeDesk, held: Held, wechat: Sandbox, follower: str
) -> None:
    """The same, where a push needs no further delivery: there may be none."""
    held.go.set()
    desk = make_desk(on.message("text", held), **as_account(wechat))
    incoming = message(desk, follower)
    desk.store.add(incoming.key, b"Rdead", 900)
    assert desk.outbox.put(incoming.key, EXPECTED, {"fields": incoming.fields}, owner="dead")
    desk.perform(incoming.key)
    assert held.runs == 1
    assert pushed(wechat, follower) == ["done"]
    assert desk.said(desk.text("x", 7, follower)) is None


@pytest.mark.parametrize("how", ["slow route", "took over from the dead"])
def test_a_reply_in_time_is_pushed_if_the_waiting_delivery_was_killed(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, clock: Clock, how: str
) -> None:
    """It may have been WeChat's last delivery of this message."""
    desk = make_desk(on.message("text", echo, slow=how == "slow route"), **as_account(wechat))
    desk.wake = lambda job_id: None
    key = message(desk, follower).key
    if how != "slow route":
        desk.store.put(key, b"Rdead", 60)
    desk.clockwork.meanwhile = [be_killed]
    with pytest.raises(Killed):
        desk.text("x", 7, follower)
    desk.perform(key)
    assert pushed(wechat, follower) == [], "a delivery may still wait for it"
    clock.advance(2)
    assert desk.outbox.overdue() == [key]
    desk.perform(key)
    assert pushed(wechat, follower) == ["echo x"]
    assert desk.text("x", 7, follower).reply == b"", "and not as an answer as well"
    assert desk.outbox.all() == []


@pytest.mark.parametrize("first", ["a retry", "the next message"])
def test_a_reply_in_time_that_no_delivery_used_is_kept_where_it_cannot_be_pushed(
    make_desk: MakeDesk, follower: str, first: str
) -> None:
    """Whichever comes first gets it."""
    desk = make_desk(on.text("x", echo, slow=True), on.message("text", echo), account_kind="subscription")
    desk.wake = lambda job_id: None
    key = message(desk, follower).key
    desk.clockwork.meanwhile = [be_killed]
    with pytest.raises(Killed):
        desk.text("x", 7, follower)
    desk.perform(key)
    if first == "a retry":
        assert [desk.said(desk.text("x", 7, follower)) for _ in range(2)] == ["echo x", "echo x"]
        assert desk.said(desk.text("hi", 8, follower)) == "echo hi"
    else:
        assert desk.said(desk.text("hi", 8, follower)) == "echo x\n\necho hi"
        assert desk.said(desk.text("x", 7, follower)) is None
    assert desk.outbox.all() == []


def test_a_reply_that_a_delivery_used_is_not_pushed(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, clock: Clock
) -> None:
    """The delivery is one that waited, or a retry 5 s after the delivery that was killed."""
    desk = make_desk(on.message("text", echo, slow=True), **as_account(wechat))
    desk.wake = lambda job_id: None
    killed, waited = (message(desk, follower, text, msg_id).key for text, msg_id in (("x", 7), ("y", 8)))
    desk.clockwork.meanwhile = [be_killed]
    with pytest.raises(Killed):
        desk.text("x", 7, follower)
    desk.perform(killed)
    clock.advance(5)
    assert desk.said(desk.text("x", 7, follower)) == "echo x"
    desk.clockwork.meanwhile = [lambda: desk.perform(waited)]
    assert desk.said(desk.text("y", 8, follower)) == "echo y"
    assert len(desk.outbox.all()) == 2
    for key in (killed, waited):
        desk.perform(key)
    assert desk.outbox.all() == []
    assert pushed(wechat, follower) == []


def test_a_delivery_does_not_use_a_reply_that_is_being_pushed(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job is performed after the delivery has seen the reply, and before it has noted that it uses it."""
    desk = make_desk(on.message("text", echo, slow=True), **as_account(wechat))
    desk.wake = lambda job_id: None
    key, give = message(desk, follower).key, desk.records.give

    def overtaken(*args: Any) -> bool:
        clock.advance(2)
        desk.perform(key)
        return give(*args)

    monkeypatch.setattr(desk.records, "give", overtaken)
    desk.clockwork.meanwhile = [lambda: desk.perform(key)]
    assert desk.text("x", 7, follower).reply == b""
    assert pushed(wechat, follower) == ["echo x"]


def test_a_job_that_is_performed_too_soon_leaves_the_reply_to_the_delivery(
    make_desk: MakeDesk, follower: str
) -> None:
    """It may stand in the queue twice, or be given back."""
    desk = make_desk(on.message("text", echo, slow=True), account_kind="subscription")
    desk.wake = lambda job_id: None
    key = message(desk, follower).key
    desk.clockwork.meanwhile = [lambda: (desk.perform(key), desk.perform(key))]
    assert desk.said(desk.text("x", 7, follower)) == "echo x"


def test_a_delivery_that_ran_the_handler_uses_the_reply_of_a_job_that_was_quicker(
    make_desk: MakeDesk, held: Held, wechat: Sandbox, follower: str, clock: Clock
) -> None:
    """Its process was held for dead, or the store had taken the job although it said that it failed."""
    desk = make_desk(on.message("text", held), **as_account(wechat))
    incoming = message(desk, follower)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(desk.text, "x", 7, follower)
        assert held.begun.wait(60)
        assert desk.outbox.put(incoming.key, RUN, {"fields": incoming.fields})
        finish = desk.records.finish

        def finish_second(*args: Any) -> bool:
            """The job is a whole run quicker than the delivery."""
            patch.stop()
            desk.perform(incoming.key)
            return finish(*args)

        patch = mock.patch.object(desk.records, "finish", finish_second)
        patch.start()
        held.go.set()
        assert desk.said(first.result(60)) == "done"
    clock.advance(2)
    for job_id in desk.outbox.overdue():
        desk.perform(job_id)
    assert pushed(wechat, follower) == []
    assert desk.outbox.all() == []


@pytest.mark.parametrize("push", [True, False])
@pytest.mark.parametrize("kind", [RUN, EXPECTED])
@pytest.mark.parametrize("killed_at", ["after the run", "after the promise"])
def test_a_worker_that_is_killed_between_two_steps_costs_no_answer(
    make_desk: MakeDesk,
    wechat: Sandbox,
    follower: str,
    clock: Clock,
    push: bool,
    kind: str,
    killed_at: str,
) -> None:
    desk = make_desk(
        on.message("text", echo), **as_account(wechat) | ({} if push else {"account_kind": "subscription"})
    )
    incoming = message(desk, follower)
    desk.store.add(incoming.key, b"Rdead", 900)
    assert desk.outbox.put(incoming.key, kind, {"fields": incoming.fields}, owner="dead")
    if killed_at == "after the promise":
        desk.perform(incoming.key)
        clock.advance(31)
    with mock.patch.object(desk.outbox, "note", side_effect=JobLost):
        desk.perform(incoming.key)
    desk.outbox.give_back(incoming.key)
    for _ in range(2):
        desk.perform(incoming.key)
        clock.advance(31)
    assert desk.outbox.all() == []
    if push:
        assert pushed(wechat, follower) == ["echo x"]
    else:
        assert desk.conversations.kept(follower, "next", again=False) == Text("echo x")


def test_a_job_that_ended_long_ago_is_not_performed_again(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, clock: Clock
) -> None:
    """A bot is stopped just after an answer, and started when the record of the message is gone."""
    desk = make_desk(on.message("text", echo, slow=True), **as_account(wechat))
    desk.wake = lambda job_id: None
    key = message(desk, follower).key
    desk.clockwork.meanwhile = [lambda: desk.perform(key)]
    assert desk.said(desk.text("x", 7, follower)) == "echo x"
    clock.advance(3600)
    assert desk.outbox.overdue() == [key]
    desk.perform(key)
    assert desk.outbox.all() == []
    assert pushed(wechat, follower) == []


def test_a_copy_that_expects_a_run_in_a_request_does_not_keep_it_from_being_a_job(
    make_desk: MakeDesk, held: Held, wechat: Sandbox, follower: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the delivery found no room to wait, and promised the reply before its job was written."""
    held.go.set()
    desk = make_desk(on.message("text", held, slow=True), **as_account(wechat))
    incoming, write = message(desk, follower), desk.late.write

    def overtaken(*args: object) -> bool:
        assert desk.records.promise(incoming.key, lambda process: desk.late.expect(incoming, process))
        return write(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.late, "write", overtaken)
    assert desk.text("x", 7, follower).reply == b""
    desk.settle()
    assert pushed(wechat, follower) == ["done"]
    assert held.runs == 1


def test_the_phone_shows_that_something_is_being_typed(
    make_desk: MakeDesk, held: Held, wechat: Sandbox, follower: str
) -> None:
    desk = make_desk(on.message("text", held, slow=True), **as_account(wechat))
    assert desk.text("x", 7, follower).result == "promised"
    held.go.set()
    desk.settle()
    bodies = [call["body"] for call in wechat.calls() if call["path"] == "/cgi-bin/message/custom/typing"]
    assert [str(body).count("Typing") for body in bodies] == [1]


def test_a_handler_that_kills_its_workers_is_given_up_with_an_apology(
    make_desk: MakeDesk, held: Held, wechat: Sandbox, follower: str
) -> None:
    held.go.set()
    desk = make_desk(on.message("text", held), **as_account(wechat))
    incoming = message(desk, follower)
    desk.store.add(incoming.key, b"P", 900)
    job = desk.outbox.put(incoming.key, RUN, {"fields": incoming.fields})
    for _ in range(5):  # claimed, and given back by a process that comes to life again
        assert desk.outbox.claim(incoming.key)
        desk.outbox.give_back(incoming.key)
    assert job is not None
    desk.perform(incoming.key)
    assert held.runs == 0
    assert pushed(wechat, follower) == [WORDING.sorry]
    assert [(job.state, job.problem) for job in desk.outbox.all()] == [("failed", "given up after 5 runs")]


def fail(desk: Desk, job_id: str, **noted: object) -> None:
    """As after a fault of the performer's own."""
    job = desk.outbox.claim(job_id)
    assert job is not None
    desk.outbox.fail(desk.outbox.note(job, **noted), "KeyError")


def test_a_reply_whose_job_has_failed_is_brought_when_it_is_retried(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, held: Held
) -> None:
    """It is not run for it a second time, and what has been pushed of it is not pushed again."""
    desk = make_desk(on.message("text", held), **as_account(wechat))
    long = "".join(chr(0x4E00 + n) for n in range(1900))  # three pieces
    key = put_reply(desk, follower, Text(long))
    fail(desk, key, sent=1)
    assert desk.outbox.retry(key, retried_work)
    desk.perform(key)
    assert "".join(pushed(wechat, follower)) == "".join(list(pieces(long, 2048))[1:])
    assert held.runs == 0
    assert desk.outbox.all() == []


@pytest.mark.parametrize("kind", [RUN, EXPECTED])
def test_a_handler_whose_job_has_failed_is_run_from_its_beginning_when_it_is_retried(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, kind: str
) -> None:
    desk = make_desk(on.message("text", echo), **as_account(wechat))
    incoming = message(desk, follower)
    assert desk.outbox.put(incoming.key, kind, {"fields": incoming.fields})
    fail(desk, incoming.key, reply=to_json(Text(WORDING.sorry)), late=True, sent=1, problem="KeyError")
    assert desk.outbox.retry(incoming.key, retried_work)
    desk.perform(incoming.key)
    assert pushed(wechat, follower) == ["echo x"]
    assert desk.outbox.all() == []


def test_a_typing_indicator_whose_job_has_failed_is_shown_when_it_is_retried(
    make_desk: MakeDesk, wechat: Sandbox, follower: str
) -> None:
    desk = make_desk(**as_account(wechat))
    assert desk.outbox.put("j", TYPING, {"openid": follower})
    fail(desk, "j")
    assert desk.outbox.retry("j", retried_work)
    desk.perform("j")
    assert [call["path"] for call in wechat.calls()][-1] == "/cgi-bin/message/custom/typing"
    assert desk.outbox.all() == []


def test_what_wechat_asks_for_again_is_pushed_unless_it_is_a_copy(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, clock: Clock
) -> None:
    desk = make_desk(on.message("text", echo), **as_account(wechat))
    assert desk.said(desk.text("x", 7, follower)) == "echo x"
    assert desk.said(desk.text("x", 7, follower)) == "echo x", "at the same moment: a copy"
    clock.advance(5)
    again = desk.text("x", 7, follower)
    assert (again.reply, again.result) == (b"", "pushed-instead")
    desk.settle()
    assert desk.text("x", 7, follower).reply == b"", "and not as an answer as well"
    assert pushed(wechat, follower) == ["echo x"]
