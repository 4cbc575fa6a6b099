"""Several users, several phones, narrow windows, two languages, and hands that use the keyboard only."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.account_server import AccountServer, text
from tests.browser.conftest import Phone, call_api, install_menu, picture

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>&lt;b&gt;"


def test_a_nickname_that_cannot_be_is_said_where_it_was_typed(
    page: Page, phone: Phone, tolerated: list[str]
) -> None:
    tolerated.append("status of 400")
    page.get_by_role("button", name="添加用户").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("昵称").fill(" ")
    dialog.get_by_role("button", name="添加").click()
    expect(dialog.get_by_role("alert")).to_have_text("昵称要有 1 到 64 个字符")
    dialog.get_by_label("昵称").fill("小刚")
    dialog.get_by_role("button", name="添加").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_test_id("user").filter(has_text="小刚")).to_be_visible()


def test_the_codes_to_scan_are_the_newest_and_not_those_that_were_scanned(page: Page, phone: Phone) -> None:
    path, first = "/cgi-bin/qrcode/create", phone.openids[0]
    for scene in ("old", "scanned", "login-0123456789abcdef0123456789abcdef"):
        action = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": scene}}}
        call_api(phone.sandbox, path, {"expire_seconds": 7 * 86400, **action})
    lasting = {"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 7}}}
    call_api(phone.sandbox, path, lasting)
    for scene in ("scanned", 7):
        phone.sandbox.scan(first, scene=scene)
    phone.sandbox.clock(2 * 86400)

    page.get_by_role("button", name="扫一扫").first.click()
    codes = page.get_by_test_id("code-scene")
    expect(codes.locator("strong")).to_have_text(
        ["公众号二维码：7", "公众号二维码：login-012345…cdef", "公众号二维码：old"]
    )
    expect(codes.last).to_contain_text("临时 · 2 天前")
    page.get_by_role("button", name="取消", exact=True).click()

    phone.hold(phone.openids[1])
    page.get_by_role("button", name="扫一扫").first.click()
    expect(codes).to_have_count(4)
    page.get_by_role("button", name="取消", exact=True).click()
    phone.sandbox.clock(7 * 86400)
    page.get_by_role("button", name="扫一扫").first.click()
    expect(codes).to_have_count(1)
    page.get_by_role("button", name="取消", exact=True).click()


def test_each_user_holds_a_phone_of_their_own(page: Page, phone: Phone) -> None:
    first, second = phone.openids
    phone.say("我是小明")
    expect(phone.bubbles("account").last).to_have_text("你说：我是小明")

    phone.hold(second)
    expect(page.get_by_test_id("follow")).to_be_visible()
    expect(page.locator(f"[data-openid='{second}']")).to_have_attribute("aria-current", "true")
    phone.sandbox.send(first, "text", content="又是小明")
    expect(page.locator(f"[data-openid='{first}'] .dot")).to_be_visible()

    phone.hold(first)
    expect(phone.bubbles("user")).to_have_text(["我是小明", "又是小明"])
    expect(page.locator(f"[data-openid='{first}'] .dot")).to_have_count(0)


def test_phones_lie_side_by_side(page: Page, phone: Phone) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    phone.sandbox.subscribe(phone.openids[1])
    expect(page.get_by_test_id("phones-3")).to_be_disabled()
    expect(page.get_by_test_id("phones-3")).to_have_attribute("title", "3 台手机要有 3 位用户：先添加用户")
    page.get_by_test_id("phones-2").click()
    phones = page.get_by_test_id("phone")
    expect(phones).to_have_count(2)

    for number in range(2):
        field = phones.nth(number).get_by_test_id("input")
        field.fill(f"我是第 {number + 1} 个")
        field.press("Enter")
    for number in range(2):
        bubbles = phones.nth(number).locator("[data-testid=bubble][data-from=account]")
        expect(bubbles.last).to_have_text(f"你说：我是第 {number + 1} 个")
    expect(page.locator(".people .dot")).to_have_count(0)
    picture(page, "sandbox-two-phones", narrow=False)

    page.reload()
    expect(phones).to_have_count(2)
    page.get_by_test_id("phones-1").click()
    expect(phones).to_have_count(1)
    phone.sandbox.add_user("小刚")
    expect(page.get_by_test_id("phones-3")).to_be_enabled()


def test_a_user_is_added(page: Page, phone: Phone) -> None:
    page.get_by_role("button", name="添加用户").click()
    page.get_by_label("昵称").fill("小刚")
    page.get_by_role("button", name="添加", exact=True).click()

    expect(page.get_by_test_id("user")).to_have_count(3)
    expect(page.get_by_test_id("user").last).to_have_attribute("aria-current", "true")
    expect(page.get_by_test_id("follow")).to_be_visible()


def test_a_scene_code_is_scanned(page: Page, phone: Phone, account: AccountServer) -> None:
    account.handler = lambda inbound: text(inbound, f"{inbound['Event']} {inbound['EventKey']}")
    phone.hold(phone.openids[1])

    page.locator(".scan-code").click()
    page.get_by_label("内容", exact=True).fill("shop-7")
    page.get_by_role("button", name="扫码", exact=True).click()

    expect(phone.bubbles("account")).to_have_text(["subscribe qrscene_shop-7"])


def test_a_bare_address_is_scanned(page: Page, phone: Phone, account: AccountServer) -> None:
    account.pages["/here"] = "<!doctype html><title>到了</title><h1>到了</h1>"

    page.locator(".scan-code").click()
    page.get_by_label("网址或文字").check()
    page.get_by_label("内容", exact=True).fill(f"{account.url}/here")
    page.get_by_role("button", name="扫码", exact=True).click()

    expect(phone.web.get_by_role("heading", name="到了")).to_be_visible()


def test_hostile_text_stays_text(page: Page, phone: Phone, account: AccountServer) -> None:
    account.handler = lambda inbound: text(inbound, HOSTILE)
    openid = phone.sandbox.add_user(HOSTILE, subscribed=True)
    expect(page.locator(f"[data-openid='{openid}']")).to_contain_text(HOSTILE)
    phone.hold(openid)

    phone.say(HOSTILE)
    expect(phone.bubbles("user")).to_have_text([HOSTILE])
    expect(phone.bubbles("account")).to_have_text([HOSTILE])
    page.get_by_test_id("delivery").first.click()
    expect(page.get_by_test_id("detail")).to_contain_text(HOSTILE)
    for tab, sign in {"账号": "AppSecret", "数据": HOSTILE, "录制": "录制与重放"}.items():
        phone.desk(tab)
        expect(page.get_by_role("tabpanel", name=tab)).to_contain_text(sign)
    page.get_by_test_id("back").click()
    expect(page.get_by_test_id("talk-account")).to_contain_text(HOSTILE)

    expect(page.locator("script:not([src]), [onerror], [src='x']")).to_have_count(0)


def test_only_web_links_can_be_tapped(page: Page, phone: Phone, account: AccountServer) -> None:
    account.pages["/here"] = "<title>到了</title>"
    harmless = f'看<a href="{account.url}/here">这里</a>'
    hostile = '<a href="javascript:alert(1)">点我</a><a href="data:text/html,x" href="x">也点</a>'
    account.handler = lambda inbound: text(inbound, harmless + hostile)

    phone.say("链接")

    bubble = phone.bubbles("account").last
    expect(bubble).to_have_text("看这里" + hostile)
    expect(bubble.locator("a")).to_have_count(1)
    bubble.get_by_role("link", name="这里").click()
    expect(phone.webview).to_be_visible()
    expect(page.get_by_test_id("webview").locator("iframe")).to_have_count(1)


def test_the_phone_fills_a_real_phone(page: Page, phone: Phone) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_test_id("phone")).to_have_js_property("clientWidth", 390)
    expect(page.get_by_test_id("user").first).to_be_hidden()
    phone.say("在小屏幕上")
    expect(phone.bubbles("account").last).to_have_text("你说：在小屏幕上")

    phone.more("open-desk")
    page.get_by_test_id("delivery").first.click()
    expect(page.get_by_test_id("detail")).to_be_visible()
    expect(page.get_by_test_id("delivery").first).to_be_in_viewport(ratio=1)
    picture(page, "sandbox-desk", wide=False)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_test_id("back").click()
    page.get_by_test_id("switch-user").click()
    phone.hold(phone.openids[1])

    expect(page.get_by_test_id("follow")).to_be_visible()
    expect(page.get_by_test_id("user").first).to_be_hidden()


def test_a_walk_by_keyboard_alone(page: Page, phone: Phone) -> None:
    """From the users over the chat and the menu to the desk, without a pointer."""
    install_menu(phone.sandbox, {"type": "click", "name": "今日", "key": "TODAY"})
    keys = page.keyboard
    expect(page.get_by_test_id("menu-button")).to_be_visible()

    def tab_to(testid: str) -> None:
        for _ in range(40):
            keys.press("Tab")
            if page.evaluate("document.activeElement.dataset.testid") == testid:
                return
        raise AssertionError(f"Tab never reaches {testid}")

    page.get_by_test_id("user").first.focus()
    tab_to("chat")
    tab_to("menu-toggle")
    tab_to("menu-button")
    keys.press("Enter")
    expect(phone.bubbles("account").last).to_have_text("你点了：TODAY")
    keys.press("Shift+Tab")
    keys.press("Enter")
    expect(page.get_by_test_id("input")).to_be_focused()
    keys.type("键盘")
    keys.press("Enter")
    expect(phone.bubbles("account").last).to_have_text("你说：键盘")

    tab_to("callback")
    tab_to("log")
    keys.press("ArrowDown")
    expect(page.get_by_test_id("detail")).to_contain_text("键盘")
    keys.press("ArrowDown")
    expect(page.get_by_test_id("detail")).to_contain_text("TODAY")
    tab_to("resend")
    keys.press("Enter")
    expect(page.get_by_test_id("resend-result")).to_contain_text("你点了：TODAY")
    keys.press("Escape")
    expect(page.get_by_test_id("log")).to_be_focused()
