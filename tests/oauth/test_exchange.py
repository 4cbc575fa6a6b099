"""A code is exchanged: once, for a few visitors at a time; and what WeChat may answer instead."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.conftest import Served
from tests.launch import Sandbox
from tests.oauth.conftest import EXCHANGE, asked, result_of
from tests.oauth.visitor import Phone, query
from tests.short_timeout import shorten_timeout


def test_a_code_that_was_spent_elsewhere_is_used(
    site: Served, phone: Phone, wechat: Sandbox, log: pytest.LogCaptureFixture
) -> None:
    back = phone.back(site.url + "/")
    config = site.config
    spent = phone.http.get(
        wechat.url + EXCHANGE,
        params={
            "appid": config.app_id,
            "secret": config.app_secret,
            "code": query(back)["code"],
            "grant_type": "authorization_code",
        },
        timeout=60,
    )
    assert spent.json()["openid"] == phone.openid
    answer = phone.open(back)
    assert answer.status_code == 400
    assert result_of(log) == "used-code"


def test_a_doubled_redirect_gets_the_first_ones_result(
    site: Served, phone: Phone, wechat: Sandbox, make_phone: Callable[..., Phone]
) -> None:
    back = phone.back(site.url + "/")
    first, second = phone.open(back), phone.open(back)
    assert (first.status_code, second.status_code) == (302, 302)
    assert asked(wechat) == 1
    assert "小刚" in phone.visit(second.headers["Location"]).text


def test_a_doubled_redirect_at_the_same_moment_waits_for_the_first(
    site: Served, phone: Phone, wechat: Sandbox
) -> None:
    back = phone.back(site.url + "/")
    wechat.faults([{"path": EXCHANGE, "delay": 0.2}])
    cookies, start = dict(phone.http.cookies), threading.Barrier(3)

    def go() -> int:
        start.wait()
        return requests.get(back, cookies=cookies, allow_redirects=False, timeout=60).status_code

    with ThreadPoolExecutor(3) as pool:
        statuses = [task.result() for task in [pool.submit(go) for _ in range(3)]]
    assert statuses == [302] * 3
    assert asked(wechat) == 1


def test_a_burst_of_first_visits_waits_and_all_get_in(
    site: Served, wechat: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.oauth.call_places._PLACE_SECONDS", 60)
    crowd = [Phone(wechat, f"访客{number}") for number in range(24)]
    backs = [(phone, phone.back(site.url + "/quiet")) for phone in crowd]
    wechat.faults([{"path": EXCHANGE, "delay": 0.2, "count": 1000}])
    with ThreadPoolExecutor(24) as pool:
        statuses = list(pool.map(lambda pair: pair[0].open(pair[1]).status_code, backs))
    for phone in crowd:
        phone.close()
    assert statuses == [302] * 24


def take_all_places(site: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let other visitors hold every place among the calls to WeChat."""
    free = threading.BoundedSemaphore(1)
    free.acquire()
    monkeypatch.setattr(site.parts.site.visits.guard._code_return._exchange._places, "_free", free)


def test_where_no_place_is_free_in_time_the_page_says_that_many_are_here(
    site: Served, phone: Phone, wechat: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.oauth.call_places._PLACE_SECONDS", 0.01)
    take_all_places(site, monkeypatch)
    back = phone.back(site.url + "/quiet")
    page = phone.open(back)
    assert page.status_code == 503
    assert "现在访问的人太多了" in page.text
    assert 'http-equiv="refresh" content="3; url=/quiet"' in page.text, "it opens by itself"
    assert asked(wechat) == 0


def test_while_wechat_is_silent_nobody_waits_for_a_place(
    site: Served, phone: Phone, wechat: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The threads belong to its deliveries."""
    monkeypatch.setattr("bot.oauth.call_places._SILENT_SECONDS", 600)
    wechat.faults([{"path": EXCHANGE, "status": 502, "count": 1}])
    assert phone.open(phone.back(site.url + "/quiet")).status_code == 502
    take_all_places(site, monkeypatch)
    monkeypatch.setattr("bot.oauth.call_places._PLACE_SECONDS", 600)
    page = phone.open(phone.back(site.url + "/quiet"))
    assert "现在访问的人太多了" in page.text


def test_a_doubled_redirect_of_a_failed_login_fails_the_same_way(
    site: Served, phone: Phone, wechat: Sandbox
) -> None:
    wechat.faults([{"path": EXCHANGE, "errcode": 40029}])
    back = phone.back(site.url + "/")
    assert [phone.open(back).status_code for _ in range(2)] == [400, 400]
    assert asked(wechat) == 1


FAULTS = [{"drop": True}, {"status": 500}, {"status": 200}, {"delay": 2}, {"errcode": -1}]
DOWN = [(path, fault) for path in (EXCHANGE, "/sns/userinfo") for fault in FAULTS]
OK_AND_NO_MORE = {"errcode": 0}  # no openid and no token


@pytest.mark.parametrize(("path", "fault"), [*DOWN, (EXCHANGE, OK_AND_NO_MORE)], ids=str)
def test_wechat_being_down_is_a_page_that_says_so(
    site: Served,
    phone: Phone,
    wechat: Sandbox,
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    fault: dict[str, Any],
) -> None:
    back = phone.back(site.url + "/")
    wechat.faults([{"path": path, "count": 1, **fault}])
    log.clear()
    with monkeypatch.context() as patch:
        if "delay" in fault:
            shorten_timeout(patch, path)
        answer = phone.open(back)
    assert answer.status_code == 502
    assert result_of(log) == "wechat-down"
    assert "微信暂时没有回应" in answer.text
    assert not [record for record in log.records if record.exc_info or record.levelno >= logging.ERROR]
    assert site.config.app_secret not in log.text
    assert "Hello world 小刚" in phone.visit(site.url + "/").text


def test_an_account_without_the_right_is_told_so(
    site: Served, phone: Phone, wechat: Sandbox, log: pytest.LogCaptureFixture
) -> None:
    wechat.faults([{"path": "/sns/userinfo", "errcode": 48001}])
    answer = phone.open(phone.back(site.url + "/"))
    assert answer.status_code == 403
    assert result_of(log) == "not-allowed"
