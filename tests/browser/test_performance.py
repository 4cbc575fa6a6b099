"""Scrolls a long transcript, and lets many users chat at once. The tests count the rows and elements that
the page builds: these numbers are the same on every machine. Frame times are only printed (`pytest -s`)."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Phone

pytestmark = pytest.mark.browser

BUBBLES = 10_000

# Scrolls one step in each frame. Returns the number of rows built, the number of those built more than once,
# the largest number of elements at a time, and the frame times in milliseconds.
SCROLL = """async ([step, frames]) => {
  const list = document.querySelector("[data-testid=chat]");
  const times = [], built = [];
  let elements = 0;
  const watch = new MutationObserver((records) => {
    for (const { addedNodes } of records) {
      for (const node of addedNodes) if (node.matches(".row")) built.push(node.textContent);
    }
  });
  watch.observe(list, { subtree: true, childList: true });
  let before = await new Promise(requestAnimationFrame);
  for (let frame = 0; frame < frames; frame += 1) {
    list.scrollTop += step;
    const now = await new Promise(requestAnimationFrame);
    times.push(now - before);
    before = now;
    elements = Math.max(elements, list.querySelectorAll("*").length);
  }
  watch.disconnect();
  times.sort((one, other) => one - other);
  const at = (part) => times[Math.floor((frames - 1) * part)];
  return {
    built: built.length, again: built.length - new Set(built).size, elements,
    median: at(0.5), p95: at(0.95), longest: at(1),
  };
}"""


def message(number: int, words: str) -> dict[str, Any]:
    mine = number % 2 == 0
    return {
        "id": number + 1,
        "at": 1_700_000_000 + number * 40,
        "from": "user" if mine else "account",
        "via": "message" if mine else "passive",
        "type": "text",
        "content": f"{words} {number} " + "一二三四五六七八九十" * (number % 5),
    }


def test_ten_thousand_bubbles_scroll(page: Page, phone: Phone) -> None:
    history = [message(number, "第") for number in range(BUBBLES)]

    def answer(route: Route) -> None:
        route.fulfill(json={"messages": history})

    page.route("**/chat", answer)
    page.reload()
    expect(phone.bubbles("account").last).to_contain_text("第 9999")

    upward = page.evaluate(SCROLL, [-900, 150])
    downward = page.evaluate(SCROLL, [700, 100])
    print(json.dumps({"upward": upward, "downward": downward}))
    page.evaluate("document.querySelector('[data-testid=chat]').scrollTop = 0")
    expect(phone.bubbles("user").first).to_contain_text("第 0")

    for way in (upward, downward):
        assert way["built"] > 500, "it has come far"
        assert way["again"] == 0
        assert way["elements"] < 3000, "only what is near is built"


def test_a_crowd_does_not_hold_up_the_page(page: Page, phone: Phone) -> None:
    """As many events as a crowd causes are taken in one frame each, whoever they are about."""
    openids = [phone.sandbox.add_user(f"第 {number} 位", subscribed=True) for number in range(100)]
    expect(page.get_by_test_id("user")).to_have_count(102)
    page.evaluate("""() => {
      window.renders = [];
      const frame = () => { window.renders.push(0); requestAnimationFrame(frame); };
      frame();
      new MutationObserver(() => { window.renders[window.renders.length - 1] += 1; })
        .observe(document.querySelector(".people"), { subtree: true, childList: true, attributes: true });
    }""")

    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(lambda openid: phone.sandbox.send(openid, content="大家好"), openids))
    expect(page.locator(".people .dot")).to_have_count(100)
    expect(page.get_by_test_id("log-count")).to_have_text("101")

    renders = page.evaluate("window.renders")
    print(json.dumps({"frames": len(renders), "renders": sum(renders), "most in a frame": max(renders)}))
    assert sum(renders) > 0
    assert max(renders) <= 2, "a frame's end and the next one's begin may both fall between two ticks"
