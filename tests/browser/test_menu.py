"""The account's menu: every type of button, by hand and by keyboard."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.account_server import AccountServer, Answer, Inbound
from tests.browser.conftest import Phone, install_menu

pytestmark = pytest.mark.browser


def test_the_menu_is_tapped(page: Page, phone: Phone) -> None:
    leaf = {"type": "click", "name": "公众号二维码", "key": "wx_qr_code"}
    install_menu(
        phone.sandbox,
        {"type": "click", "name": "今日", "key": "TODAY"},
        {
            "name": "二维码",
            "sub_button": [leaf, {"type": "click", "name": "微博二维码", "key": "wb_qr_code"}],
        },
    )

    phone.tap("今日")
    expect(phone.bubbles("account").last).to_have_text("你点了：TODAY")
    phone.tap("二维码", "公众号二维码")
    expect(phone.bubbles("account").last).to_have_text("你点了：wx_qr_code")
    expect(page.get_by_test_id("submenu-item").first).to_be_hidden()

    page.get_by_test_id("menu-toggle").click()
    expect(page.get_by_test_id("input")).to_be_focused()


def test_the_menu_obeys_the_keyboard(page: Page, phone: Phone) -> None:
    leaves = [{"type": "click", "name": name, "key": name} for name in ("甲", "乙")]
    install_menu(phone.sandbox, {"name": "服务", "sub_button": leaves})
    parent = page.get_by_test_id("menu-button")

    parent.press("Enter")
    expect(page.get_by_test_id("submenu-item").nth(0)).to_be_focused()
    page.keyboard.press("Escape")
    expect(parent).to_be_focused()
    expect(page.get_by_test_id("submenu-item").nth(0)).to_be_hidden()
    parent.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(phone.bubbles("account").last).to_have_text("你点了：乙")


# subscribe, token and menu/create.
CALLS_BEFORE = 3
ASKING = {
    "scancode_push": ("扫码", None),
    "scancode_waitmsg": ("扫码", None),
    "pic_sysphoto": ("用示例文件", "image"),
    "pic_photo_or_album": ("用示例文件", "image"),
    "pic_weixin": ("用示例文件", "image"),
    "location_select": ("发送", "location"),
}


def test_buttons_that_ask(page: Page, phone: Phone, account: AccountServer) -> None:
    """What the user answers goes out with the event, and a picture or a place follows it (rule 14)."""
    seen: list[str] = []

    def handler(inbound: Inbound) -> Answer:
        seen.append(inbound.get("Event") or inbound["MsgType"])
        return 200, "success"

    account.handler = handler
    buttons = [{"type": kind, "name": kind, "key": kind} for kind in ASKING]
    install_menu(
        phone.sandbox, {"name": "扫", "sub_button": buttons[:2]}, {"name": "发", "sub_button": buttons[2:]}
    )

    expected: list[str] = []
    for kind, (answer, follows) in ASKING.items():
        phone.tap("扫" if follows is None else "发", kind)
        if follows is None:
            page.get_by_label("码的内容").fill("SKU-1")
        page.get_by_role("button", name=answer, exact=True).click()
        expected += [kind] if follows is None else [kind, follows]
        expect(page.get_by_test_id("log-count")).to_have_text(str(len(expected) + CALLS_BEFORE))

    assert seen == expected
    assert [message["type"] for message in phone.sandbox.chat(phone.openids[0])[1:]] == [
        follows for _, follows in ASKING.values() if follows
    ]


def test_turning_back_pushes_nothing(page: Page, phone: Phone) -> None:
    install_menu(phone.sandbox, {"type": "location_select", "name": "位置", "key": "K"})

    phone.tap("位置")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    phone.tap("位置")
    page.get_by_role("dialog").get_by_role("combobox").select_option("1")
    page.get_by_role("button", name="发送", exact=True).click()
    expect(page.get_by_test_id("delivery").filter(has_text="外滩")).to_be_visible()
    kinds = [entry["kind"] for entry in phone.sandbox.deliveries()]
    assert kinds == ["subscribe", "location_select", "location"]


def test_a_mini_program_shows_its_card(page: Page, phone: Phone, account: AccountServer) -> None:
    account.pages["/old"] = "<title>备用</title><h1>备用</h1>"
    button = {
        "type": "miniprogram",
        "name": "小程序",
        "url": f"{account.url}/old",
        "appid": "wx286b93c14bbf93aa",
        "pagepath": "pages/index",
    }
    install_menu(phone.sandbox, button)

    phone.tap("小程序")
    expect(page.get_by_test_id("miniprogram")).to_contain_text("wx286b93c14bbf93aa pages/index")
    page.get_by_role("button", name="打开备用网页").click()

    expect(phone.web.get_by_role("heading", name="备用")).to_be_visible()


def test_rule_24_a_phone_keeps_its_menu_for_five_minutes(page: Page, phone: Phone) -> None:
    phone.sandbox.call("PUT", "settings", {"enforce_menu_cache": True})
    install_menu(phone.sandbox, {"type": "click", "name": "旧", "key": "OLD"})
    phone.sandbox.clock(301)
    page.reload()
    expect(page.get_by_test_id("menu-button")).to_have_text(["旧"])

    install_menu(phone.sandbox, {"type": "click", "name": "新", "key": "NEW"})
    page.reload()
    expect(page.get_by_test_id("menu-button")).to_have_text(["旧"])
    phone.sandbox.clock(301)
    page.reload()
    expect(page.get_by_test_id("menu-button")).to_have_text(["新"])
