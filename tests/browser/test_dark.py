"""By night: everything that has words is dark, and can be read."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Phone, assert_none, install_menu

pytestmark = pytest.mark.browser

# Words that can hardly be told from what lies behind them (white on WeChat's green has 2.3 to 1), and dark
# ones on what has stayed light.
FAINT = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const over = ([r, g, b, a = 1], below) => [r, g, b].map((v, i) => v * a + below[i] * (1 - a));
  const light = (colour) => colour.slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    if (!node) return [255, 255, 255];
    return over(parse(getComputedStyle(node).backgroundColor), ground(node.parentElement));
  };
  const faint = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest("svg, .avatar, .spent, :disabled")) continue;
    const [words, below] = [light(parse(getComputedStyle(node).color)), light(ground(node))];
    const ratio = (Math.max(words, below) + 0.05) / (Math.min(words, below) + 0.05);
    if (ratio < 2.3 || (below > 0.5 && words < 0.5)) {
      faint.push(`${node.className} ${node.textContent.trim().slice(0, 20)}: ${ratio.toFixed(2)}`);
    }
  }
  return faint;
}"""

# A text that each tab of the desk shows once it is drawn.
SIGNS = {
    "账号": "AppSecret",
    "数据": "/cgi-bin/menu/create",
    "故障": "丢失一次回复",
    "时钟": "+ 2 小时",
    "录制": "录制与重放",
    "记录": "你好",
}


@pytest.mark.parametrize("width", [1280, 390])
def test_the_phone_and_the_desk_can_be_read_by_night(page: Page, phone: Phone, width: int) -> None:
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": width, "height": 900})
    try:
        install_menu(
            phone.sandbox, {"name": "更多", "sub_button": [{"type": "click", "name": "一", "key": "K"}]}
        )
        phone.sandbox.send(phone.openids[0], content="你好")
        expect(phone.bubbles("account").last).to_have_text("你说：你好")
        expect(page.get_by_test_id("menu-button")).to_be_visible()
        assert_none(page, FAINT)
        phone.tap("更多")
        expect(page.get_by_test_id("submenu-item")).to_be_visible()
        assert_none(page, FAINT)
        page.keyboard.press("Escape")
        page.get_by_test_id("menu-toggle").click()
        page.get_by_role("button", name="更多类型").click()
        expect(page.get_by_role("button", name="链接", exact=True)).to_be_visible()
        assert_none(page, FAINT)
        page.locator(".conversation .more").first.click()
        expect(page.get_by_test_id("scan")).to_be_visible()
        assert_none(page, FAINT)
        page.get_by_test_id("scan").click()
        expect(page.locator("dialog.ask")).to_be_visible()
        assert_none(page, FAINT)
        page.keyboard.press("Escape")
        expect(page.locator("dialog.ask")).to_have_count(0)
        if width == 390:
            page.locator(".conversation .more").first.click()
            page.get_by_test_id("open-desk").click()
        for tab, sign in SIGNS.items():
            phone.desk(tab)
            expect(page.get_by_role("tabpanel", name=tab)).to_contain_text(sign)
            assert_none(page, FAINT)
        page.get_by_test_id("delivery").first.click()
        expect(page.get_by_test_id("detail")).to_be_visible()
        assert_none(page, FAINT)
    finally:
        page.emulate_media(color_scheme="light")
