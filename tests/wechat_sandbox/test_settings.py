"""Settings that change while the sandbox runs, and rule 2's ports."""

from typing import Any

import pytest

from tests.launch import Sandbox
from tests.wechat_sandbox.callback import Answer, CallbackServer, text
from wechat_sandbox.account import Account
from wechat_sandbox.behaviour import Behaviour
from wechat_sandbox.settings import settings_of


def test_every_setting_has_a_place_in_the_state(sandbox: Sandbox) -> None:
    state = sandbox.state()
    assert {one.name for one in settings_of(Account)} <= set(state["account"])
    assert {one.name for one in settings_of(Behaviour)} == set(state["behaviour"])


def test_settings_change_at_once_and_a_reset_brings_them_back(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    changed = sandbox.settings(mode="safe", token="another", name="新名字", failure_line="坏了", attempts=2)
    assert (changed["account"]["mode"], changed["account"]["name"]) == ("safe", "新名字")
    assert changed["behaviour"]["failure_line"] == "坏了"
    server.says(Answer("rubbish"))
    result = sandbox.send(openid, content="hi")
    assert [message["content"] for message in result["shown"]] == ["坏了"]
    assert server.deliveries[0].text("Content") is None
    assert server.deliveries[0].text("Encrypt")
    account = sandbox.reset()["account"]
    assert (account["mode"], account["token"], account["callback"]) == ("plain", "sandboxtoken", server.url)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"mode": "secret"}, "mode: must be one of plain, compatible, safe"),
        ({"kind": 5}, "kind: must be one of subscription"),
        ({"token": "a b"}, "token: must be 3 to 32 letters and digits"),
        ({"aes_key": "short"}, "aes_key: must be exactly 43"),
        ({"deadline": "5"}, "deadline: must be a number"),
        ({"deadline": 0}, "deadline: more than 0"),
        ({"attempts": True}, "attempts: must be a whole number"),
        ({"lenient_state": 1}, "lenient_state: must be true or false"),
        ({"ip_whitelist": "1.1.1.1"}, "ip_whitelist: must be a list of strings"),
        ({"ip_whitelist": ["1.1.1.1", "foo"]}, "ip_whitelist: must be IP addresses, got 'foo'"),
        ({"ip_whitelist": ["10.0.0.0/8"]}, "ip_whitelist: must be IP addresses"),
        ({"web_domains": ["a", "b", "c"]}, "web_domains: at most 2"),
        ({"js_domains": ["a"] * 6}, "js_domains: at most 5"),
        ({"app_id": "wx0000000000000000"}, "app_id: can be set at the start only"),
        ({"colour": "red"}, "colour: no such field"),
        ({"expired_code_errcode": 1}, "expired_code_errcode: must be 42003 or 40029"),
        ({"name": " "}, "name: must not be empty"),
    ],
)
def test_a_wrong_setting_changes_nothing(sandbox: Sandbox, change: dict[str, Any], error: str) -> None:
    before = sandbox.state()
    with pytest.raises(AssertionError, match=": 400 ") as caught:
        sandbox.settings(text_limit=1, **change)
    assert error in str(caught.value)
    after = sandbox.state()
    assert (after["account"], after["behaviour"]) == (before["account"], before["behaviour"])


def test_rule_02_ports_80_and_443_only_where_that_is_wanted(sandbox: Sandbox, server: CallbackServer) -> None:
    sandbox.set_callback(server.url)
    sandbox.settings(callback_public_ports_only=True)
    with pytest.raises(AssertionError, match="url: WeChat calls ports 80 and 443 only"):
        sandbox.set_callback(server.url)
    # These are let through, to be answered by nobody.
    for url in ("http://127.0.0.1/wechat", "https://127.0.0.1/wechat", "http://127.0.0.1:443/"):
        with pytest.raises(AssertionError, match="400") as caught:
            sandbox.set_callback(url)
        assert "ports 80 and 443" not in str(caught.value)


def test_rule_10_the_limit_of_a_text_is_a_setting(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    sandbox.settings(text_limit=6)
    server.says(Answer(text(openid, "三个字")), Answer(text(openid, "二字")))
    outcomes = [delivery["outcome"] for delivery in sandbox.send(openid, content="hi")["deliveries"]]
    assert outcomes == ["bad-reply", "reply"]


def test_rule_13_silent_events_can_be_made_to_speak(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    sandbox.settings(silent_events=False)
    server.says(Answer(text(openid, "再见")))
    assert [message["content"] for message in sandbox.unsubscribe(openid)["shown"]] == ["再见"]


def test_rule_21_escaped_names_may_be_kept_as_they_are(sandbox: Sandbox, api) -> None:
    sandbox.settings(escaped_names="literal")
    body = rb'{"button":[{"type":"click","name":"\u6b4c","key":"K"}]}'
    assert api.post("menu/create", body)["errcode"] == 0
    assert api.get("menu/get")["menu"]["button"][0]["name"] == r"\u6b4c"


@pytest.mark.parametrize("errcode", [40003, 43004, 45015])
def test_rule_34_what_a_stranger_is_answered_with(sandbox: Sandbox, api, errcode: int) -> None:
    sandbox.settings(stranger_errcode=errcode)
    stranger = sandbox.state()["users"][0]["openid"]
    body = {"touser": stranger, "msgtype": "text", "text": {"content": "hi"}}
    assert api.post("message/custom/send", body)["errcode"] == errcode


def test_rule_29_an_expired_code_may_be_an_invalid_one(sandbox: Sandbox, api) -> None:
    link = (
        "http://x/connect/oauth2/authorize?appid=wx5a5b5c5d5e5f5051&response_type=code"
        "&scope=snsapi_base&redirect_uri=http%3A%2F%2F127.0.0.1%2F"
    )
    account = sandbox.state()["account"]
    query = {"appid": account["app_id"], "secret": account["app_secret"], "grant_type": "authorization_code"}
    for errcode in (42003, 40029):
        sandbox.settings(expired_code_errcode=errcode)
        redirect = sandbox.authorize(sandbox.add_user("a"), link)["redirect"]
        sandbox.clock(301)
        query["code"] = redirect.partition("code=")[2].partition("&")[0]
        assert api.raw("GET", "/sns/oauth2/access_token", params=query).json()["errcode"] == errcode
