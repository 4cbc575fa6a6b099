"""The first day of an account, as an operator and a follower live it: the server is verified, the menu
installed, someone follows, chats, taps, agrees, and stands on the home page. All parts are real processes,
and the phone is in a real browser."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.conftest import RedisServer
from tests.launch import ROOT, Bot, Sandbox, bot_env, start_bot, start_sandbox

pytestmark = pytest.mark.browser


@dataclass
class Stage:
    """WeChat and a bot that is its account, freshly installed; nobody follows yet."""

    sandbox: Sandbox
    bot: Bot

    @property
    def openid(self) -> str:
        return str(self.sandbox.state()["users"][0]["openid"])


@pytest.fixture(params=["plain-sqlite", "safe-sqlite", "plain-redis", "safe-redis"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    mode, _, store = request.param.partition("-")
    (tmp_path / "config.py").write_text("")
    env = {
        "BOT_CONFIG": str(tmp_path / "config.py"),
        "BOT_SECRET_KEY": "0123456789abcdef0123456789abcdef",
        "BOT_STORE_URL": f"sqlite:///{tmp_path}/bot.db",
    }
    if store == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        env["BOT_STORE_URL"] = server.url
    with start_sandbox("--mode", mode) as sandbox, start_bot(sandbox, env, save_callback=True) as bot:
        install_menu(sandbox, bot, env)
        yield Stage(sandbox, bot)


def install_menu(sandbox: Sandbox, bot: Bot, env: dict[str, str]) -> None:
    settings = bot_env(sandbox) | env | {"BOT_PUBLIC_URL": bot.url}
    done = subprocess.run(
        [sys.executable, "setup_menu.py"],
        cwd=ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


class Phone:
    def __init__(self, page: Page, sandbox: Sandbox) -> None:
        self.page = page
        self.web: FrameLocator = page.get_by_test_id("webview").frame_locator("iframe")
        page.goto(sandbox.url)

    def answers(self) -> Locator:
        return self.page.locator("[data-testid=bubble][data-from=account]")

    def say(self, text: str) -> None:
        field, toggle = self.page.get_by_test_id("input"), self._toggle()
        if not field.is_visible():
            toggle.click()
        field.fill(text)
        field.press("Enter")

    def tap(self, top: str, sub: str | None = None) -> None:
        button, toggle = self.page.get_by_test_id("menu-button").filter(has_text=top), self._toggle()
        if not button.is_visible():
            toggle.click()
        button.click()
        if sub:
            self.page.get_by_test_id("submenu-item").filter(has_text=sub).click()

    def _toggle(self) -> Locator:
        """Between keyboard and menu. It appears with the menu, which takes the place of the keyboard then."""
        toggle = self.page.get_by_test_id("menu-toggle")
        expect(toggle).to_be_visible()
        return toggle

    def picture(self, name: str) -> None:
        """Keep a screenshot, if SCREENSHOTS names a folder (`make screenshots`)."""
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            self.page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")


def test_from_verification_to_the_home_page(stage: Stage, page: Page) -> None:
    assert stage.sandbox.state()["account"]["callback_ok"], "the server's URL was verified"
    phone = Phone(page, stage.sandbox)

    page.get_by_test_id("follow").click()
    expect(phone.answers()).to_have_count(1)
    expect(phone.answers().first).to_contain_text("欢迎关注")

    phone.say("今天天气 <b>真好</b> & ]]> 😀")
    expect(phone.answers().last).to_have_text("你说：今天天气 <b>真好</b> & ]]> 😀")

    phone.tap("微信关注")
    expect(phone.answers().last).to_have_attribute("data-type", "image")
    expect(phone.answers().last.locator("img")).to_have_js_property("complete", True)
    phone.picture("phone")

    phone.tap("更多精彩", "我的主页")
    allow = phone.web.get_by_role("button", name="允许")
    expect(allow).to_be_visible()
    phone.picture("consent")
    allow.click()

    expect(phone.web.get_by_role("heading", level=1)).to_have_text("Hello world 小明")
    expect(phone.web.locator("#jssdk-status")).to_have_text("JS-SDK 已就绪")
    expect(phone.web.locator("#network")).not_to_have_text("—")
    phone.picture("home")

    assert [m["type"] for m in stage.sandbox.chat(stage.openid) if m["from"] == "account"] == [
        "text",
        "text",
        "image",
    ], "nothing was answered twice"
    sns = [call["path"] for call in stage.sandbox.calls() if call["path"].startswith("/sns/")]
    assert sns == ["/sns/oauth2/access_token", "/sns/userinfo"], "a first visit costs two calls"


@pytest.mark.parametrize("stage", ["plain-sqlite"], indirect=True)
def test_the_menu_opens_the_pages_that_ask_nobody(stage: Stage, page: Page) -> None:
    stage.sandbox.subscribe(stage.openid)
    phone = Phone(page, stage.sandbox)
    expect(phone.answers()).to_have_count(1)
    opened: list[str] = []
    page.on("request", lambda request: opened.append(request.url))

    for name in ("博客", "微博", "关于"):
        phone.tap("更多精彩", name)
        expect(phone.web.get_by_role("heading", level=1)).to_have_text(name)
        page.get_by_test_id("webview-close").click()

    phone.tap("更多精彩", "微博")
    expect(phone.web.get_by_alt_text("我们微博的二维码")).to_have_js_property("naturalWidth", 310)
    phone.web.get_by_role("link", name="关于").click()
    expect(phone.web.get_by_role("heading", level=1)).to_have_text("关于")
    assert f"{stage.bot.url}/blog" in opened
    assert not [url for url in opened if "/connect/oauth2/" in url], "nobody is asked who they are"


def test_refusing_leaves_the_visitor_in_the_chat(stage: Stage, page: Page) -> None:
    stage.sandbox.subscribe(stage.openid)
    phone = Phone(page, stage.sandbox)
    expect(phone.answers()).to_have_count(1)
    phone.tap("更多精彩", "我的主页")

    phone.web.get_by_role("button", name="拒绝").click()
    page.get_by_test_id("webview-close").click()

    expect(page.get_by_test_id("chat")).to_be_visible()
    assert not [call for call in stage.sandbox.calls() if call["path"].startswith("/sns/")]
