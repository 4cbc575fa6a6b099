"""English by a switch, and then nothing but English: on the phone, on the desk and on WeChat's own pages."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.account_server import AccountServer
from tests.browser.conftest import Phone, assert_none, install_menu, picture

pytestmark = pytest.mark.browser

# All that a page says, its texts and its labels. Names of users and tags are data, and the switch names the
# other language in its own words.
CHINESE = r"""() => {
  const said = [document.title];
  const walk = document.createTreeWalker(document.documentElement);
  for (let node = walk.currentNode; node; node = walk.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) said.push(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE || node.dataset.testid === "language") continue;
    for (const name of ["aria-label", "title", "placeholder", "alt"]) said.push(node.getAttribute(name));
  }
  const chinese = /[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]/;
  const data = /小明|小红|星标组|^中文$/g;
  return said.filter((words) => words !== null && chinese.test(words.replace(data, "")));
}"""


def assert_english(where: Page | Locator) -> None:
    assert_none(where, CHINESE)


def test_english_by_a_switch(page: Page, phone: Phone) -> None:
    page.get_by_test_id("language").click()
    expect(page.get_by_role("heading", name="Users")).to_be_visible()
    phone.say("hi")
    expect(phone.bubbles("account").last).to_have_text("你说：hi")
    page.get_by_test_id("delivery").first.click()
    expect(page.get_by_role("button", name="Edit and resend")).to_be_visible()
    picture(page, "sandbox-english", narrow=False)

    page.reload()
    expect(page.get_by_role("heading", name="Users")).to_be_visible()
    page.get_by_test_id("language").click()
    expect(page.get_by_role("heading", name="用户", exact=True)).to_be_visible()


def test_nothing_chinese_is_left(page: Page, phone: Phone, account: AccountServer) -> None:
    phone.sandbox.settings(name="Shop", web_domains=["127.0.0.1"])
    page.get_by_test_id("language").click()
    expect(page.get_by_role("heading", name="Users")).to_be_visible()
    openid = phone.openids[0]
    phone.sandbox.clock(86400 * 2)
    account.handler = lambda inbound: (500, "")
    for kind in ("image", "voice", "video"):
        phone.sandbox.send(openid, kind)
    phone.sandbox.send(openid, "location", latitude=39.9, longitude=116.4)
    expect(phone.bubbles("system").last).to_contain_text("is having trouble")
    phone.sandbox.send(openid, content="hi")
    # The greeting is the account's own.
    phone.sandbox.reset()
    account.handler = lambda inbound: (200, "success")
    phone.sandbox.settings(name="Shop", failure_line="trouble")
    expect(page.get_by_test_id("follow")).to_be_visible()
    expect(page.locator(".desk-title")).to_contain_text("Shop")
    assert_english(page)
    page.get_by_test_id("follow").click()
    expect(page.get_by_test_id("chat")).to_be_visible()
    phone.sandbox.send(openid, "image")
    expect(phone.bubbles("user")).to_have_attribute("data-type", "image")

    link = page.get_by_role("button", name="Link", exact=True)
    page.get_by_role("button", name="More kinds").click()
    expect(link).to_be_visible()
    assert_english(page)
    link.click()
    expect(phone.bubbles("user").last).to_have_attribute("data-type", "link")
    page.get_by_role("button", name="More kinds").click()
    page.get_by_role("button", name="Location", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert_english(page)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(phone.bubbles("user").last).to_have_attribute("data-type", "location")
    page.get_by_test_id("emoji").click()
    expect(page.get_by_role("button", name="rose")).to_be_visible()
    assert_english(page)
    page.get_by_test_id("voice-toggle").click()
    expect(page.get_by_test_id("hold")).to_be_visible()
    page.locator(".conversation .more").first.click()
    expect(page.get_by_test_id("scan")).to_be_visible()
    assert_english(page)
    page.get_by_test_id("open-profile").click()
    expect(page.get_by_test_id("message")).to_be_visible()
    assert_english(page)
    page.locator(".scan-code").click()
    expect(page.get_by_role("dialog", name="Scan")).to_be_visible()
    assert_english(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add user").click()
    expect(page.get_by_role("dialog", name="Add user")).to_be_visible()
    assert_english(page)
    page.keyboard.press("Escape")
    page.get_by_test_id("back").click()
    expect(page.get_by_test_id("talk-account")).to_be_visible()
    assert_english(page)

    page.get_by_test_id("delivery").first.click()
    page.get_by_test_id("edit-resend").click()
    expect(page.get_by_test_id("resend-xml")).to_be_visible()
    assert_english(page)
    page.keyboard.press("Escape")
    signs = {
        "Account": "AppSecret",
        "Data": "OpenID",
        "Faults": "Lose one reply",
        "Clock": "+",
        "Record": "replay",
    }
    for tab, sign in signs.items():
        phone.desk(tab)
        expect(page.get_by_role("tabpanel", name=tab)).to_contain_text(sign)
        if tab == "Faults":
            page.get_by_role("button", name="Lose one reply").click()
            expect(page.get_by_test_id("fault")).to_have_count(1)
        if tab == "Record":
            phone.sandbox.faults([])
            page.get_by_test_id("record-replay").click()
            expect(page.locator("[data-testid=step][data-same]").first).to_be_visible()
        assert_english(page)


def test_nothing_chinese_is_left_in_the_web_view(page: Page, phone: Phone, account: AccountServer) -> None:
    state = phone.sandbox.settings(name="Shop")["account"]
    account.handler = lambda inbound: (200, "success")
    phone.sandbox.reset()
    phone.sandbox.settings(name="Shop", enforce_menu_cache=False)
    phone.sandbox.call("POST", f"users/{phone.openids[0]}/subscribe", {})
    page.get_by_test_id("language").click()
    expect(page.get_by_role("heading", name="Users")).to_be_visible()
    site = f"redirect_uri={account.url}/x&response_type=code&appid"
    back = f"{site}={state['app_id']}&redirect_url={account.url}/x"
    notice = f"action=get_confirm&scene=1&template_id={state['one_time_template_id']}"
    pages = {
        "A": f"/connect/oauth2/authorize?{back}&scope=snsapi_userinfo",
        "B": f"/connect/oauth2/authorize?{back}&scope=none",
        "C": f"/mp/subscribemsg?{back}&{notice}",
        "D": f"/mp/subscribemsg?{back}&{notice}0",
        "E": f"/connect/qrconnect?{site}={state['site_app_id']}&scope=snsapi_login",
        "F": "/connect/qrconnect",
    }
    for name, path in pages.items():
        install_menu(phone.sandbox, {"type": "view", "name": name, "url": phone.sandbox.url + path})
        phone.tap(name)
        html = phone.web.locator("html")
        expect(html).to_have_attribute("lang", "en")
        assert_english(html)
        # The title is the address at first, and the page's own title once the page has loaded.
        expect(page.get_by_test_id("webview-title")).not_to_have_text(
            phone.sandbox.url.removeprefix("http://")
        )
        assert_english(page)
        page.get_by_role("button", name="Page menu").click()
        expect(page.locator("[data-menu-item]").first).to_be_visible()
        assert_english(page)
        page.keyboard.press("Escape")
        page.get_by_test_id("webview-close").click()
