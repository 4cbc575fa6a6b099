"""Template messages, subscription notices, one-time subscriptions (rule 35)."""

import queue
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.launch import Sandbox
from tests.wechat_sandbox.callback import Answer, CallbackServer, Received


@pytest.fixture
def events(server: CallbackServer) -> "queue.Queue[Received]":
    """What is delivered, as it comes: the events of this page follow an API call some time later."""
    arrived: queue.Queue[Received] = queue.Queue()

    def script(received: Received) -> Answer:
        arrived.put(received)
        return Answer()

    server.script = script
    return arrived


@pytest.fixture
def template_id(sandbox: Sandbox) -> str:
    content = "{{first.DATA}}\n订单号：{{keyword1.DATA}}\n金额：{{keyword2.DATA}}"
    made: str = sandbox.call("POST", "templates", {"title": "付款成功", "content": content})["template_id"]
    return made


def message(openid: str, template_id: str, **more: Any) -> dict[str, Any]:
    data = {"keyword1": {"value": "A1"}, "keyword2": {"value": 9.5, "color": "#173177"}}
    return {"touser": openid, "template_id": template_id, "data": data, "url": "http://127.0.0.1/", **more}


def test_rule_35_a_template_message_is_shown_and_its_end_is_told(
    sandbox: Sandbox, api, openid: str, template_id: str, events: "queue.Queue[Received]"
) -> None:
    answer = api.post("message/template/send", message(openid, template_id))
    assert (answer["errcode"], answer["errmsg"]) == (0, "ok")
    [bubble] = sandbox.chat(openid)
    assert (bubble["type"], bubble["via"], bubble["title"]) == ("template", "template", "付款成功")
    assert bubble["content"] == "订单号：A1\n金额：9.5"
    assert bubble["url"] == "http://127.0.0.1/"
    event = events.get(timeout=60)
    assert (event.text("Event"), event.text("Status")) == ("TEMPLATESENDJOBFINISH", "success")
    assert event.text("MsgID") == str(answer["msgid"])


def test_rule_35_a_user_who_blocks_them_sees_nothing(
    sandbox: Sandbox, api, openid: str, template_id: str, events: "queue.Queue[Received]"
) -> None:
    sandbox.call("PUT", f"users/{openid}/preferences", {"blocks_templates": True})
    assert api.post("message/template/send", message(openid, template_id))["errcode"] == 0
    assert events.get(timeout=60).text("Status") == "failed:user block"
    assert sandbox.chat(openid) == []


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"touser": "nobody"}, 40003),
        ({"template_id": ""}, 40036),
        ({"template_id": "unknown"}, 40037),
        ({"data": []}, 47001),
        ({"data": {"keyword1": "text"}}, 47001),
    ],
)
def test_rule_35_what_may_not_be_sent(
    api, openid: str, template_id: str, change: dict[str, Any], errcode: int
) -> None:
    assert api.post("message/template/send", message(openid, template_id) | change)["errcode"] == errcode


def test_rule_35_a_stranger_gets_none(sandbox: Sandbox, api, template_id: str) -> None:
    stranger = sandbox.state()["users"][0]["openid"]
    assert api.post("message/template/send", message(stranger, template_id))["errcode"] == 43004


def test_a_message_is_sent_once_for_each_client_msg_id(
    sandbox: Sandbox, api, openid: str, template_id: str
) -> None:
    body = message(openid, template_id, client_msg_id="M1")
    first = api.post("message/template/send", body)["msgid"]
    assert api.post("message/template/send", body)["msgid"] == first
    assert len(sandbox.chat(openid)) == 1
    sandbox.clock(601)
    assert api.post("message/template/send", body)["msgid"] != first


def test_templates_are_added_listed_and_deleted(sandbox: Sandbox, api) -> None:
    added = api.post(
        "template/api_add_template", {"template_id_short": "TM00015", "keyword_name_list": ["单号"]}
    )
    template_id = added["template_id"]
    assert added["errcode"] == 0
    assert sandbox.state()["templates"][0]["template_id"] == template_id
    [listed] = api.get("template/get_all_private_template")["template_list"]
    assert (listed["template_id"], listed["content"]) == (template_id, "单号：{{keyword1.DATA}}")
    assert api.post("template/del_private_template", {"template_id": template_id})["errcode"] == 0
    assert api.post("template/del_private_template", {"template_id": template_id})["errcode"] == 40037
    assert api.post("template/api_add_template", {"template_id_short": "?"})["errcode"] == 40037
    for _ in range(25):
        assert api.post("template/api_add_template", {"template_id_short": "1"})["errcode"] == 0
    assert api.post("template/api_add_template", {"template_id_short": "1"})["errcode"] == 45026


def test_the_industry_changes_once_a_month(sandbox: Sandbox, api) -> None:
    wish = {"industry_id1": "1", "industry_id2": 4}
    assert api.get("template/get_industry")["errcode"] == 40102
    assert api.post("template/api_set_industry", wish)["errcode"] == 0
    assert api.get("template/get_industry")["primary_industry"] == {
        "first_class": "IT科技",
        "second_class": "互联网|电子商务",
    }
    assert api.post("template/api_set_industry", wish)["errcode"] == 43100
    assert api.post("template/api_set_industry", {"industry_id1": "99"})["errcode"] == 40102


# -- subscription notices


@pytest.fixture
def notice_id(api) -> str:
    answer = api.raw(
        "POST",
        "/wxaapi/newtmpl/addtemplate",
        params={"access_token": api.token},
        json={"tid": "99", "kidList": [1, 2], "sceneDesc": "预约"},
    ).json()
    made: str = answer["priTmplId"]
    return made


def notice(openid: str, notice_id: str, **data: str) -> dict[str, Any]:
    values = {"thing1": "健身课程", "time2": "2024年1月1日 12:00"} | data
    filled = {name: {"value": value} for name, value in values.items() if value}
    return {"touser": openid, "template_id": notice_id, "page": "http://127.0.0.1/", "data": filled}


def agree(sandbox: Sandbox, openid: str, notice_id: str, **more: str) -> dict[str, Any]:
    body = {"template_id": notice_id, "decision": "accept"} | more
    return sandbox.call("POST", f"users/{openid}/notice", body)


def test_rule_35_a_notice_needs_consent_each_time(
    sandbox: Sandbox, api, openid: str, notice_id: str, events: "queue.Queue[Received]"
) -> None:
    body = notice(openid, notice_id)
    assert api.post("message/subscribe/bizsend", body)["errcode"] == 43101
    agree(sandbox, openid, notice_id)
    popup = events.get(timeout=60)
    inside = "SubscribeMsgPopupEvent/List"
    assert popup.text("Event") == "subscribe_msg_popup_event"
    assert popup.text(f"{inside}/TemplateId") == notice_id
    assert (popup.text(f"{inside}/SubscribeStatusString"), popup.text(f"{inside}/PopupScene")) == (
        "accept",
        "0",
    )
    assert api.post("message/subscribe/bizsend", body)["errcode"] == 0
    sent = events.get(timeout=60)
    assert sent.text("Event") == "subscribe_msg_sent_event"
    assert sent.text("SubscribeMsgSentEvent/List/ErrorStatus") == "success"
    [bubble] = sandbox.chat(openid)
    assert (bubble["via"], bubble["content"]) == (
        "notice",
        "预约项目：健身课程\n预约时间：2024年1月1日 12:00",
    )
    assert api.post("message/subscribe/bizsend", body)["errcode"] == 43101


def test_rule_35_consent_can_be_refused_and_taken_back(
    sandbox: Sandbox, api, openid: str, notice_id: str, events: "queue.Queue[Received]"
) -> None:
    agree(sandbox, openid, notice_id, decision="reject", where="article")
    assert events.get(timeout=60).text("SubscribeMsgPopupEvent/List/PopupScene") == "2"
    assert api.post("message/subscribe/bizsend", notice(openid, notice_id))["errcode"] == 43101
    agree(sandbox, openid, notice_id)
    events.get(timeout=60)
    agree(sandbox, openid, notice_id, decision="reject", where="settings")
    change = events.get(timeout=60)
    assert change.text("Event") == "subscribe_msg_change_event"
    assert change.text("SubscribeMsgChangeEvent/List/SubscribeStatusString") == "reject"
    assert api.post("message/subscribe/bizsend", notice(openid, notice_id))["errcode"] == 43101


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"thing1": ""}, "argument invalid! data.thing1.value is empty"),
        ({"thing1": "字" * 21}, "argument invalid! data.thing1.value invalid"),
    ],
)
def test_a_notice_is_filled_as_its_keywords_want_it(
    sandbox: Sandbox, api, openid: str, notice_id: str, data: dict[str, str], error: str
) -> None:
    agree(sandbox, openid, notice_id)
    answer = api.post("message/subscribe/bizsend", notice(openid, notice_id, **data))
    assert answer["errcode"] == 47003
    assert answer["errmsg"].startswith(error)


def test_the_library_of_notices(sandbox: Sandbox, api, notice_id: str) -> None:
    def get(name: str, **query: Any) -> dict[str, Any]:
        query["access_token"] = api.token
        answer: dict[str, Any] = api.raw("GET", f"/wxaapi/newtmpl/{name}", params=query).json()
        return answer

    category = get("getcategory")["data"][0]["id"]
    [title] = get("getpubtemplatetitles", ids=str(category), start=0, limit=30)["data"]
    assert get("getpubtemplatekeywords", tid=title["tid"])["data"][0]["rule"] == "thing"
    assert get("getpubtemplatekeywords", tid=1)["errcode"] == 200011
    assert get("gettemplate")["data"][0]["priTmplId"] == notice_id
    deleted = api.raw(
        "POST",
        "/wxaapi/newtmpl/deltemplate",
        params={"access_token": api.token},
        json={"priTmplId": notice_id},
    )
    assert deleted.json()["errcode"] == 0
    assert get("gettemplate")["data"] == []


# -- one-time subscriptions


def page(sandbox: Sandbox, **changes: str) -> str:
    account = sandbox.state()["account"]
    query = {
        "action": "get_confirm",
        "appid": account["app_id"],
        "scene": "1000",
        "template_id": account["one_time_template_id"],
        "redirect_url": "http://127.0.0.1/back?a=1",
        "reserved": "test",
    }
    return f"{sandbox.url}/mp/subscribemsg?{urlencode(query | changes)}"


def one_time(sandbox: Sandbox, openid: str) -> dict[str, Any]:
    return {
        "touser": openid,
        "template_id": sandbox.state()["account"]["one_time_template_id"],
        "url": "http://127.0.0.1/",
        "scene": "1000",
        "title": "标题",
        "data": {"content": {"value": "内容", "color": "#000000"}},
    }


def test_rule_35_a_one_time_subscription_is_good_for_one_message(sandbox: Sandbox, api) -> None:
    stranger = sandbox.state()["users"][0]["openid"]
    assert api.post("message/template/subscribe", one_time(sandbox, stranger))["errcode"] == 43101
    for decision in ("cancel", "confirm", "confirm"):
        body = {"url": page(sandbox), "decision": decision}
        back = urlsplit(sandbox.call("POST", f"users/{stranger}/subscribemsg", body)["redirect"])
        told = {name: values[0] for name, values in parse_qs(back.query).items()}
        assert (told["a"], told["action"], told["openid"]) == ("1", decision, stranger)
        assert (told["scene"], told["reserved"]) == ("1000", "test")
    assert api.post("message/template/subscribe", one_time(sandbox, stranger))["errcode"] == 0
    [bubble] = sandbox.chat(stranger)
    assert (bubble["title"], bubble["content"], bubble["via"]) == ("标题", "内容", "one-time")
    # Repeats under one scene do not add up.
    assert api.post("message/template/subscribe", one_time(sandbox, stranger))["errcode"] == 43101


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"title": "题" * 16}, 45003),
        ({"data": {"content": {"value": "字" * 201}}}, 45002),
        ({"template_id": "?"}, 40037),
        ({"scene": "7"}, 43101),
    ],
)
def test_what_a_one_time_message_may_not_be(
    sandbox: Sandbox, api, change: dict[str, Any], errcode: int
) -> None:
    stranger = sandbox.state()["users"][0]["openid"]
    sandbox.call("POST", f"users/{stranger}/subscribemsg", {"url": page(sandbox), "decision": "confirm"})
    assert api.post("message/template/subscribe", one_time(sandbox, stranger) | change)["errcode"] == errcode


def test_the_page_of_a_one_time_subscription(sandbox: Sandbox) -> None:
    with requests.Session() as browser:
        assert "请在微信客户端打开链接" in browser.get(page(sandbox), timeout=60).text
        stranger = sandbox.state()["users"][0]["openid"]
        browser.cookies.set("sandbox_user", stranger)
        assert "沙盒公众号" in browser.get(page(sandbox), timeout=60).text
        for wrong in ({"redirect_url": "http://evil.example/"}, {"scene": "10001"}, {"appid": "wx1"}):
            assert "无法打开页面" in browser.get(page(sandbox, **wrong), timeout=60).text
        answered = browser.post(
            page(sandbox), data={"decision": "confirm"}, timeout=60, allow_redirects=False
        )
        assert answered.status_code == 302
        assert "action=confirm" in answered.headers["Location"]
