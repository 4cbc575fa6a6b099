"""Website login by QR code (rules 29, 31 and 32)."""

import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from tests.launch import Sandbox

SITE = "http://127.0.0.1:8080/callback"
WAITING, SCANNED, CONFIRMED, CANCELLED, EXPIRED = 408, 404, 405, 403, 402


def link(sandbox: Sandbox, **changes: str) -> str:
    query = {
        "appid": "wx5e5d5c5b5a595857",
        "redirect_uri": SITE,
        "response_type": "code",
        "scope": "snsapi_login",
        "state": "abc",
    }
    return f"{sandbox.url}/connect/qrconnect?{urlencode(query | changes)}"


class Page:
    """The site's visitor in front of a PC."""

    def __init__(self, sandbox: Sandbox, uuid: str) -> None:
        self.sandbox = sandbox
        self.uuid = uuid

    def poll(self, last: int | None = None) -> tuple[int, str]:
        query = {"uuid": self.uuid} | ({"last": str(last)} if last else {})
        answer = requests.get(f"{self.sandbox.url}/connect/l/qrconnect", params=query, timeout=60)
        found = re.fullmatch(r"window\.wx_errcode=(\d+);window\.wx_code='([^']*)';", answer.text)
        assert found is not None
        return int(found[1]), found[2]

    def poll_in_the_background(self, last: int | None = None) -> Callable[[], tuple[int, str]]:
        """The answer, when it comes."""
        answers: list[tuple[int, str]] = []
        poller = threading.Thread(target=lambda: answers.append(self.poll(last)))
        poller.start()

        def wait() -> tuple[int, str]:
            poller.join(60)
            return answers[0]

        return wait

    def phone(self, openid: str, act: str) -> int:
        path = f"users/{openid}/login/{act}"
        status: int = self.sandbox.call("POST", path, {"uuid": self.uuid})["status"]
        return status


@pytest.fixture
def page(sandbox: Sandbox) -> Page:
    text = requests.get(link(sandbox, f="xml"), timeout=60).text
    found = re.search(r"<uuid><!\[CDATA\[(.+)\]\]></uuid>", text)
    assert found is not None
    return Page(sandbox, found[1])


def test_rule_32_the_page_shows_a_code_of_its_own(sandbox: Sandbox) -> None:
    html = requests.get(link(sandbox), timeout=60).text
    found = re.search(r'src="(/connect/qrcode/[^"]+)"', html)
    assert found is not None
    picture = requests.get(sandbox.url + found[1], timeout=60)
    assert picture.content.startswith(b"\x89PNG")
    assert requests.get(f"{sandbox.url}/connect/qrcode/nobody", timeout=60).status_code == 404
    [login] = sandbox.state()["logins"]
    assert (login["status"], login["appid"]) == (WAITING, "wx5e5d5c5b5a595857")
    assert login["uuid"] in found[1]


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "snsapi_base"},
        {"scope": "snsapi_userinfo"},
        {"scope": ""},
        {"redirect_uri": "http://evil.example/"},
        {"redirect_uri": "http://sub.localhost/"},
        {"appid": "wx5a5b5c5d5e5f5051"},
        {"response_type": "token"},
    ],
)
def test_rule_32_a_link_that_is_not_right_does_not_open(sandbox: Sandbox, changes: dict[str, str]) -> None:
    assert "该链接无法访问" in requests.get(link(sandbox, **changes), timeout=60).text
    assert sandbox.state()["logins"] == []


def test_rule_32_from_waiting_over_scanned_to_confirmed(sandbox: Sandbox, page: Page) -> None:
    ming = sandbox.state()["users"][0]["openid"]
    answer = page.poll_in_the_background()
    assert page.phone(ming, "scan") == SCANNED
    assert answer() == (SCANNED, "")
    answer = page.poll_in_the_background(last=SCANNED)
    assert page.phone(ming, "confirm") == CONFIRMED
    status, code = answer()
    assert status == CONFIRMED
    assert len(code) == 32
    # A page that asks again is told the same.
    assert page.poll(last=SCANNED) == (CONFIRMED, code)


def test_rule_32_a_refusal_leads_nowhere_and_a_second_scan_may_follow(sandbox: Sandbox, page: Page) -> None:
    ming, hong = (user["openid"] for user in sandbox.state()["users"])
    page.phone(ming, "scan")
    assert page.phone(ming, "cancel") == CANCELLED
    assert page.poll(last=SCANNED) == (CANCELLED, "")
    assert page.phone(hong, "scan") == SCANNED
    assert page.poll(last=CANCELLED) == (SCANNED, "")


def test_rule_32_a_code_expires_under_the_eyes_of_the_page(sandbox: Sandbox, page: Page) -> None:
    answer = page.poll_in_the_background()
    sandbox.clock(301)
    assert answer() == (EXPIRED, "")
    with pytest.raises(AssertionError, match="expired"):
        page.phone(sandbox.state()["users"][0]["openid"], "scan")
    assert Page(sandbox, "nobody").poll() == (EXPIRED, "")


def test_rule_32_the_poll_is_held_and_then_says_408(sandbox: Sandbox, page: Page) -> None:
    assert sandbox.state()["behaviour"]["login_poll_seconds"] == 25
    sandbox.settings(login_poll_seconds=0.05)
    assert page.poll() == (WAITING, "")
    page.phone(sandbox.state()["users"][0]["openid"], "scan")
    assert page.poll(last=SCANNED) == (WAITING, "")


def test_rule_32_only_who_scanned_can_confirm(sandbox: Sandbox, page: Page) -> None:
    ming, hong = (user["openid"] for user in sandbox.state()["users"])
    page.phone(ming, "scan")
    for act in ("confirm", "cancel"):
        with pytest.raises(AssertionError, match=r"400 .*has not scanned"):
            page.phone(hong, act)
    page.phone(ming, "confirm")
    with pytest.raises(AssertionError, match="confirmed already"):
        page.phone(hong, "scan")


def test_rule_32_the_camera_knows_a_login_code(sandbox: Sandbox, page: Page) -> None:
    ming = sandbox.state()["users"][0]["openid"]
    scanned = sandbox.scan(ming, text=f"{sandbox.url}/connect/confirm?uuid={page.uuid}")
    assert (scanned["kind"], scanned["uuid"], scanned["status"]) == ("login", page.uuid, SCANNED)


def confirmed(sandbox: Sandbox, page: Page, openid: str) -> str:
    page.phone(openid, "scan")
    page.phone(openid, "confirm")
    return page.poll()[1]


def exchange(sandbox: Sandbox, code: str, **changes: str) -> dict[str, Any]:
    account = sandbox.state()["account"]
    query = {"appid": account["site_app_id"], "secret": account["site_app_secret"], "code": code}
    query |= {"grant_type": "authorization_code"} | changes
    answer: dict[str, Any] = requests.get(
        f"{sandbox.url}/sns/oauth2/access_token", params=query, timeout=60
    ).json()
    return answer


def test_rule_31_the_website_app_knows_another_openid_and_the_same_unionid(
    sandbox: Sandbox, page: Page, api
) -> None:
    sandbox.settings(open_platform=True)
    ming = sandbox.state()["users"][0]["openid"]
    tokens = exchange(sandbox, confirmed(sandbox, page, ming))
    assert tokens["scope"] == "snsapi_login"
    assert tokens["openid"] != ming
    query = {"access_token": tokens["access_token"], "openid": tokens["openid"]}
    profile = requests.get(f"{sandbox.url}/sns/userinfo", params=query, timeout=60)
    profile.encoding = "utf-8"
    assert profile.json()["nickname"] == "小明"
    unionid = profile.json()["unionid"]
    assert unionid == tokens["unionid"] == api.get("user/info", openid=ming)["unionid"]


def test_rule_29_a_code_belongs_to_its_app(sandbox: Sandbox, page: Page) -> None:
    account = sandbox.state()["account"]
    code = confirmed(sandbox, page, sandbox.state()["users"][0]["openid"])
    other = {"appid": account["app_id"], "secret": account["app_secret"]}
    assert exchange(sandbox, code, **other)["errcode"] == 40029
    assert exchange(sandbox, code, secret="wrong")["errcode"] == 40125
    assert "access_token" in exchange(sandbox, code)
    assert exchange(sandbox, code)["errcode"] == 40163


@pytest.mark.parametrize(("seconds", "settings"), [(600, {}), (300, {"site_code_seconds": 300})])
def test_rule_29_a_websites_code_lives_ten_minutes_or_as_set(
    sandbox: Sandbox, page: Page, seconds: int, settings: dict[str, int]
) -> None:
    sandbox.settings(**settings)
    code = confirmed(sandbox, page, sandbox.state()["users"][0]["openid"])
    sandbox.clock(seconds - 60)
    assert exchange(sandbox, code + "x")["errcode"] == 40029
    sandbox.clock(61)
    assert exchange(sandbox, code)["errcode"] == 42003
    sandbox.settings(expired_code_errcode=40029)
    assert exchange(sandbox, code)["errcode"] == 40029


def test_the_script_is_served(sandbox: Sandbox) -> None:
    script = requests.get(f"{sandbox.url}/connect/zh_CN/htmledition/js/wxLogin.js", timeout=60)
    assert (script.status_code, script.headers["Content-Type"]) == (200, "application/javascript")
    assert "WxLogin" in script.text
