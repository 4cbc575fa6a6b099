"""How messages reach the server, again and again until it answers (rules 3, 7, 8, 9, 12, 13)."""

import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.launch import Sandbox
from tests.wechat_sandbox.callback import Answer, CallbackServer, reply, text
from wechat_sandbox.behaviour import Behaviour
from wechat_sandbox.push.envelope import signature

pytestmark = pytest.mark.slow

FAILURE_LINE = "该公众号提供的服务出现故障，请稍后再试"


def outcomes(result: dict[str, Any]) -> list[str]:
    return [delivery["outcome"] for delivery in result["deliveries"]]


def test_rule_03_every_delivery_is_signed(sandbox: Sandbox, server: CallbackServer, openid: str) -> None:
    sandbox.send(openid, content="你好")
    [received] = server.deliveries
    assert set(received.query) == {"signature", "timestamp", "nonce", "openid"}
    assert received.query["openid"] == openid
    token = sandbox.state()["account"]["token"]
    assert received.query["signature"] == signature(
        token, received.query["timestamp"], received.query["nonce"]
    )
    assert received.headers["User-Agent"] == "Mozilla/4.0"
    assert received.headers["Content-Type"] == "text/xml"


def test_a_text_and_its_reply(sandbox: Sandbox, server: CallbackServer, openid: str) -> None:
    server.says(Answer(text(openid, "你说：你好")))
    result = sandbox.send(openid, content="你好")
    [received] = server.deliveries
    assert received.text("ToUserName") == "gh_5a5b5c5d5e5f"
    assert received.text("FromUserName") == openid
    assert received.text("MsgType") == "text"
    assert received.text("Content") == "你好"
    assert received.text("MsgId") == result["msg_id"]
    [delivery] = result["deliveries"]
    assert (delivery["outcome"], delivery["status"], delivery["error"]) == ("reply", 200, None)
    assert delivery["reply"] == {"type": "text", "content": "你说：你好"}
    assert [message["content"] for message in result["shown"]] == ["你说：你好"]
    said = [(m["from"], m["via"], m["type"], m["content"]) for m in sandbox.chat(openid)]
    assert said == [("user", "message", "text", "你好"), ("account", "passive", "text", "你说：你好")]


@pytest.mark.parametrize(("body", "outcome"), [("success", "success"), ("", "empty")])
def test_rule_09_handled_without_a_reply_shows_nothing(
    sandbox: Sandbox, server: CallbackServer, openid: str, body: str, outcome: str
) -> None:
    server.says(Answer(body))
    result = sandbox.send(openid, content="hi")
    assert outcomes(result) == [outcome]
    assert result["shown"] == []
    assert len(sandbox.chat(openid)) == 1


def test_rule_07_three_identical_deliveries_when_nobody_answers(
    hasty: Sandbox, server: CallbackServer
) -> None:
    hasty.set_callback(server.url)
    openid = hasty.add_user("a", subscribed=True)
    release = threading.Event()
    server.says(Answer(text(openid, "too late"), hold=release))
    result = hasty.send(openid, content="hi")
    assert outcomes(result) == ["timeout", "timeout", "timeout"]
    assert all(delivery["elapsed_ms"] >= 1990 for delivery in result["deliveries"])
    first, *others = server.deliveries
    assert len(others) == 2
    assert all((other.query, other.body) == (first.query, first.body) for other in others)
    assert [message["content"] for message in result["shown"]] == [FAILURE_LINE]
    release.set()
    # What comes after the deadline is discarded.
    assert [message["type"] for message in hasty.chat(openid)] == ["text", "system"]


def test_rule_07_the_first_answer_ends_the_series(hasty: Sandbox, server: CallbackServer) -> None:
    hasty.set_callback(server.url)
    openid = hasty.add_user("a", subscribed=True)
    release = threading.Event()
    server.says(Answer(hold=release), Answer(text(openid, "second")), Answer(text(openid, "third")))
    result = hasty.send(openid, content="hi")
    release.set()
    assert outcomes(result) == ["timeout", "reply"]
    assert [message["content"] for message in result["shown"]] == ["second"]


def test_rule_07_the_number_of_deliveries_is_disputed_and_an_option(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    sandbox.settings(attempts=4, deadline=0.3)
    sandbox.faults([{"path": "delivery", "drop": True}])
    assert outcomes(sandbox.send(openid, content="hi")) == ["timeout"] * 4


def test_rule_08_so_is_the_number_after_a_bad_answer(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    sandbox.settings(bad_status_attempts=4)
    server.says(Answer(status=201))
    assert outcomes(sandbox.send(openid, content="hi")) == ["bad-status"] * 4


def test_rule_08_the_next_delivery_comes_within_a_second(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    assert Behaviour().resend_pause < 1
    sandbox.settings(resend_pause=0.3)
    server.says(Answer(status=500))
    assert len(sandbox.send(openid, content="hi")["deliveries"]) == 3
    first, second, third = (entry["at"] for entry in sandbox.deliveries())
    assert second - first > 0.25
    assert third - second > 0.25


@pytest.mark.parametrize("status", [201, 204, 302, 404, 500])
def test_rule_08_any_status_but_200_is_a_failure_and_sent_again_at_once(
    sandbox: Sandbox, server: CallbackServer, openid: str, status: int
) -> None:
    sandbox.settings(deadline=60)
    server.says(Answer("" if status == 204 else "success", status=status))
    result = sandbox.send(openid, content="hi")
    assert outcomes(result) == ["bad-status"] * 3
    assert f"status {status}" in result["deliveries"][0]["error"]
    assert sum(delivery["elapsed_ms"] for delivery in result["deliveries"]) < 60_000, "no deadline is awaited"
    assert [message["content"] for message in result["shown"]] == [FAILURE_LINE]


def test_rule_08_a_redirect_is_not_followed(sandbox: Sandbox, server: CallbackServer, openid: str) -> None:
    elsewhere = server.url.replace("/wechat", "/elsewhere")
    server.script = lambda received: (
        Answer() if received.path == "/elsewhere" else Answer("", status=307, location=elsewhere)
    )
    assert outcomes(sandbox.send(openid, content="hi")) == ["bad-status"] * 3


def test_rule_08_a_refused_connection_is_a_failure(sandbox: Sandbox, server: CallbackServer) -> None:
    sandbox.set_callback(server.url)
    server.close()
    result = sandbox.send(sandbox.add_user("a", True), content="hi")
    assert outcomes(result) == ["refused"] * 3
    assert [message["content"] for message in result["shown"]] == [FAILURE_LINE]


def test_rule_08_hanging_up_without_an_answer_is_a_failure(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    server.says(Answer(hang_up=True), Answer())
    assert outcomes(sandbox.send(openid, content="hi")) == ["refused", "success"]


def test_rule_09_the_failure_line_is_disputed_and_an_option(
    start: Callable[..., Sandbox], server: CallbackServer
) -> None:
    line = "该公众号暂时无法提供服务，请稍后再试"
    sandbox = start("--failure-line", line)
    sandbox.set_callback(server.url)
    server.says(Answer(status=500))
    openid = sandbox.add_user("a", True)
    sandbox.send(openid, content="hi")
    last = sandbox.chat(openid)[-1]
    assert (last["from"], last["type"], last["content"]) == ("system", "system", line)


def test_rule_07_a_delivery_looks_fresh_to_the_server_after_time_travel(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    sandbox.clock(86400)
    sandbox.send(openid, content="hi")
    [received] = server.deliveries
    assert abs(int(received.query["timestamp"]) - time.time()) < 60
    assert int(received.text("CreateTime") or 0) - time.time() > 86000


def test_rule_12_events_and_messages_can_be_made_to_coincide(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    other = sandbox.add_user("小丽", subscribed=True)
    for user in (openid, other):
        sandbox.send(user, content="hi", msg_id=4242)
    sandbox.send(openid, type="event", event="LOCATION", create_time=1700000000)
    sandbox.send(openid, type="event", event="CLICK", fields={"EventKey": "k"}, create_time=1700000000)
    texts, events = server.deliveries[:2], server.deliveries[2:]
    assert [received.text("MsgId") for received in texts] == ["4242", "4242"]
    assert [received.text("FromUserName") for received in texts] == [openid, other]
    assert [(e.text("Event"), e.text("CreateTime")) for e in events] == [
        ("LOCATION", "1700000000"),
        ("CLICK", "1700000000"),
    ]


@pytest.mark.parametrize("event", ["VIEW", "view_miniprogram", "LOCATION", "TEMPLATESENDJOBFINISH"])
def test_rule_13_events_without_an_answer_show_neither_reply_nor_failure(
    sandbox: Sandbox, server: CallbackServer, openid: str, event: str
) -> None:
    server.says(Answer(text(openid, "nobody sees this")))
    assert outcomes(sandbox.send(openid, type="event", event=event)) == ["reply"]
    server.says(Answer(status=500))
    assert outcomes(sandbox.send(openid, type="event", event=event)) == ["bad-status"] * 3
    assert sandbox.chat(openid) == []


def test_rule_13_unsubscribe_shows_nothing(sandbox: Sandbox, server: CallbackServer, openid: str) -> None:
    server.says(Answer(text(openid, "goodbye")))
    sandbox.unsubscribe(openid)
    assert server.deliveries[-1].text("Event") == "unsubscribe"
    assert sandbox.chat(openid) == []


def test_events_can_be_answered(sandbox: Sandbox, server: CallbackServer) -> None:
    sandbox.set_callback(server.url)
    openid = sandbox.add_user("新人")
    server.says(Answer(text(openid, "欢迎")))
    assert [message["content"] for message in sandbox.subscribe(openid)["shown"]] == ["欢迎"]


@pytest.mark.parametrize(
    ("kind", "fields", "elements"),
    [
        ("image", {}, {"PicUrl", "MediaId", "MsgId"}),
        ("voice", {}, {"MediaId", "Format", "MsgId"}),
        ("voice", {"recognition": "你好"}, {"MediaId", "Format", "Recognition", "MsgId"}),
        ("video", {}, {"MediaId", "ThumbMediaId", "MsgId"}),
        ("shortvideo", {}, {"MediaId", "ThumbMediaId", "MsgId"}),
        (
            "location",
            {"location_x": 39.9, "location_y": 116.4, "label": "天安门"},
            {"Location_X", "Location_Y", "Scale", "Label", "MsgId"},
        ),
        (
            "link",
            {"title": "t", "description": "d", "url": "http://a/"},
            {"Title", "Description", "Url", "MsgId"},
        ),
        ("text", {"content": "满意", "bizmsgmenuid": "101"}, {"Content", "MsgId", "bizmsgmenuid"}),
        ("text", {"content": "a", "msg_data_id": "x", "idx": 1}, {"Content", "MsgDataId", "Idx", "MsgId"}),
    ],
)
def test_every_kind_of_message_has_its_elements(
    sandbox: Sandbox,
    server: CallbackServer,
    openid: str,
    kind: str,
    fields: dict[str, Any],
    elements: set[str],
) -> None:
    sandbox.send(openid, type=kind, **fields)
    [received] = server.deliveries
    names = [child.tag for child in received.xml]
    assert names[:4] == ["ToUserName", "FromUserName", "CreateTime", "MsgType"]
    assert set(names[4:]) == elements
    assert sandbox.chat(openid)[0]["type"] == kind


def test_a_picture_can_be_fetched_from_its_url(
    sandbox: Sandbox, server: CallbackServer, openid: str, api
) -> None:
    sandbox.send(openid, type="image")
    [received] = server.deliveries
    url = received.text("PicUrl") or ""
    picture = api.raw("GET", urlsplit(url).path)
    assert (picture.headers["Content-Type"], picture.content[:4]) == ("image/png", b"\x89PNG")


def test_text_that_looks_like_markup_arrives_as_text(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    content = "a]]>b <xml>&amp; 表情😀"
    sandbox.send(openid, content=content)
    assert server.deliveries[0].text("Content") == content


def test_any_event_can_be_sent_by_wechats_own_names(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    fields = {"MsgID": 7, "Status": "failed:user block", "List": {"item": [{"Idx": 1}, {"Idx": 2}]}}
    sandbox.send(openid, type="event", event="TEMPLATESENDJOBFINISH", fields=fields)
    [received] = server.deliveries
    assert received.text("MsgID") == "7"
    assert received.text("Status") == "failed:user block"
    assert [idx.text for idx in received.xml.iter("Idx")] == ["1", "2"]


def test_a_reply_to_somebody_else_is_not_shown(sandbox: Sandbox, server: CallbackServer, openid: str) -> None:
    server.says(Answer(reply("oSomebodyElse", "text", "<Content>hi</Content>")))
    result = sandbox.send(openid, content="hi")
    assert outcomes(result) == ["bad-reply"] * 3
    assert "ToUserName" in result["deliveries"][0]["error"]


def test_without_a_callback_nothing_is_delivered(start: Callable[..., Sandbox]) -> None:
    sandbox = start("--name", "without a server")
    openid = sandbox.add_user("a", subscribed=True)
    assert sandbox.send(openid, content="hi")["deliveries"] == []
    assert len(sandbox.chat(openid)) == 1


def test_the_journal_has_both_sides_but_no_signature(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    server.says(Answer(text(openid, "ok")))
    sandbox.send(openid, content="hi")
    [entry] = sandbox.deliveries()
    assert (entry["kind"], entry["attempt"], entry["outcome"], entry["mode"]) == ("text", 1, "reply", "plain")
    assert entry["request_raw"] == server.deliveries[0].body
    assert "<![CDATA[ok]]>" in entry["response_xml"]
    assert server.deliveries[0].query["signature"] not in entry["url"]
    assert "nonce=" + server.deliveries[0].query["nonce"] in entry["url"]
