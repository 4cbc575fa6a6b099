"""To add a kind of reply takes one class: nothing else in the engine tells the kinds apart."""

import contextlib
import json
import re
from dataclasses import dataclass

import pytest

from bot.chat import on
from bot.chat.replies.kinds import Message, Reply
from bot.chat.replies.returned import as_reply
from bot.chat.replies.stored import from_json, to_json
from bot.chat.router import Chat
from bot.errors import StoreError
from handlers import WORDING
from tests.chat.desk import Desk, MakeDesk, errors
from tests.conditions import until
from tests.conftest import RedisServer, as_account
from tests.launch import ROOT, Sandbox


@dataclass(frozen=True)
class MenuOfReplies(Reply):
    """A list of answers to tap. WeChat has it as a pushed message only (`msgmenu`)."""

    head: str
    choice: str

    def pushes(self, text_limit: int) -> list[Message]:
        menu = {"head_content": self.head, "list": [{"id": "1", "content": self.choice}], "tail_content": ""}
        return [{"msgtype": "msgmenu", "msgmenu": menu}]


def ask(chat: Chat) -> MenuOfReplies:
    return MenuOfReplies("满意吗？", "满意")


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


def test_the_engine_tells_kinds_apart_in_few_files() -> None:
    """Where a name of a kind stands, a new kind may have to be thought of."""
    kinds = "Text|Image|Voice|Video|Music|News|Transfer"
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "bot").rglob("*.py")
        if re.search(rf"isinstance\([^)]*\b({kinds})\b|case ({kinds})\b", path.read_text(encoding="utf-8"))
    }
    assert len(files) <= 5, files
