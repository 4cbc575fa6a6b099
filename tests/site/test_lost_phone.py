"""A phone's browser outside WeChat: WeChat's own pages would only tell it to go to WeChat."""

import pytest
import requests
from playwright.sync_api import Browser, expect

from bot.oauth import browser as browsers
from tests.launch import Sandbox
from tests.visiting import PC, MakePhone, Serve

SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.0 Mobile/15E148 Safari/604.1"
)
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "lost"),
    [
        (SAFARI, True),
        (ANDROID, True),
        (ANDROID.replace("Mobile ", ""), True),  # a tablet
        (SAFARI + " MicroMessenger/8.0.44", False),
        (PC, False),
        ("", False),
        ("curl/8", False),
    ],
)
def test_it_is_known_by_its_name(agent: str, lost: bool) -> None:
    assert browsers.is_lost_phone({"HTTP_USER_AGENT": agent}) is lost
    in_a_frame = {"HTTP_USER_AGENT": agent, "HTTP_SEC_FETCH_DEST": "iframe"}
    assert not browsers.is_lost_phone(in_a_frame), "the sandbox's web view, on a phone"


@pytest.mark.browser
def test_it_reads_to_open_the_page_in_wechat(serve: Serve, browser: Browser) -> None:
    site = serve()
    context = browser.new_context(locale="zh-CN", user_agent=SAFARI, viewport={"width": 390, "height": 844})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(site.url + "/account?change=1")
    expect(page.get_by_role("heading", name="请在微信里打开")).to_be_visible()
    page.get_by_role("button", name="复制地址").click()
    expect(page.get_by_role("button", name="已复制")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == site.url + "/account?change=1"
    page.get_by_role("link", name="用另一部手机扫码").click()
    expect(page.locator("#login")).to_have_attribute("data-status", "waiting")
    assert "to=%2Faccount%3Fchange%3D1" in page.url
    context.close()


def test_where_nobody_logs_in_by_qr_code_none_is_offered(serve: Serve, weixin: Sandbox) -> None:
    page = requests.get(serve(login_way="off").url + "/", headers={"User-Agent": SAFARI}, timeout=60)
    assert page.status_code == 403
    assert "/login" not in page.text


def test_a_login_link_is_nothing_there(serve: Serve, people: MakePhone, weixin: Sandbox) -> None:
    site = serve()
    back = people("攻击者").back(site.url + "/")
    opened = requests.get(back, headers={"User-Agent": SAFARI}, allow_redirects=False, timeout=60)
    assert opened.status_code == 403
    assert not [call for call in weixin.calls() if call["path"].startswith("/sns/")]


def test_who_is_logged_in_there_stays_so(serve: Serve, people: MakePhone) -> None:
    site, phone = serve(), people("小明")
    phone.visit(site.url + "/")
    assert "小明" in phone.open(site.url + "/", **{"User-Agent": SAFARI}).text
