"""To add a kind of reply takes one class: nothing else in the engine tells the kinds apart."""

import contextlib
import json
import re
from dataclasses import dataclass

import pytest

from bot.chat import on
from bot.chat.replies.kinds import Message, Reply, Text
from bot.chat.replies.returned import as_reply
from bot.chat.replies.stored import from_json, to_json
from bot.chat.router import Chat
from bot.errors import StoreError
from tests.account import WORDING
from tests.chat.desk import Desk, MakeDesk, errors, key_of
from tests.conditions import until
from tests.conftest import RedisServer, as_account
from tests.launch import ROOT, Sandbox


@dataclass(frozen=True)
class MenuOfReplies(Reply):
    """A list of answers to tap. WeChat has it as a pushed message only (`msgmenu`)."""

    head: str
    choices: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "choices", tuple(self.choices))  # the store has a list

    def pushes(self, text_limit: int) -> list[Message]:
        listed = [{"id": str(number), "content": choice} for number, choice in enumerate(self.choices)]
        menu = {"head_content": self.head, "list": listed, "tail_content": ""}
        return [{"msgtype": "msgmenu", "msgmenu": menu}]


def ask(chat: Chat) -> MenuOfReplies:
    return MenuOfReplies("满意吗？", ("满意", "不满意"))


def kinds_shown(wechat: Sandbox, openid: str) -> list[str]:
    return [one["type"] for one in wechat.chat(openid) if one.get("via") == "custom"]


def test_a_kind_without_an_answer_is_pushed_once(make_desk: MakeDesk, wechat: Sandbox, follower: str) -> None:
    desk = make_desk(on.message("text", ask), **as_account(wechat))
    answers = [desk.text("x", msg_id=1, openid=follower) for _ in range(3)]
    desk.settle()
    assert [answer.reply for answer in answers] == [b""] * 3
    assert kinds_shown(wechat, follower) == ["msgmenu"]
    assert desk.outbox.all() == []


def test_a_slow_handler_may_return_it_too(make_desk: MakeDesk, wechat: Sandbox, follower: str) -> None:
    desk = make_desk(on.message("text", ask, slow=True), **as_account(wechat))
    assert desk.text("x", openid=follower).reply == b""
    desk.settle()
    assert kinds_shown(wechat, follower) == ["msgmenu"]


@pytest.mark.redis
def test_without_the_store_it_is_pushed_once_the_store_is_back(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, mortal_redis: RedisServer
) -> None:
    desk = make_desk(on.message("text", ask), **as_account(wechat), store_url=mortal_redis.url)
    mortal_redis.kill()
    assert desk.text("x", openid=follower).reply == b""
    mortal_redis.start()
    until(lambda: _settled(desk))
    desk.settle()
    assert kinds_shown(wechat, follower) == ["msgmenu"]


def _settled(desk: Desk) -> bool:
    with contextlib.suppress(StoreError):
        desk.liveness.settle()
    return not desk.liveness.is_unsure()


def test_an_account_that_may_not_push_is_told_what_is_wrong(
    make_desk: MakeDesk, log: pytest.LogCaptureFixture
) -> None:
    desk = make_desk(on.message("text", ask), account_kind="subscription")
    assert desk.said(desk.text("x")) == WORDING.sorry
    assert "returned MenuOfReplies, which can only be pushed; this account may not push" in errors(log)[0]


def test_it_is_kept_and_read_again_like_any_other() -> None:
    stored = json.loads(json.dumps(to_json(ask(None)), default=vars))  # type: ignore[arg-type]
    assert from_json(stored) == ask(None)  # type: ignore[arg-type]
    assert as_reply(ask(None), "ask") == ask(None)  # type: ignore[arg-type]


def test_a_kind_that_this_version_does_not_know_is_named() -> None:
    with pytest.raises(ValueError, match="'Hologram'"):
        from_json({"kind": "Hologram", "text": "x"})


@pytest.mark.parametrize("slow", [False, True])
def test_a_record_that_the_store_has_lost_costs_no_reply(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, slow: bool
) -> None:
    """A Redis without persistence was restarted while the handler ran."""

    def lose(chat: Chat) -> MenuOfReplies:
        desk.store.delete(key_of(desk, 1, follower))
        return ask(chat)

    desk = make_desk(on.message("text", lose, slow=slow), **as_account(wechat))
    desk.text("x", msg_id=1, openid=follower)
    desk.settle()
    assert kinds_shown(wechat, follower) == ["msgmenu"]


def test_replies_whose_pushes_are_refused_are_all_kept(
    make_desk: MakeDesk, wechat: Sandbox, follower: str
) -> None:
    desk = make_desk(
        on.message("text", lambda chat: MenuOfReplies(chat.message.content, ("a",))), **as_account(wechat)
    )
    wechat.faults([{"path": "/cgi-bin/message/custom/send", "errcode": 40007, "count": 2}])
    for text in ("one", "two"):  # the second message brings the first reply, which is refused again
        desk.text(text, openid=follower)
        desk.settle()
    kept = json.loads(desk.store.get(f"kept:{follower}") or b"[]")
    assert sorted(reply["head"] for reply in kept if "head" in reply) == ["one", "two"]


def test_a_kept_reply_of_a_kind_that_this_version_does_not_know_waits(
    make_desk: MakeDesk, follower: str
) -> None:
    desk = make_desk(on.message("text", lambda chat: "hello"), account_kind="subscription")
    unknown = {"source": "m", "kind": "Hologram", "text": "x"}
    desk.store.put(f"kept:{follower}", json.dumps([unknown]).encode(), 60)
    assert desk.said(desk.text("x", openid=follower)) == "hello"
    assert json.loads(desk.store.get(f"kept:{follower}") or b"[]") == [unknown]


def test_a_recorded_reply_of_such_a_kind_is_answered_with_success(
    make_desk: MakeDesk, log: pytest.LogCaptureFixture
) -> None:
    desk = make_desk(on.message("text", lambda chat: "hello"))
    record = {"at": 1.0, "answered": 1.0, "reply": {"kind": "Hologram", "text": "x"}}
    desk.store.put(key_of(desk, 1), b"D" + json.dumps(record).encode(), 60)
    assert desk.text("x", msg_id=1).reply == b""
    assert "there is no reply of kind 'Hologram'" in log.text


def test_a_kind_that_could_not_be_sent_or_stored_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="needs answer"):
        type("Silent", (Reply,), {})
    with pytest.raises(TypeError, match="cannot be named source"):
        type("Odd", (Reply,), {"answer": Text.answer, "__annotations__": {"source": str}})


def test_the_engine_tells_kinds_apart_in_few_files() -> None:
    """Where a name of a kind stands, a new kind may have to be thought of."""
    kinds = "Text|Image|Voice|Video|Music|News|Transfer"
    pattern = rf"isinstance\([^)]*\b({kinds})\b|case ({kinds})\b|== \"({kinds})\""
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "bot").rglob("*.py")
        if re.search(pattern, path.read_text(encoding="utf-8"))
    }
    assert files == {"bot/chat/replies/kinds.py", "bot/chat/replies/returned.py"}
