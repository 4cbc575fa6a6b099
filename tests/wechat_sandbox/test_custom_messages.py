"""What the account may push by itself, and when (rule 34)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.launch import Sandbox
from tests.wechat_sandbox.callback import Answer, CallbackServer, text


def push(api, openid: str, **changes: Any) -> int:
    body = {"touser": openid, "msgtype": "text", "text": {"content": "推送"}} | changes
    errcode: int = api.post("message/custom/send", body)["errcode"]
    return errcode


def test_rule_34_five_messages_in_48_hours_after_a_message(sandbox: Sandbox, api, openid: str) -> None:
    sandbox.send(openid, content="hi")
    assert [push(api, openid) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    sandbox.send(openid, content="again")
    assert push(api, openid) == 0
    sandbox.clock(48 * 3600 - 60)
    api.renew()
    assert push(api, openid) == 0
    sandbox.clock(61)
    assert push(api, openid) == 45015


def test_rule_34_three_messages_in_a_minute_after_a_tap_a_scan_or_a_follow(
    sandbox: Sandbox, server: CallbackServer, api
) -> None:
    sandbox.set_callback(server.url)
    api.post("menu/create", {"button": [{"type": "click", "name": "a", "key": "K"}]})
    openid = sandbox.add_user("a")
    for act in (
        lambda: sandbox.subscribe(openid),
        lambda: sandbox.tap(openid, 0),
        lambda: sandbox.scan(openid, scene="s"),
        lambda: sandbox.send(openid, content="好", bizmsgmenuid="1"),
    ):
        act()
        assert [push(api, openid) for _ in range(4)] == [0, 0, 0, 45047]
        sandbox.clock(61)
        assert push(api, openid) == 45015


def test_rule_34_view_location_and_passive_replies_give_and_take_nothing(
    sandbox: Sandbox, server: CallbackServer, api, openid: str
) -> None:
    api.post("menu/create", {"button": [{"type": "view", "name": "a", "url": "http://a/"}]})
    sandbox.tap(openid, 0)
    sandbox.location(openid)
    assert push(api, openid) == 45015
    server.says(Answer(text(openid, "reply")))
    sandbox.send(openid, content="hi")
    assert [push(api, openid) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]


def test_rule_34_who_is_no_follower(sandbox: Sandbox, api, openid: str) -> None:
    assert push(api, "oStranger") == 40003
    sandbox.send(openid, content="hi")
    sandbox.unsubscribe(openid)
    assert push(api, openid) == 45015
    # Following again does not bring back what was open before.
    sandbox.subscribe(openid)
    assert [push(api, openid) for _ in range(4)] == [0, 0, 0, 45047]


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"text": {"content": ""}}, 44004),
        ({"text": {"content": "字" * 683}}, 45002),
        ({"text": "hi"}, 47001),
        ({"msgtype": "markdown"}, 40008),
        ({"msgtype": "wxcard", "wxcard": {"card_id": "1"}}, 48008),
        ({"msgtype": "image", "image": {"media_id": "unknown"}}, 40007),
        ({"msgtype": "voice", "voice": {}}, 40007),
        ({"msgtype": "news", "news": {"articles": []}}, 44003),
        ({"msgtype": "news", "news": {"articles": [{"title": "a"}, {"title": "b"}]}}, 45008),
        ({"msgtype": "msgmenu", "msgmenu": {"head_content": "?", "list": []}}, 45098),
        ({"msgtype": "msgmenu", "msgmenu": {"list": [{"id": "1", "content": ""}]}}, 45099),
        ({"customservice": {"kf_account": "a@b"}}, 65401),
    ],
)
def test_rule_34_wrong_messages_cost_nothing(
    sandbox: Sandbox, api, openid: str, changes: dict[str, Any], errcode: int
) -> None:
    sandbox.send(openid, content="hi")
    assert push(api, openid, **changes) == errcode
    assert [push(api, openid) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]


def test_every_kind_is_shown(sandbox: Sandbox, api, openid: str) -> None:
    sandbox.send(openid, type="image")
    picture = sandbox.chat(openid)[0]["media_id"]
    article = {"title": "题", "description": "述", "url": "http://a/", "picurl": "http://b/"}
    music = {"title": "歌", "musicurl": "http://m/", "hqmusicurl": "", "thumb_media_id": picture}
    menu = {"head_content": "满意吗", "list": [{"id": 101, "content": "满意"}], "tail_content": "谢谢"}
    for kind, content in (
        ("image", {"media_id": picture}),
        ("news", {"articles": [article]}),
        ("music", music),
        ("msgmenu", menu),
    ):
        assert push(api, openid, msgtype=kind, **{kind: content}) == 0
    image, news, song, asked = sandbox.chat(openid)[1:]
    assert {(m["from"], m["via"]) for m in (image, news, song, asked)} == {("account", "custom")}
    assert image["url"] == f"/_sandbox/media/{picture}"
    expected = {"title": "题", "description": "述", "url": "http://a/", "pic_url": "http://b/"}
    assert news["articles"] == [expected]
    assert (song["title"], song["music_url"]) == ("歌", "http://m/")
    assert (asked["head_content"], asked["list"]) == ("满意吗", [{"id": "101", "content": "满意"}])


def test_escaped_chinese_is_shown_as_it_was_sent(sandbox: Sandbox, api, openid: str) -> None:
    """The classic mistake of json.dumps without ensure_ascii=False (rule 21)."""
    sandbox.send(openid, content="hi")
    body = rb'{"touser":"%s","msgtype":"text","text":{"content":"\u4f60\n"}}' % openid.encode()
    assert api.post("message/custom/send", body)["errcode"] == 0
    assert sandbox.chat(openid)[-1]["content"] == "\\u4f60\n"


def test_typing(sandbox: Sandbox, api, openid: str) -> None:
    def typing(command: str) -> int:
        errcode: int = api.post("message/custom/typing", {"touser": openid, "command": command})["errcode"]
        return errcode

    assert typing("Typing") == 45080
    sandbox.send(openid, content="hi")
    assert typing("Whatever") == 45072
    assert [typing("Typing"), typing("Typing"), typing("CancelTyping"), typing("Typing")] == [0, 45081, 0, 0]
    sandbox.clock(31)
    assert typing("Typing") == 45080


def test_rule_20_without_the_right_there_is_no_pushing(start: Callable[..., Sandbox], apis: Callable) -> None:
    sandbox = start("--account-kind", "service")
    openid = sandbox.add_user("a", subscribed=True)
    sandbox.send(openid, content="hi")
    assert push(apis(sandbox), openid) == 48001
