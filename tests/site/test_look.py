"""Every page in a real browser: nothing wider than the phone, nothing that moves while loading, both
languages, both colour schemes legible, security headers on all, no script that the policy forbids."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bot.site.templates import Templates
from tests.chromium import NO_LONG_TIMERS
from tests.conditions import until
from tests.conftest import Served
from tests.launch import ROOT, Sandbox
from tests.visiting import PC, WECHAT, MakePhone, Serve

PATHS = [
    "/",
    "/blog",
    "/weibo",
    "/about",
    "/account",
    "/account?change=1",
    "/login",
    "/login/confirm?id=x",
    "/logout",
    "/none",
    "/?code=x&state=y",
]
SIZES = [(390, 844), (1280, 900)]


@pytest.fixture
def site(serve: Serve, weixin: Sandbox) -> Served:
    site = serve(jssdk_src=weixin.url + "/open/js/jweixin-1.6.0.js", jssdk_debug=True)
    weixin.set_callback(site.url + "/wechat")
    return site


@pytest.fixture
def open_browser(browser: Browser, weixin: Sandbox) -> Iterator[Callable[..., Page]]:
    opened: list[BrowserContext] = []

    def start(openid: str = "", *, width: int = 390, scheme: str = "light", locale: str = "zh-CN") -> Page:
        height = dict(SIZES)[width]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            locale=locale,
            user_agent=WECHAT if openid else PC,
        )
        # Without this the page reports after 5 s that WeChat does not answer.
        context.add_init_script(NO_LONG_TIMERS)
        if openid:
            context.add_cookies([{"name": "sandbox_user", "value": openid, "url": weixin.url}])
        opened.append(context)
        return context.new_page()

    yield start
    for context in opened:
        context.close()


# Sums what Chromium calls layout shift; buffered, so that nothing is missed.
SHIFT = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => { sum += entry.value; }))
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
})"""

# Text whose contrast with its own background is under 4.5 to 1 (WCAG AA).
FAINT = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const node of document.querySelectorAll("main *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || node.closest("svg, script, noscript, [hidden]")) continue;
    if (getComputedStyle(node).visibility === "hidden") continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(`${node.textContent.trim().slice(0, 20)}: ${ratio.toFixed(2)}`);
  }
  return faint;
}"""


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme", "locale"), [
    (390, "light", "zh-CN"), (390, "dark", "en-US"), (1280, "dark", "zh-CN"), (1280, "light", "en-US"),
])  # fmt: skip
def test_every_page_looks_right(
    site: Served, people: MakePhone, open_browser: Callable[..., Page], width: int, scheme: str, locale: str
) -> None:
    page = open_browser(people("小明").openid, width=width, scheme=scheme, locale=locale)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Policy" in message.text else None)
    for path in PATHS:
        page.goto(site.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is too wide"
        assert page.evaluate(SHIFT) < 0.02, f"{path} moves"
        assert page.evaluate(FAINT) == [], f"{path} is hard to read"
        assert page.locator("html").get_attribute("lang") == ("en" if locale == "en-US" else "zh-CN")
        chinese = re.search(r"[\u4e00-\u9fff]", page.locator("main").inner_text().replace("小明", ""))
        assert (chinese is None) == (locale == "en-US"), f"{path} speaks another language"
        small = page.evaluate(
            "[...document.querySelectorAll('.button, input:not([type=hidden])')]"
            ".filter((node) => node.getBoundingClientRect().height < 44).length"
        )
        assert small == 0, f"{path} has something too small for a thumb"
    assert faults == []


@pytest.mark.browser
def test_pages_work_without_scripts(
    site: Served, people: MakePhone, browser: Browser, weixin: Sandbox
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN", user_agent=WECHAT)
    context.add_cookies([{"name": "sandbox_user", "value": people("小明").openid, "url": weixin.url}])
    page = context.new_page()
    page.goto(site.url + "/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello world 小明")
    expect(page.locator("#jssdk-status")).to_be_hidden()
    assert "需要 JavaScript" in page.locator("noscript").inner_html()
    page.get_by_role("link", name="手机号").click()
    page.get_by_label("手机号").fill("13800138000")
    page.get_by_role("button", name="获取验证码").click()
    expect(page.get_by_label("6 位验证码")).to_be_visible()
    until(lambda: weixin.call("GET", "sms")["messages"])
    code = re.search(r"\d{6}", weixin.call("GET", "sms")["messages"][-1]["text"])
    assert code
    page.get_by_label("6 位验证码").fill(code.group())
    page.get_by_role("button", name="绑定").click()
    expect(page.get_by_role("heading", name="已绑定手机号")).to_be_visible()
    page.get_by_role("link", name="退出登录").click()
    page.get_by_role("button", name="在所有设备上退出").click()
    expect(page.get_by_role("heading", name="已退出")).to_be_visible()
    context.close()


@pytest.mark.browser
def test_a_script_that_somebody_smuggles_in_does_not_run(
    site: Served, people: MakePhone, open_browser: Callable[..., Page]
) -> None:
    page = open_browser(people().openid)
    page.goto(site.url + "/")
    page.evaluate("""() => {
      const script = document.createElement("div");
      script.innerHTML = "<img src=x onerror='window.smuggled = 1'>";
      script.firstChild.addEventListener("error", () => (window.failed = true)); // after its own onerror
      document.body.append(script);
      const inline = document.createElement("script");
      inline.textContent = "window.smuggled = 2";
      document.body.append(inline);
    }""")
    until(lambda: page.evaluate("window.failed"))
    assert page.evaluate("window.smuggled") is None


# -- headers


ANSWERS = [("GET", path) for path in (*PATHS, "/healthz", "/jssdk", "/login/status", "/api/openapi.json")]
ANSWERS += [("POST", "/"), ("PUT", "/account"), ("render", "/"), ("POST", "/account"), ("HEAD", "/logout")]


@pytest.mark.parametrize(("method", "path"), ANSWERS)
def test_security_headers_are_on_every_answer(site: Served, method: str, path: str) -> None:
    headers = {"User-Agent": PC}
    answer = requests.request(method, site.url + path, headers=headers, allow_redirects=False, timeout=60)
    policy = dict(
        part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in str(policy)
    assert policy["frame-ancestors"] == f"'self' {site.config.mp_base}"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(("method", "path"), [("POST", "/"), ("PUT", "/account"), ("render", "/")])
def test_a_method_that_a_page_does_not_know_is_a_page_with_a_way_on(
    site: Served, method: str, path: str
) -> None:
    answer = requests.request(method, site.url + path, timeout=60)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f'<a class="button" href="{path}">' in answer.text


def test_the_policy_admits_wechats_scripts_as_they_really_are(serve: Serve) -> None:
    site = serve(
        jssdk_src="https://res.wx.qq.com/open/js/jweixin-1.6.0.js", open_base="https://open.weixin.qq.com"
    )
    policy = requests.get(site.url + "/healthz", timeout=60).headers["Content-Security-Policy"]
    assert "https://res.wx.qq.com" in policy.partition("script-src")[2].partition(";")[0]
    assert "frame-src 'self' https://open.weixin.qq.com" in policy


def test_a_nonce_is_good_for_one_answer(site: Served) -> None:
    seen = set()
    for _ in range(5):
        answer = requests.get(site.url + "/login", headers={"User-Agent": PC}, timeout=60)
        found = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
        assert found
        seen.add(found.group(1))
    assert len(seen) == 5


def test_static_files_are_not_sniffed(site: Served) -> None:
    assert (
        requests.get(site.url + "/static/site.css", timeout=60).headers["X-Content-Type-Options"] == "nosniff"
    )


def test_no_template_puts_a_text_out_raw() -> None:
    """`$:` is for the few things that make HTML themselves."""
    # A $var is escaped where it is set.
    allowed = {
        "page",
        "nonce()",
        "form_token()",
        "picture",
        "jssdk_block(jssdk)",
        "page.refresh",
        "page.again",
    }
    for file in (ROOT / "templates").glob("*.html"):
        for raw in re.findall(r"\$:([\w.]+(?:\([^)]*\))?)", Path(file).read_text(encoding="utf-8")):
            assert raw in allowed or raw.startswith("script_json("), f"{file.name}: $:{raw}"


def test_nothing_is_kept_about_anonymous_visitors(site: Served, weixin: Sandbox) -> None:
    """No session, whatever they look at; where a login begins, only that login, for minutes."""
    database = sqlite3.connect(site.config.store_url.removeprefix("sqlite:///"))
    with closing(database), requests.Session() as stranger:

        def kinds() -> set[str]:
            keys = [key.split(":")[1] for (key,) in database.execute("SELECT key FROM entry")]
            return set(keys) - {"token", "ticket"}

        before = kinds()
        pages = ("/blog", "/weibo", "/about", "/logout", "/none")
        for path in (*pages, "/healthz", "/login/status", "/MP_verify_0123456789abcdef.txt"):
            answer = stranger.get(site.url + path, timeout=60)
            assert not answer.cookies
        assert kinds() == before
        stranger.get(site.url + "/", allow_redirects=False, timeout=60)
        assert kinds() - before == {"state", "limit"}
        assert set(stranger.cookies.keys()) == {"browser", "asked"}


def test_the_template_of_the_documentation_works_and_a_title_is_no_must(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
    [shown] = [block for block in re.findall(r"```html\n(.*?)```", text, re.DOTALL) if "$def" in block]
    (tmp_path / "orders.html").write_text(shown, encoding="utf-8")
    (tmp_path / "plain.html").write_text("<p>x</p>", encoding="utf-8")
    (tmp_path / "base.html").write_text((ROOT / "templates" / "base.html").read_text(encoding="utf-8"))
    names = {"lang": lambda: "zh", "form_token": lambda: "<input>"}
    templates = Templates([tmp_path], "zh", names)
    page = templates.page("orders", visitor=SimpleNamespace(openid="o<1>"))
    assert "<title>我的订单</title>" in page
    assert "<p>o&lt;1&gt;</p>" in page
    assert "<p>x</p>" in templates.page("plain")
