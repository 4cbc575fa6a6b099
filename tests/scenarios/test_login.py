"""Logging in on a PC with a phone: two browsers, a real bot and a real sandbox. By the account's own QR code,
by WeChat's page for website apps, and by its QR code within ours."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.conftest import RedisServer
from tests.launch import Bot, Sandbox, start_bot, start_sandbox

pytestmark = pytest.mark.browser


class Desk:
    """A PC's browser, a phone's, and everything behind them."""

    def __init__(self, sandbox: Sandbox, bot: Bot, pc: Page, phone: Page) -> None:
        self.sandbox, self.bot, self.pc, self.phone = sandbox, bot, pc, phone
        self.openid = str(sandbox.state()["users"][0]["openid"])
        self.web: FrameLocator = phone.get_by_test_id("webview").frame_locator("iframe")

    @property
    def login(self) -> str:
        return str(self.pc.locator("#login").get_attribute("data-status"))

    def expect_login(self, status: str) -> None:
        expect(self.pc.locator("#login")).to_have_attribute("data-status", status)

    def scan(self, kind: str) -> None:
        """With the phone's scanner, the code of this kind that lies before it."""
        self.phone.bring_to_front()
        self.phone.locator(".scan-code").click()
        self.phone.get_by_test_id(f"code-{kind}").last.click()
        self.pc.bring_to_front()

    def scan_scene(self) -> None:
        self.scan("scene")

    def decide(self, word: str) -> None:
        """Answer what WeChat asks after its own code was scanned."""
        self.phone.bring_to_front()
        self.phone.get_by_test_id("login-sheet").get_by_role("button", name=word).click()
        self.pc.bring_to_front()

    def open_link_in_chat(self) -> None:
        self.phone.get_by_test_id("bubble").last.get_by_role("link", name="查看并确认登录").click()


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def store_url(request: pytest.FixtureRequest) -> str | None:
    if request.param == "sqlite":
        return None
    server: RedisServer = request.getfixturevalue("redis_server")
    return server.url


@pytest.fixture
def make_desk(browser: Browser) -> Iterator[object]:
    with ExitStack() as stack:

        def make(way: str, store_url: str | None = None) -> Desk:
            sandbox = stack.enter_context(start_sandbox("--consent", "silent-for-followers"))
            account = sandbox.state()["account"]
            env = {
                "BOT_LOGIN_WAY": way,
                "BOT_SITE_APP_ID": account["site_app_id"],
                "BOT_SITE_APP_SECRET": account["site_app_secret"],
                "BOT_WXLOGIN_SRC": sandbox.url + "/connect/zh_CN/htmledition/js/wxLogin.js",
            }
            if store_url:
                env["BOT_STORE_URL"] = store_url
            bot = stack.enter_context(start_bot(sandbox, env, save_callback=True))
            sandbox.subscribe(sandbox.state()["users"][0]["openid"])
            pages = []
            for _ in range(2):
                context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
                stack.callback(context.close)  # before the bot stops: it waits for open streams
                pages.append(context.new_page())
            pages[1].goto(sandbox.url)
            expect(pages[1].get_by_test_id("bubble")).to_have_count(1)  # a phone is on the table
            return Desk(sandbox, bot, *pages)

        yield make


def test_by_the_accounts_own_code(make_desk: object, store_url: str | None) -> None:
    desk = make_desk("scene", store_url)  # type: ignore[operator]
    desk.pc.goto(desk.bot.url + "/account")
    expect(desk.pc).to_have_url(re.compile(r"/login\?to=%2Faccount"))
    desk.expect_login("waiting")
    desk.scan_scene()
    desk.expect_login("scanned")
    assert desk.pc.locator("#login").get_attribute("data-followed") is None, "told by events, not by polling"
    desk.open_link_in_chat()
    expect(desk.web.get_by_text("Chrome · Linux")).to_be_visible()
    expect(desk.web.get_by_text("和你的手机在同一个网络", exact=True)).to_be_visible()
    desk.web.get_by_role("button", name="是我，登录").click()
    expect(desk.web.get_by_role("heading", name="已确认")).to_be_visible()
    expect(desk.pc).to_have_url(desk.bot.url + "/account")
    desk.pc.goto(desk.bot.url + "/")
    expect(desk.pc.get_by_role("heading", level=1)).to_have_text("Hello world 小明")


def test_a_code_sent_to_a_victim_is_refused_and_logs_nobody_in(make_desk: object) -> None:
    """The attacker asks for the code, far away, and has the victim scan it."""
    desk = make_desk("scene")  # type: ignore[operator]
    desk.pc.set_extra_http_headers({"X-Forwarded-For": "198.51.100.66"})
    desk.pc.goto(desk.bot.url + "/login?to=/account")
    desk.scan_scene()
    desk.expect_login("scanned")
    desk.open_link_in_chat()
    expect(desk.web.get_by_text("198.51.100.66")).to_be_visible()
    expect(desk.web.get_by_text("和你的手机不在同一个网络")).to_be_visible()
    expect(desk.web.get_by_text("这台电脑就在你面前吗？")).to_be_visible()
    desk.expect_login("scanned")
    desk.web.get_by_role("button", name="不是我，拒绝").click()
    desk.expect_login("refused")
    desk.pc.reload()
    assert not [cookie for cookie in desk.pc.context.cookies() if cookie["name"] == "session"]


def test_refused_on_the_phone_then_renewed(make_desk: object) -> None:
    desk = make_desk("scene")  # type: ignore[operator]
    desk.pc.goto(desk.bot.url + "/login")
    desk.scan_scene()
    desk.expect_login("scanned")
    desk.open_link_in_chat()
    desk.web.get_by_role("button", name="不是我，拒绝").click()
    desk.expect_login("refused")
    expect(desk.pc.get_by_text("手机上拒绝了这次登录")).to_be_visible()
    version = desk.pc.locator("#login").get_attribute("data-version")
    desk.pc.get_by_role("button", name="换一个二维码").click()
    desk.expect_login("waiting")
    assert desk.pc.locator("#login").get_attribute("data-version") != version
    assert not [cookie for cookie in desk.pc.context.cookies() if cookie["name"] == "session"]


def test_with_polling_where_there_are_no_events(make_desk: object) -> None:
    desk = make_desk("scene")  # type: ignore[operator]
    desk.pc.route("**/login/events", lambda route: route.fulfill(status=503))
    desk.pc.goto(desk.bot.url + "/login")
    expect(desk.pc.locator("#login")).to_have_attribute("data-followed", "polling")
    desk.scan_scene()
    desk.expect_login("scanned")
    desk.open_link_in_chat()
    desk.web.get_by_role("button", name="是我，登录").click()
    expect(desk.pc).to_have_url(desk.bot.url + "/")


def test_a_code_renewed_in_another_tab_is_shown_in_this_one(make_desk: object) -> None:
    desk = make_desk("scene")  # type: ignore[operator]
    desk.pc.goto(desk.bot.url + "/login")
    version = str(desk.pc.locator("#login").get_attribute("data-version"))
    tab = desk.pc.context.new_page()
    tab.goto(desk.bot.url + "/login")
    tab.get_by_role("button", name="换一个二维码").click()
    expect(desk.pc.locator("#login")).not_to_have_attribute("data-version", version)


def test_without_scripts(make_desk: object, browser: Browser) -> None:
    desk = make_desk("scene")  # type: ignore[operator]
    context = browser.new_context(locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto(desk.bot.url + "/login")
    desk.scan_scene()
    expect(page.get_by_text("扫描成功")).to_be_visible()
    desk.open_link_in_chat()
    desk.web.get_by_role("button", name="是我，登录").click()
    expect(page).to_have_url(desk.bot.url + "/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello world 小明")
    context.close()


def test_by_wechats_page(make_desk: object) -> None:
    desk = make_desk("website")  # type: ignore[operator]
    desk.pc.goto(desk.bot.url + "/login?to=/account")
    desk.pc.get_by_role("link", name="微信扫码登录").click()
    expect(desk.pc.locator("img.qrcode")).to_have_js_property("complete", True)
    desk.scan("login")
    expect(desk.pc.get_by_text("扫描成功")).to_be_visible()
    desk.decide("允许")
    expect(desk.pc).to_have_url(desk.bot.url + "/account")
    desk.pc.goto(desk.bot.url + "/")
    expect(desk.pc.get_by_role("heading", level=1)).to_have_text("Hello world 小明")


def test_refused_on_wechats_page_the_browser_stays_there(make_desk: object) -> None:
    desk = make_desk("website")  # type: ignore[operator]
    desk.pc.goto(desk.bot.url + "/login")
    desk.pc.get_by_role("link", name="微信扫码登录").click()
    expect(desk.pc.locator("img.qrcode")).to_have_js_property("complete", True)
    desk.scan("login")
    desk.decide("拒绝")
    expect(desk.pc.get_by_text("你已取消此次登录")).to_be_visible()
    desk.pc.goto(desk.bot.url + "/login")
    expect(desk.pc.get_by_role("link", name="微信扫码登录")).to_be_visible()


def test_by_wechats_code_within_our_page(make_desk: object) -> None:
    desk = make_desk("embedded")  # type: ignore[operator]
    faults: list[str] = []
    desk.pc.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    desk.pc.goto(desk.bot.url + "/login?to=/account")
    frame = desk.pc.frame_locator("#wxlogin iframe")
    picture = frame.locator("img.qrcode")
    expect(picture).to_have_js_property("complete", True)
    expect(picture).to_have_css("width", "240px")  # our style sheet has arrived
    desk.scan("login")
    expect(frame.get_by_text("扫描成功")).to_be_visible()
    assert faults == [], "the Content-Security-Policy admits it all"
    desk.decide("允许")
    expect(desk.pc).to_have_url(desk.bot.url + "/account")
