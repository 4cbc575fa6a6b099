"""Website login by QR: the page with the code, wxLogin.js on a site, and the phone that scans."""

from base64 import b64encode
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.account_server import AccountServer
from tests.browser.conftest import Phone, picture
from tests.launch import Sandbox

pytestmark = pytest.mark.browser


def login_url(sandbox: Sandbox, account: AccountServer, **more: str) -> str:
    query = {
        "appid": sandbox.state()["account"]["site_app_id"],
        "redirect_uri": quote(f"{account.url}/landed?a=1", safe=""),
        "response_type": "code",
        "scope": "snsapi_login",
        "state": "xyz",
        **more,
    }
    return f"{sandbox.url}/connect/qrconnect?" + "&".join(f"{k}={v}" for k, v in query.items())


def site(context: BrowserContext, url: str) -> Page:
    """The computer's browser, beside the phone."""
    page = context.new_page()
    page.goto(url)
    expect(page.locator(".impowerBox .qrcode")).to_have_js_property("complete", True)
    return page


def scan(page: Page) -> None:
    # A page in the background draws nothing, in a browser as on a desk.
    page.bring_to_front()
    page.locator(".scan-code").click()
    page.get_by_test_id("code-login").click()


def test_a_login_is_confirmed(page: Page, phone: Phone, account: AccountServer) -> None:
    account.pages["/landed"] = "<title>到了</title><h1>已登录</h1>"
    computer = site(page.context, login_url(phone.sandbox, account))
    expect(computer.locator(".status")).to_contain_text("使用微信扫一扫登录")
    picture(computer, "sandbox-login")

    scan(page)
    expect(computer.locator(".status")).to_contain_text("扫描成功")
    sheet = page.get_by_test_id("login-sheet")
    expect(sheet).to_contain_text("申请使用你的微信昵称、头像登录网站")
    picture(page, "sandbox-login-confirm")
    sheet.get_by_role("button", name="允许").click()

    expect(computer.get_by_role("heading", name="已登录")).to_be_visible()
    assert account.visits[-1].startswith("/landed?a=1&code=")
    assert account.visits[-1].endswith("&state=xyz")


def test_a_login_is_refused(page: Page, phone: Phone, account: AccountServer) -> None:
    """The site hears nothing of it (rule 32)."""
    computer = site(page.context, login_url(phone.sandbox, account))

    scan(page)
    page.get_by_test_id("login-sheet").get_by_role("button", name="拒绝").click()

    expect(computer.locator(".status")).to_contain_text("你已取消此次登录")
    assert account.visits == []


def test_a_code_expires(page: Page, phone: Phone, account: AccountServer) -> None:
    computer = site(page.context, login_url(phone.sandbox, account))

    phone.sandbox.clock(600)

    expect(computer.locator(".status")).to_contain_text("二维码已过期")
    computer.get_by_role("button", name="刷新二维码").click()
    expect(computer.locator(".status")).to_contain_text("使用微信扫一扫登录")


def widget(sandbox: Sandbox, account: AccountServer, options: str) -> str:
    """A page of the site with wxLogin.js in it."""
    return f"""<!doctype html><meta charset="utf-8"><title>网站</title>
<div id="box">旧的</div><p id="told"></p>
<script src="{sandbox.url}/connect/zh_CN/htmledition/js/wxLogin.js"></script>
<script>
  const tell = (words) => document.querySelector("#told").append(words, "; ");
  new WxLogin({{
    id: "box", appid: "{sandbox.state()["account"]["site_app_id"]}", scope: "snsapi_login", state: "s1",
    redirect_uri: encodeURIComponent("{account.url}/landed"),
    onReady: (ready) => tell("ready " + ready), onQRcodeReady: () => tell("code"), {options}
  }});
</script>"""


@pytest.mark.parametrize("own", [True, False])
def test_wxlogin_in_a_page_of_the_site(page: Page, phone: Phone, account: AccountServer, own: bool) -> None:
    """self_redirect decides whether the frame goes on or the whole page."""
    account.pages["/landed"] = "<title>到了</title><h1>已登录</h1>"
    options = "self_redirect: true" if own else "self_redirect: false, style: 'white'"
    account.pages["/site"] = widget(phone.sandbox, account, options)
    computer = page.context.new_page()
    computer.goto(f"{account.url}/site")
    frame = computer.frame_locator("#box iframe")
    expect(frame.locator(".impowerBox .title")).to_have_text("微信登录")
    expect(computer.locator("#box")).not_to_contain_text("旧的")
    expect(computer.locator("#told")).to_contain_text("code")
    expect(computer.locator("#told")).to_contain_text("ready true")

    scan(page)
    page.get_by_test_id("login-sheet").get_by_role("button", name="允许").click()

    landed = frame if own else computer
    expect(landed.get_by_role("heading", name="已登录")).to_be_visible()
    assert (computer.url == f"{account.url}/site") is own


def test_wxlogin_dresses_as_the_site_wishes(page: Page, phone: Phone, account: AccountServer) -> None:
    rule = b64encode(b".impowerBox .title {display: none}").decode()
    css = f"data:text/css;base64,{rule}"
    account.pages["/site"] = widget(phone.sandbox, account, f"href: '{css}', lang: 'en'")
    computer = page.context.new_page()
    computer.goto(f"{account.url}/site")
    frame = computer.frame_locator("#box iframe")
    expect(frame.locator(".status")).to_contain_text("Scan with WeChat to log in")
    expect(frame.locator(".impowerBox .title")).to_be_hidden()

    account.pages["/site"] = widget(phone.sandbox, account, f"href: '{css}', stylelite: 1")
    computer.goto(f"{account.url}/site")
    expect(frame.locator(".qrcode")).to_have_js_property("clientWidth", 158)
    expect(computer.locator("#box iframe")).to_have_js_property("clientHeight", 220)
