"""By night: everything that has words is dark, and can be read."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Phone, install_menu

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
        assert page.evaluate(FAINT) == []
        phone.tap("更多")
        assert page.evaluate(FAINT) == []
        page.keyboard.press("Escape")
        page.get_by_test_id("menu-toggle").click()
        page.get_by_role("button", name="更多类型").click()
        assert page.evaluate(FAINT) == []
        page.locator(".conversation .more").first.click()
        expect(page.get_by_test_id("scan")).to_be_visible()
        assert page.evaluate(FAINT) == []
        page.get_by_test_id("scan").click()
        expect(page.locator("dialog.ask")).to_be_visible()
        assert page.evaluate(FAINT) == []
        page.keyboard.press("Escape")
        expect(page.locator("dialog.ask")).to_have_count(0)
        if width == 390:
            page.locator(".conversation .more").first.click()
            page.get_by_test_id("open-desk").click()
        for tab in ("账号", "数据", "故障", "时钟", "录制", "记录"):
            phone.desk(tab)
            assert page.evaluate(FAINT) == [], tab
        page.get_by_test_id("delivery").first.click()
        expect(page.get_by_test_id("detail")).to_be_visible()
        assert page.evaluate(FAINT) == []
    finally:
        page.emulate_media(color_scheme="light")
