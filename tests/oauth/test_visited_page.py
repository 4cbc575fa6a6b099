"""The page that a visit leads to: the visitor's name, the JS-SDK, headers, and a page that fails."""

import json
import logging
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import Served
from tests.launch import Sandbox
from tests.oauth.visitor import Phone


def test_the_jssdk_is_configured_for_the_url_that_the_browser_has(
    site: Served, phone: Phone, wechat: Sandbox
) -> None:
    answer = phone.visit(site.url + "/?a=1&b=%E4%B8%AD")
    config = json_in(answer.text)
    assert wechat.call("POST", "jssdk/config", {**config, "url": answer.url})["ok"]


def json_in(page: str) -> dict[str, Any]:
    begin = page.index('id="jssdk-config">') + len('id="jssdk-config">')
    config: dict[str, Any] = json.loads(page[begin : page.index("</script>", begin)])
    return config


def test_a_page_without_a_ticket_still_greets(
    site: Served, phone: Phone, wechat: Sandbox, log: pytest.LogCaptureFixture
) -> None:
    wechat.faults([{"path": "/cgi-bin/ticket/getticket", "errcode": 48001}])
    answer = phone.visit(site.url + "/")
    assert answer.status_code == 200
    assert "Hello world 小刚" in answer.text
    assert 'id="jssdk-config"' not in answer.text


@pytest.mark.parametrize("nickname", ["<script>alert(1)</script>", "\"'&lt;", "😀 中 $x ${x}", "</title>"])
def test_a_nickname_is_text_and_not_markup(
    site: Served, make_phone: Callable[..., Phone], nickname: str
) -> None:
    page = make_phone(nickname).visit(site.url + "/").text
    begin = page.index("<h1>") + len("<h1>")
    assert "<" not in page[begin : page.index("</h1>")]
    assert unescape(page[begin : page.index("</h1>")]) == f"Hello world {nickname}"


def test_pages_carry_security_headers_and_no_referrer_leaves(site: Served, phone: Phone) -> None:
    answer = phone.visit(site.url + "/")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_page_that_fails_is_one_line_and_a_friendly_page(
    site: Served, phone: Phone, log: pytest.LogCaptureFixture
) -> None:
    answer = phone.open(site.url + "/faulty")
    assert answer.status_code == 500
    assert "<h1>" in answer.text
    assert "RuntimeError" not in answer.text
    errors = [record.getMessage() for record in log.records if record.levelno >= logging.ERROR]
    assert len(errors) == 1
    assert "RuntimeError" in errors[0]
    assert "private words" not in log.text


def test_the_jssdk_service_signs_pages_of_this_site_only(site: Served, phone: Phone, wechat: Sandbox) -> None:
    page = site.url + "/app?a=1&b=2"
    answer = phone.open(f"{site.url}/jssdk?url={quote(page, safe='')}%23part")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    assert wechat.call("POST", "jssdk/config", {**answer.json(), "url": page})["ok"]
    for other, status in (("https://evil.example/", 403), ("", 400), (f"{site.url}@evil.example/", 403)):
        assert phone.open(f"{site.url}/jssdk?url={quote(other, safe='')}").status_code == status


def test_the_jssdk_service_says_when_wechat_gives_no_ticket(
    site: Served, phone: Phone, wechat: Sandbox
) -> None:
    wechat.faults([{"path": "/cgi-bin/ticket/getticket", "errcode": 45009}])
    answer = phone.open(f"{site.url}/jssdk?url={quote(site.url, safe='')}")
    assert answer.status_code == 502
    assert "45009" in answer.json()["error"]
