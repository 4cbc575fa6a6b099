"""Daily and minutely quotas, and the calls about them (rule 18)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.launch import Sandbox
from wechat_sandbox.clock import Clock
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.rights import Kind
from wechat_sandbox.world.quotas import Quotas

MENU = {"button": [{"type": "click", "name": "a", "key": "K"}]}


@pytest.fixture
def test_account(sandbox: Sandbox) -> Sandbox:
    sandbox.settings(kind="test")
    return sandbox


def used_up(call: Callable[[], dict[str, Any]], times: int) -> dict[str, Any]:
    """The answer after so many good ones."""
    for _ in range(times):
        assert call().get("errcode", 0) == 0
    return call()


def test_rule_18_a_test_accounts_calls_are_counted(test_account: Sandbox, api) -> None:
    refused = used_up(lambda: api.get("user/get"), 100)
    assert refused["errcode"] == 45009
    assert refused["errmsg"].startswith("reach max api daily quota limit rid: ")
    # Each API has its own.
    assert api.post("menu/create", MENU)["errcode"] == 0
    quotas = {quota["path"]: quota for quota in test_account.state()["quotas"]}
    assert quotas["/cgi-bin/user/get"] == {
        "path": "/cgi-bin/user/get",
        "limit": 100,
        "used": 100,
        "remain": 0,
    }
    assert quotas["/cgi-bin/menu/create"]["remain"] == 99


@pytest.mark.parametrize(
    ("path", "ordinary", "test"),
    [
        ("/cgi-bin/token", 2000, 200),
        ("/cgi-bin/menu/create", 1000, 100),
        ("/cgi-bin/menu/get", 10_000, 1000),
        ("/cgi-bin/menu/delete", 1000, 100),
        ("/cgi-bin/media/upload", 100_000, 500),
        ("/cgi-bin/media/get", 200_000, 1000),
        ("/cgi-bin/message/custom/send", 500_000, 50_000),
        ("/cgi-bin/qrcode/create", 100_000, 10_000),
        ("/cgi-bin/user/get", 500, 100),
        ("/cgi-bin/user/info", 5_000_000, 500_000),
        ("/cgi-bin/user/info/updateremark", 10_000, 10_000),
        ("/cgi-bin/menu/addconditional", 2000, 2000),
        ("/cgi-bin/ticket/getticket", 1_000_000, 1_000_000),
        ("/cgi-bin/message/template/send", 100_000, 100_000),
        ("/cgi-bin/shorten/gen", 10_000, 10_000),
    ],
)
def test_rule_18_the_quotas_of_each_kind(sandbox: Sandbox, api, path: str, ordinary: int, test: int) -> None:
    for kind in ("subscription", "service-verified"):
        sandbox.settings(kind=kind)
        assert api.post("openapi/quota/get", {"cgi_path": path})["quota"]["daily_limit"] == ordinary
    sandbox.settings(kind="test")
    assert api.post("openapi/quota/get", {"cgi_path": path})["quota"]["daily_limit"] == test


def test_rule_18_sns_has_none(api) -> None:
    answer = api.post("openapi/quota/get", {"cgi_path": "/sns/userinfo"})
    assert answer["errcode"] == 76021


def test_rule_18_token_calls_count_for_those_who_know_the_secret(test_account: Sandbox, api) -> None:
    for _ in range(5):
        assert api.token_call(secret="0" * 32)["errcode"] == 40125
    assert used_up(api.token_call, 200)["errcode"] == 45009


def test_rule_18_a_new_day_begins_at_nothing(test_account: Sandbox, api) -> None:
    assert used_up(lambda: api.get("user/get"), 100)["errcode"] == 45009
    test_account.clock(86400)
    api.renew()
    assert api.get("user/get")["total"] == 0


def test_rule_18_clearing_ten_times_a_month(test_account: Sandbox, api) -> None:
    account = test_account.state()["account"]
    assert used_up(lambda: api.get("user/get"), 100)["errcode"] == 45009
    assert api.post("clear_quota", {"appid": "wx0000000000000000"})["errcode"] == 40013
    assert api.post("clear_quota", {"appid": account["app_id"]}) == {"errcode": 0, "errmsg": "ok"}
    assert api.get("user/get")["total"] == 0
    # Without a token, for those who have none left.
    version_2 = {"params": {"appid": account["app_id"], "appsecret": account["app_secret"]}}
    for _ in range(9):
        assert api.raw("POST", "/cgi-bin/clear_quota/v2", **version_2).json()["errcode"] == 0
    assert api.raw("POST", "/cgi-bin/clear_quota/v2", **version_2).json()["errcode"] == 48006
    assert api.post("clear_quota", {"appid": account["app_id"]})["errcode"] == 48006
    test_account.clock(31 * 86400)
    api.renew()
    assert api.post("clear_quota", {"appid": account["app_id"]})["errcode"] == 0


@pytest.mark.parametrize(
    ("query", "errcode"),
    [
        ({}, 41002),
        ({"appid": "wx5a5b5c5d5e5f5051"}, 41004),
        ({"appid": "wx0000000000000000", "appsecret": "x"}, 40013),
        ({"appid": "wx5a5b5c5d5e5f5051", "appsecret": "x"}, 40125),
    ],
)
def test_rule_18_clearing_needs_the_secret(api, query: dict[str, str], errcode: int) -> None:
    answer = api.raw("POST", "/cgi-bin/clear_quota/v2", params=query).json()
    assert answer["errcode"] == errcode


def test_rule_18_ten_thousand_stable_tokens_a_minute() -> None:
    clock = Clock(real=lambda: 1_700_000_000.0)
    quotas = Quotas(clock)
    for _ in range(10_000):
        quotas.use("/cgi-bin/stable_token", Kind.SERVICE_VERIFIED)
    with pytest.raises(WeChatError, match="45011 api minute-quota reach limit"):
        quotas.use("/cgi-bin/stable_token", Kind.SERVICE_VERIFIED)
    clock.advance(60)
    quotas.use("/cgi-bin/stable_token", Kind.SERVICE_VERIFIED)


def test_a_request_is_found_by_its_rid(api) -> None:
    rid = api.get("menu/get")["errmsg"].rpartition("rid: ")[2]
    request = api.post("openapi/rid/get", {"rid": rid})["request"]
    assert set(request) == {"invoke_time", "cost_in_ms", "request_url", "request_body", "response_body"}
    assert request["request_url"] == "/cgi-bin/menu/get"
    assert "46003" in request["response_body"]
    assert api.post("openapi/rid/get", {"rid": "0-0-0"})["errcode"] == 76001
    assert api.post("openapi/rid/get", {})["errcode"] == 76002


def test_the_callback_is_looked_up_and_connected_to(api, openid: str) -> None:
    answer = api.post("callback/check", {"action": "all", "check_operator": "DEFAULT"})
    assert answer["dns"] == [{"ip": "127.0.0.1", "real_operator": "UNKNOWN"}]
    [ping] = answer["ping"]
    assert (ping["ip"], ping["from_operator"], ping["package_loss"]) == ("127.0.0.1", "DEFAULT", "0%")
    assert "ping" not in api.post("callback/check", {"action": "dns", "check_operator": "CAP"})
    assert api.post("callback/check", {"action": "?"})["errcode"] == 40202
    assert api.post("callback/check", {"action": "all", "check_operator": "?"})["errcode"] == 40203
