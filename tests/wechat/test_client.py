"""The API client against the sandbox: our errors, our tokens, one retry, nothing secret in any text."""

import contextlib
import socket
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from bot.app import Parts, build
from bot.errors import WeChatError, WeChatUnreachable
from bot.wechat.client import Client
from bot.wechat.errcodes import explain
from bot.wechat.jssdk import JsSdk, signature
from handlers import WORDING
from tests.conftest import NOWHERE, Clock, MakeConfig, as_account
from tests.launch import Sandbox
from tests.short_timeout import shorten_timeout

MENU = "/cgi-bin/menu/get"


@pytest.fixture
def clock(wechat: Sandbox) -> Clock:
    return Clock(wechat.state()["clock"]["now"])


@pytest.fixture
def parts(make_config: MakeConfig, wechat: Sandbox, clock: Clock) -> Iterator[Parts]:
    parts = build(make_config(**as_account(wechat)), [], WORDING, clock)
    yield parts
    parts.close()


@pytest.fixture
def client(parts: Parts) -> Client:
    return parts.base.client


def paths(wechat: Sandbox) -> list[str]:
    return [call["path"] for call in wechat.calls()]


def test_a_call_goes_out_with_our_token_and_comes_back_as_json(client: Client, wechat: Sandbox) -> None:
    openid = wechat.add_user("小刚", subscribed=True)
    assert client.user.get(openid)["subscribe"] == 1
    (call,) = [call for call in wechat.calls() if call["path"] == "/cgi-bin/user/info"]
    assert call["query"]["access_token"] == client.access_token


def test_chinese_goes_out_as_raw_utf8(client: Client, wechat: Sandbox) -> None:
    client.post("menu/create", data={"button": [{"type": "click", "name": "今日歌曲", "key": "k"}]})
    assert client.get("menu/get")["menu"]["button"][0]["name"] == "今日歌曲"


def test_an_errcode_is_a_wechat_error_with_wechats_own_words(client: Client) -> None:
    with pytest.raises(WeChatError) as error:
        client.get("menu/get")
    assert error.value.errcode == 46003
    assert error.value.errmsg.startswith("menu no exist")


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_refused_token_is_replaced_and_the_call_repeated_once(
    client: Client, wechat: Sandbox, errcode: int
) -> None:
    client.post("menu/create", data={"button": [{"type": "click", "name": "a", "key": "k"}]})
    old = client.access_token
    wechat.faults([{"path": MENU, "errcode": errcode, "count": 1}])
    assert client.get("menu/get")["menu"]
    assert paths(wechat).count(MENU) == 2
    first, second = [call["query"]["access_token"] for call in wechat.calls() if call["path"] == MENU]
    assert (first, second) == (old, client.access_token)
    assert first != second


def test_a_token_that_another_process_has_replaced_costs_no_fetch(
    parts: Parts, client: Client, wechat: Sandbox
) -> None:
    old = client.access_token
    new = parts.base.tokens.replace(old)
    before = paths(wechat).count("/cgi-bin/stable_token")
    assert parts.base.tokens.replace(old) == new
    assert paths(wechat).count("/cgi-bin/stable_token") == before


def test_a_call_that_keeps_answering_40001_ends_after_one_retry(client: Client, wechat: Sandbox) -> None:
    client.access_token  # noqa: B018  fetched now, so that only the retry's fetches are counted
    before = len(paths(wechat))
    wechat.faults([{"path": MENU, "errcode": 40001}])
    with pytest.raises(WeChatError) as error:
        client.get("menu/get")
    assert error.value.errcode == 40001
    new = paths(wechat)[before:]
    assert new.count(MENU) == 2
    assert new.count("/cgi-bin/stable_token") <= 2


@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:9"])
def test_a_push_does_not_outlive_the_network_by_long_and_an_upload_takes_its_time(
    client: Client, proxy: str | None
) -> None:
    """What that is good for: tests/scenarios/test_machines.py."""

    def options(path: str) -> list[tuple[int, int, int]]:
        adapter = client._http.get_adapter(client.API_BASE_URL + path + "?access_token=x")
        pools = adapter.proxy_manager_for(proxy) if proxy else adapter.poolmanager
        found: list[tuple[int, int, int]] = pools.connection_pool_kw.get("socket_options", [])
        return found

    give_up = (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 2000)
    assert give_up in options("message/custom/send")
    assert give_up not in options("media/upload")


def test_other_errors_are_not_repeated(client: Client, wechat: Sandbox) -> None:
    wechat.faults([{"path": MENU, "errcode": -1}])
    with pytest.raises(WeChatError):
        client.get("menu/get")
    assert paths(wechat).count(MENU) == 1


FAULTS = [{"drop": True}, {"status": 500}, {"status": 200}, {"delay": 2}]


@pytest.mark.parametrize("path", ["message/custom/send", "user/info"])
def test_as_many_connections_are_kept_as_there_are_threads_that_call(parts: Parts, path: str) -> None:
    adapter = parts.base.client._http.get_adapter(parts.base.client.API_BASE_URL + path + "?access_token=x")
    config = parts.base.config
    assert adapter._pool_maxsize == config.threads + config.handler_threads + config.job_threads


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_no_answer_or_an_unreadable_one_is_unreachable_and_may_have_had_its_effect(
    client: Client, wechat: Sandbox, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "delay" in fault:
        shorten_timeout(monkeypatch, MENU)
    wechat.faults([{"path": MENU, **fault}])
    with pytest.raises(WeChatUnreachable) as error:
        client.get("menu/get")
    assert error.value.was_sent


def test_where_there_was_no_connection_nothing_was_sent(
    parts: Parts, wechat: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.base.client.access_token  # noqa: B018  fetched while WeChat can be reached

    def was_sent(base: str) -> bool:
        parts.base.client.API_BASE_URL = base
        with pytest.raises(WeChatUnreachable) as error:
            parts.base.client.get("menu/get")
        return error.value.was_sent

    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as stack:
        for _ in range(3):  # nobody accepts, and the queue is full
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        nobody = f"http://127.0.0.1:{full.getsockname()[1]}/"
        shorten_timeout(monkeypatch, nobody)
        assert not was_sent(nobody)
    assert not was_sent(f"{NOWHERE}/")
    parts.base.client._http.proxies = {"http": NOWHERE}
    assert not was_sent("http://api.example.com/")


@pytest.mark.parametrize("fault", [*FAULTS, {"errcode": 48001}, {"errcode": 40001}], ids=str)
def test_no_error_holds_a_token_or_the_secret_not_even_its_traceback(
    parts: Parts, client: Client, wechat: Sandbox, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "delay" in fault:
        shorten_timeout(monkeypatch, MENU)
    secrets = {parts.base.config.app_secret, client.access_token}
    wechat.faults([{"path": MENU, **fault}])
    with pytest.raises(WeChatError) as error:
        client.get("menu/get")
    secrets.add(client.access_token)
    whole = "".join(traceback.format_exception(error.value)) + explain(error.value)
    assert not any(secret in whole for secret in secrets)


def test_wechats_address_in_the_words_of_40164_is_named_to_the_operator() -> None:
    said = (
        "invalid ip 47.94.148.108 ipv6 ::ffff:47.94.148.108, not in whitelist rid: 5fab84d2-09424a07-00bd7fe3"
    )
    text = explain(WeChatError(40164, said))
    assert "Add 47.94.148.108 to the IP whitelist" in text
    assert said in text
    assert "this server's address" in explain(WeChatError(40164, "something new"))


def test_48001_names_the_account_kinds_that_lack_the_call() -> None:
    assert "未认证订阅号" in explain(WeChatError(48001, "api unauthorized"))


def test_an_errcode_without_advice_is_wechats_own_words() -> None:
    assert explain(WeChatError(99999, "odd")) == "WeChat answered 99999: odd"


# -- JS-SDK


def test_the_published_jssdk_vector_holds() -> None:
    ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    nonce, url = "Wm3WZYTPz0wzccnW", "http://mp.weixin.qq.com?params=value"
    expected = "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
    assert signature(ticket, nonce, 1414587457, url) == expected
    assert signature(ticket, nonce, 1414587457, url + "#wechat_redirect") == expected
    assert signature(ticket, nonce, 1414587457, url + "&x=1") != expected


def test_a_pages_configuration_is_what_the_phone_accepts(parts: Parts, wechat: Sandbox) -> None:
    jssdk: JsSdk = parts.site.jssdk
    url = "http://127.0.0.1/page?a=1&b=中"
    config = jssdk.config(url, ["getNetworkType"])
    assert config["jsApiList"] == ["getNetworkType"]
    assert isinstance(config["timestamp"], int)
    assert wechat.call("POST", "jssdk/config", {**config, "url": url})["ok"]
    assert not wechat.call("POST", "jssdk/config", {**config, "url": url + "x"})["ok"]
    jssdk.config(url, [])
    assert paths(wechat).count("/cgi-bin/ticket/getticket") == 1, "tickets are kept"


def test_an_empty_ticket_is_never_kept(parts: Parts, wechat: Sandbox, clock: Clock) -> None:
    wechat.faults([{"path": "/cgi-bin/ticket/getticket", "errcode": -1, "count": 1}])
    with pytest.raises(WeChatError):
        parts.site.jssdk.config("http://127.0.0.1/", [])
    clock.advance(6)
    assert parts.site.jssdk.config("http://127.0.0.1/", [])["signature"]
