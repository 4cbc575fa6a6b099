"""Signing pages for the JS-SDK (rule 33)."""

from collections.abc import Callable
from typing import Any

import pytest
from wechatpy.client.api import WeChatJSAPI

from tests.launch import Sandbox
from wechat_sandbox.web.jssdk import signature

PAGE = "http://127.0.0.1:8080/page?a=1&b=你"


def test_rule_33_the_public_vector() -> None:
    ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    signed = signature(ticket, "Wm3WZYTPz0wzccnW", "1414587457", "http://mp.weixin.qq.com?params=value")
    assert signed == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


def config(api, **changes: Any) -> dict[str, Any]:
    """A wx.config of PAGE as wechatpy signs it."""
    ticket = api.get("ticket/getticket", type="jsapi")["ticket"]
    signed = WeChatJSAPI(None).get_jsapi_signature("nonce", ticket, 1700000000, PAGE)
    given = {"appId": api.account["app_id"], "timestamp": 1700000000, "nonceStr": "nonce", "jsApiList": []}
    return given | {"signature": signed, "url": PAGE} | changes


def verdict(sandbox: Sandbox, given: dict[str, Any]) -> str:
    answer = sandbox.call("POST", "jssdk/config", given)
    assert answer["ok"] is (answer["errMsg"] == "config:ok")
    message: str = answer["errMsg"]
    return message


def test_rule_33_a_page_that_is_signed_right(sandbox: Sandbox, api) -> None:
    assert verdict(sandbox, config(api)) == "config:ok"
    assert verdict(sandbox, config(api, url=PAGE + "#top")) == "config:ok"
    assert verdict(sandbox, config(api, timestamp="1700000000")) == "config:ok"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"url": "http://127.0.0.1:8080/page?a=1"}, "config:invalid signature"),
        ({"url": PAGE.replace("http:", "https:")}, "config:invalid signature"),
        ({"nonceStr": "other"}, "config:invalid signature"),
        ({"timestamp": 1}, "config:invalid signature"),
        ({"signature": ""}, "config:invalid signature"),
        ({"url": "http://evil.example/"}, "config:invalid url domain"),
        ({"appId": "wx0000000000000000"}, "config:invalid appid"),
    ],
)
def test_rule_33_a_page_that_is_not(sandbox: Sandbox, api, changes: dict[str, Any], message: str) -> None:
    assert verdict(sandbox, config(api, **changes)) == message


def test_rule_33_a_domain_covers_its_sub_domains(start: Callable[..., Sandbox], apis: Callable) -> None:
    sandbox = start("--web-domain", "qq.example")
    api = apis(sandbox)
    api.get("ticket/getticket", type="jsapi")
    for url, message in (
        ("http://qq.example/", "config:invalid signature"),
        ("http://a.b.qq.example/", "config:invalid signature"),
        ("http://myqq.example/", "config:invalid url domain"),
    ):
        assert verdict(sandbox, config(api, url=url)) == message


def test_rule_33_the_ticket_is_kept_and_expires(sandbox: Sandbox, api) -> None:
    first = api.get("ticket/getticket", type="jsapi")
    assert (first["errcode"], first["errmsg"], first["expires_in"]) == (0, "ok", 7200)
    assert api.get("ticket/getticket", type="jsapi")["ticket"] == first["ticket"]
    given = config(api)
    sandbox.clock(7201)
    assert verdict(sandbox, given) == "config:invalid signature"
    api.renew()
    assert api.get("ticket/getticket", type="jsapi")["ticket"] != first["ticket"]


def test_rule_33_the_ticket_needs_a_token_and_its_type(api) -> None:
    assert api.get("ticket/getticket", type="jsapi", access_token="")["errcode"] == 41001
    assert api.get("ticket/getticket", type="other")["errcode"] == 40097
    assert api.get("ticket/getticket", type="wx_card")["errcode"] == 48001, "cards are not simulated"


def test_pages_of_any_origin_may_ask(api) -> None:
    headers = {"Origin": "http://127.0.0.1:8080", "Content-Type": "text/plain"}
    answer = api.raw("POST", "/_sandbox/jssdk/config", data=b'{"url":"http://127.0.0.1/"}', headers=headers)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert api.raw("OPTIONS", "/_sandbox/jssdk/config", headers=headers).status_code == 204
