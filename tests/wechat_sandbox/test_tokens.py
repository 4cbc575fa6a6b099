"""Access tokens and what every API call has in common (rules 15, 16, 17, 19)."""

import re
from collections.abc import Callable

import pytest

from tests.launch import Sandbox

RID = re.compile(r" rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$")


def code(api, token: str | None) -> int:
    params = {} if token is None else {"access_token": token}
    answer = api.raw("GET", "/cgi-bin/getcallbackip", params=params).json()
    return answer.get("errcode", 0)


def test_rule_15_each_call_mints_a_token_and_the_old_one_lives_five_minutes(sandbox: Sandbox, api) -> None:
    answer = api.token_call()
    assert answer["expires_in"] == 7200
    first, second = answer["access_token"], api.new_token()
    assert first != second
    assert (code(api, first), code(api, second)) == (0, 0)
    sandbox.clock(270)
    assert code(api, first) == 0
    sandbox.clock(31)
    assert (code(api, first), code(api, second)) == (40001, 0)


def test_rule_15_expired_malformed_unknown_and_absent(sandbox: Sandbox, api) -> None:
    token = api.new_token()
    assert code(api, None) == 41001
    assert code(api, "") == 41001
    assert code(api, "rubbish") == 40014
    assert code(api, token[:-3] + "xyz") == 40001
    sandbox.clock(7200)
    assert code(api, token) == 42001


def test_rule_15_a_token_that_died_by_itself_stays_expired(sandbox: Sandbox, api) -> None:
    old = api.new_token()
    sandbox.clock(7300)
    api.new_token()
    assert code(api, old) == 42001


def test_rule_16_stable_is_the_same_until_five_minutes_before_its_end(sandbox: Sandbox, api) -> None:
    first = api.stable()
    assert (first["expires_in"], api.stable()["access_token"]) == (7200, first["access_token"])
    sandbox.clock(6000)
    again = api.stable()
    assert again["access_token"] == first["access_token"]
    assert 1170 <= again["expires_in"] <= 1200
    sandbox.clock(901)
    renewed = api.stable()
    assert renewed["access_token"] != first["access_token"]
    # In the last minutes both work.
    assert (code(api, first["access_token"]), code(api, renewed["access_token"])) == (0, 0)


def test_rule_16_force_kills_the_old_token_but_not_within_30_seconds(sandbox: Sandbox, api) -> None:
    first = api.stable()["access_token"]
    second = api.stable(force_refresh=True)["access_token"]
    assert (code(api, first), code(api, second)) == (40001, 0)
    assert api.stable(force_refresh=True)["access_token"] == second
    sandbox.clock(30)
    assert api.stable(force_refresh=True)["access_token"] != second


def test_rule_16_force_works_20_times_a_day(sandbox: Sandbox, api) -> None:
    for _ in range(20):
        assert "access_token" in api.stable(force_refresh=True)
        sandbox.clock(31)
    assert api.stable(force_refresh=True)["errcode"] == 45009
    sandbox.clock(86400)
    assert "access_token" in api.stable(force_refresh=True)


def test_rule_16_the_two_endpoints_do_not_disturb_each_other(sandbox: Sandbox, api) -> None:
    stable, classic = api.stable()["access_token"], api.new_token()
    api.new_token()
    api.stable(force_refresh=True)
    sandbox.clock(301)
    assert code(api, stable) == 40001
    assert code(api, classic) == 40001
    stable, classic = api.stable()["access_token"], api.new_token()
    api.new_token()
    sandbox.clock(400)
    assert (code(api, stable), code(api, classic)) == (0, 40001)


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"grant_type": "password"}, 40002),
        ({"appid": "wx0000000000000000"}, 40013),
        ({"appid": ""}, 41002),
        ({"secret": "wrong"}, 40125),
        ({"secret": ""}, 41004),
    ],
)
def test_rule_17_wrong_credentials(api, changes: dict[str, str], errcode: int) -> None:
    assert api.token_call(**changes)["errcode"] == errcode
    assert api.stable(**changes)["errcode"] == errcode


def test_rule_17_the_whitelist_holds_for_token_calls_only(
    start: Callable[..., Sandbox], apis: Callable
) -> None:
    outside = apis(start("--ip-whitelist", "10.1.2.3"))
    for answer in (outside.token_call(), outside.stable()):
        assert answer["errcode"] == 40164
        assert "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist" in answer["errmsg"]
    assert code(outside, "rubbish") == 40014
    inside = apis(start("--ip-whitelist", "10.1.2.3", "--ip-whitelist", "127.0.0.1"))
    assert "access_token" in inside.token_call()


def test_rule_19_the_wrong_method(api) -> None:
    token = {"access_token": api.token}
    assert api.raw("GET", "/cgi-bin/menu/create", params=token).json()["errcode"] == 43002
    assert api.raw("POST", "/cgi-bin/menu/get", params=token).json()["errcode"] == 43001
    assert api.raw("POST", "/sns/userinfo").json()["errcode"] == 43001


@pytest.mark.parametrize(
    ("body", "errcode"),
    [(b"", 44002), (b"{", 47001), (b"[]", 47001), (b"a=1", 47001), ('{"a":"你"}'.encode("gbk"), 65318)],
)
def test_rule_19_empty_and_broken_bodies(api, body: bytes, errcode: int) -> None:
    assert api.post("menu/create", body)["errcode"] == errcode


def test_rule_19_errors_come_with_http_200_and_a_request_id(api) -> None:
    answer = api.raw("GET", "/cgi-bin/menu/get", params={"access_token": api.token})
    assert (answer.status_code, answer.json()["errcode"]) == (200, 46003)
    assert answer.json()["errmsg"].startswith("menu no exist rid: ")
    assert RID.search(answer.json()["errmsg"])
    assert answer.headers["Content-Type"] == "application/json; encoding=utf-8"
    answer = api.raw("GET", "/sns/userinfo")
    assert (answer.status_code, answer.json()["errcode"]) == (200, 41001)
    assert re.search(r"missing, rid: [0-9a-f]{8}-", answer.json()["errmsg"])
    assert answer.headers["Content-Type"] == "text/plain"


@pytest.mark.parametrize("path", ["/cgi-bin/drafts", "/nothing/here", "/x"])
def test_a_path_that_wechat_has_not_is_a_404_and_is_journalled(sandbox: Sandbox, api, path: str) -> None:
    answer = api.raw("POST", path, params={"access_token": api.token}, data=b"{}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    last = sandbox.calls()[-1]
    assert (last["path"], last["simulated"], last["status"]) == (path, False, 404)


def test_what_is_none_of_wechats_is_not_journalled(sandbox: Sandbox, api) -> None:
    before = len(sandbox.calls())
    assert api.raw("GET", "/favicon.ico").status_code == 404
    assert api.raw("GET", "/_sandbox/nothing").status_code == 404
    assert len(sandbox.calls()) == before


@pytest.mark.parametrize(
    "path",
    [
        "/cgi-bin/draft/add", "/cgi-bin/message/mass/sendall", "/cgi-bin/media/uploadnews", "/card/create",
        "/cgi-bin/material/add_news", "/cgi-bin/account/getaccountbasicinfo", "/sns/jscode2session",
        "/merchant/create", "/cv/ocr/idcard", "/shakearound/device/applyid", "/bizwifi/shop/list",
    ],
)  # fmt: skip
def test_a_path_that_is_not_simulated_is_refused_and_is_journalled(sandbox: Sandbox, api, path: str) -> None:
    answer = api.raw("POST", path, params={"access_token": api.token}, data=b"{}")
    assert (answer.status_code, answer.json()["errcode"]) == (200, 48001)
    last = sandbox.calls()[-1]
    assert (last["path"], last["simulated"], last["response"]["errcode"]) == (path, False, 48001)
    assert api.raw("POST", path, data=b"{}").json()["errcode"] == 41001


def test_every_call_is_in_the_journal(sandbox: Sandbox, api) -> None:
    api.post("menu/create", {"button": [{"type": "click", "name": "歌", "key": "K"}]})
    call = sandbox.calls()[-1]
    assert (call["method"], call["path"], call["status"]) == ("POST", "/cgi-bin/menu/create", 200)
    assert call["query"] == {"access_token": api.token}
    assert call["body"]["button"][0]["name"] == "歌"
    assert call["response"] == {"errcode": 0, "errmsg": "ok"}
    assert call["simulated"] is True


def test_clear_quota_ten_times_a_month(sandbox: Sandbox, api) -> None:
    appid = {"appid": api.account["app_id"]}
    assert api.post("clear_quota", {"appid": "wx0000000000000000"})["errcode"] == 40013
    assert [api.post("clear_quota", appid)["errcode"] for _ in range(11)] == [0] * 10 + [48006]
    sandbox.clock(32 * 86400)
    api.renew()
    assert api.post("clear_quota", appid)["errcode"] == 0


def test_ip_lists(api) -> None:
    assert api.get("getcallbackip") == {"ip_list": ["127.0.0.1"]}
    assert api.get("get_api_domain_ip") == {"ip_list": ["127.0.0.1"]}
