"""What the browser tests share: a real sandbox, a small account server, and the phone page."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Page, ViewportSize, expect

from tests.browser.account_server import AccountServer
from tests.chromium import NO_LONG_TIMERS, watched
from tests.conditions import until
from tests.launch import Json, Sandbox, start_sandbox


@pytest.fixture(scope="session")
def running_account() -> Iterator[AccountServer]:
    with AccountServer() as server:
        yield server


@pytest.fixture(scope="session")
def running(running_account: AccountServer) -> Iterator[Sandbox]:
    with start_sandbox("--callback", f"{running_account.url}/wechat", "--deadline", "60") as sandbox:
        yield sandbox


@pytest.fixture
def account(running_account: AccountServer) -> AccountServer:
    running_account.begin()
    return running_account


@pytest.fixture
def sandbox(running: Sandbox, account: AccountServer) -> Sandbox:
    running.faults([])
    running.reset()
    # Menus are installed under the eyes of phones here; one test looks at the five minutes (rule 24).
    running.call("PUT", "settings", {"enforce_menu_cache": False})
    return running


LAPTOP: ViewportSize = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=LAPTOP, locale="zh-CN")
    context.add_init_script(NO_LONG_TIMERS)
    yield context
    context.close()


@pytest.fixture(scope="session")
def tab(context: BrowserContext) -> Page:
    """Opening one costs as much as most tests do."""
    return context.new_page()


@pytest.fixture
def page(context: BrowserContext, tab: Page, running: Sandbox, tolerated: list[str]) -> Iterator[Page]:
    """The one tab of all tests here, as empty as a new one: nothing on show, nothing remembered, nothing
    permitted. Uncaught errors, console errors and dialogs that a script opened fail the test."""
    with watched(tab, tolerated):
        yield tab
        for other in context.pages:
            if other is not tab:
                other.close()
        tab.unroute_all()
        if tab.url.startswith(running.url):
            # As the last thing in this page: the phone would write down again what it still shows.
            forget = "localStorage.clear(); sessionStorage.clear()"
            tab.evaluate(f"addEventListener('pagehide', () => {{ {forget} }})")
        tab.goto("about:blank")
    context.clear_cookies()
    context.clear_permissions()
    tab.set_viewport_size(LAPTOP)


# Returns true once the phone has fetched its chat, menu, inbox and faults. Later changes come as events.
HAS_READ = """() => {
  const read = performance.getEntriesByType("resource").map(({ name }) => name.split("/").at(-1));
  return ["chat", "menu", "inbox", "faults"].every((name) => read.includes(name));
}"""
# Waits for two animation frames: the page does some of its work once a frame.
DRAWN = "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"


class Phone:
    """Finds what the tests touch, on the first phone of the page."""

    def __init__(self, page: Page, sandbox: Sandbox) -> None:
        self.page = page
        self.sandbox = sandbox
        self.openids = [user["openid"] for user in sandbox.state()["users"]]
        self.webview = page.get_by_test_id("webview").first
        self.web: FrameLocator = self.webview.frame_locator("iframe")

    def open(self) -> None:
        self.page.goto(self.sandbox.url)
        expect(self.page.get_by_test_id("user")).to_have_count(len(self.openids))
        until(lambda: self.page.evaluate(HAS_READ))
        self.page.evaluate(DRAWN)

    def wait_for_load(self) -> None:
        """Wait until the page in the web view has loaded, and the phone has handled its load event."""
        until(lambda: self.web.locator("html").evaluate("() => document.readyState") == "complete")

    def bubbles(self, sender: str) -> Locator:
        return self.page.locator(f"[data-testid=bubble][data-from={sender}]")

    def say(self, content: str) -> None:
        field = self.page.get_by_test_id("input")
        field.fill(content)
        field.press("Enter")

    def tap(self, top: str, sub: str | None = None) -> None:
        self.page.get_by_test_id("menu-button").filter(has_text=top).click()
        if sub is not None:
            self.page.get_by_test_id("submenu-item").filter(has_text=sub).click()

    def hold(self, openid: str) -> None:
        self.page.locator(f"[data-testid=user][data-openid='{openid}']").click()

    def more(self, choice: str) -> None:
        """One of the choices behind ⋯ of the conversation."""
        self.page.locator(".conversation .more").first.click()
        self.page.get_by_test_id(choice).click()

    def page_menu(self, item: str) -> None:
        """One of the tiles behind ⋯ of the web view, by WeChat's name of it."""
        self.page.get_by_role("button", name="网页菜单").click()
        self.page.locator(f"[data-menu-item='menuItem:{item}']").click()

    def desk(self, tab: str) -> None:
        self.page.get_by_role("tab", name=tab, exact=True).click()


@pytest.fixture
def phone(page: Page, sandbox: Sandbox) -> Phone:
    """The phone page with 小明, who follows the account, in hand."""
    phone = Phone(page, sandbox)
    sandbox.subscribe(phone.openids[0])
    phone.open()
    return phone


def assert_none(where: Page | Locator, script: str) -> None:
    """Wait until `script` returns an empty list."""
    until(lambda: where.evaluate(script), [].__eq__)


def picture(page: Page, name: str, wide: bool = True, narrow: bool = True) -> None:
    """Keeps screenshots of a laptop's and a phone's size, if SCREENSHOTS names a folder."""
    folder = os.environ.get("SCREENSHOTS")
    if not folder:
        return
    before = page.viewport_size
    assert before is not None
    for wanted, suffix, width, height in ((wide, "", 1440, 900), (narrow, "-narrow", 390, 844)):
        if wanted:
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=Path(folder) / f"{name}{suffix}.png", animations="disabled")
    page.set_viewport_size(before)


def access_token(sandbox: Sandbox) -> str:
    account = sandbox.state()["account"]
    query = {"grant_type": "client_credential", "appid": account["app_id"], "secret": account["app_secret"]}
    answer = requests.get(f"{sandbox.url}/cgi-bin/token", params=query, timeout=60).json()
    return str(answer["access_token"])


def call_api(sandbox: Sandbox, path: str, body: Json) -> Json:
    """One call of WeChat's API by the account's server."""
    query, data = {"access_token": access_token(sandbox)}, json.dumps(body, ensure_ascii=False).encode()
    answer: Json = requests.post(f"{sandbox.url}{path}", params=query, data=data, timeout=60).json()
    assert answer.get("errcode", 0) == 0, answer
    return answer


def install_menu(sandbox: Sandbox, *buttons: Json) -> None:
    call_api(sandbox, "/cgi-bin/menu/create", {"button": buttons})


def open_page(phone: Phone, url: str, name: str = "主页") -> None:
    """Through the menu, as a user does. Another `name` each time tells the new menu from the one before."""
    install_menu(phone.sandbox, {"type": "view", "name": name, "url": url})
    phone.tap(name)


def jssdk_config(sandbox: Sandbox, url: str, *names: str) -> Json:
    """What a page at `url` gives to wx.config, signed with the account's ticket."""
    query = {"access_token": access_token(sandbox), "type": "jsapi"}
    ticket = requests.get(f"{sandbox.url}/cgi-bin/ticket/getticket", params=query, timeout=60).json()[
        "ticket"
    ]
    nonce, timestamp = "Wm3WZYTPz0wzccnW", 1414587457
    joined = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}"
    return {
        "appId": sandbox.state()["account"]["app_id"],
        "timestamp": timestamp,
        "nonceStr": nonce,
        "signature": hashlib.sha1(joined.encode()).hexdigest(),
        "jsApiList": list(names),
    }


def jssdk_page(sandbox: Sandbox, title: str, config: Json, script: str = "") -> str:
    """A page that configures the JS-SDK, writes down what it is told, and runs `script` once it is ready.

    `script` finds `tell(words)`, and `answers`, an object whose success, fail and cancel tell their result.
    """
    return f"""<!doctype html><meta charset="utf-8"><title>{title}</title>
<style>body {{ font: 15px/1.7 sans-serif; padding: 24px; overflow-wrap: anywhere }}
img {{ max-width: 100%; border-radius: 8px }}</style>
<h1>{title}</h1><p id="told"></p>
<script src="{sandbox.url}/open/js/jweixin-1.6.0.js"></script>
<script>
  const tell = (words) => document.querySelector("#told").append(words, "; ");
  const told = (res) => tell(JSON.stringify(res));
  const answers = {{ success: told, fail: told, cancel: told }};
  wx.config({json.dumps(config)});
  wx.error((res) => tell(res.errMsg));
  wx.ready(() => {{ tell("ready"); {script} }});
</script>
"""
