"""The phone's web view: pages, consent, the way back, and what lies behind ⋯."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.account_server import AccountServer
from tests.browser.conftest import Phone, jssdk_config, jssdk_page, open_page

pytestmark = pytest.mark.browser


def test_a_page_of_others_offers_the_browser_and_ours_does_not(
    page: Page, phone: Phone, account: AccountServer, tolerated: list[str]
) -> None:
    """Others may forbid to be framed; nothing can be seen of that from outside."""
    tolerated.append("frame")
    page.route(
        "https://elsewhere.example/**", lambda route: route.fulfill(headers={"X-Frame-Options": "DENY"})
    )
    account.pages["/ours"] = "<title>ours</title><h1>ours</h1>"
    foreign = page.get_by_test_id("foreign")

    open_page(phone, "https://elsewhere.example/x", "外面")
    expect(foreign).to_contain_text("打不开？对方可能不允许嵌入 · 在浏览器中打开")
    expect(foreign.get_by_role("link")).to_have_attribute("href", "https://elsewhere.example/x")
    page.get_by_test_id("webview-close").click()

    open_page(phone, f"{account.url}/ours", "自己")
    expect(phone.web.get_by_role("heading", name="ours")).to_be_visible()
    expect(foreign).to_be_hidden()


def test_the_web_view_shows_a_page_and_closes(page: Page, phone: Phone, account: AccountServer) -> None:
    account.pages["/plain"] = "<!doctype html><title>不出声的页面</title><h1>你好</h1>"

    open_page(phone, f"{account.url}/plain")

    expect(phone.web.get_by_role("heading", name="你好")).to_be_visible()
    expect(page.get_by_test_id("webview-title")).to_have_text(account.url.removeprefix("http://"))
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    assert cookies["sandbox_user"] == phone.openids[0]
    page.get_by_role("button", name="刷新").click()
    expect(phone.web.get_by_role("heading", name="你好")).to_be_visible()
    page.get_by_test_id("webview-close").click()
    expect(phone.webview).to_be_hidden()
    expect(page.locator("iframe")).to_have_count(0)


def test_the_way_back(page: Page, phone: Phone, account: AccountServer) -> None:
    account.pages["/one"] = "<!doctype html><title>一</title><h1>一</h1><a href='/two'>去二</a>"
    account.pages["/two"] = "<!doctype html><title>二</title><h1>二</h1><a href='/three'>去三</a>"
    account.pages["/three"] = "<!doctype html><title>三</title><h1>三</h1>"
    open_page(phone, f"{account.url}/one")
    back = page.get_by_test_id("webview-back")
    expect(phone.web.get_by_role("heading", name="一")).to_be_visible()
    expect(back).to_be_hidden()

    phone.wait_for_load()
    phone.web.get_by_role("link", name="去二").click()
    expect(phone.web.get_by_role("heading", name="二")).to_be_visible()
    phone.wait_for_load()
    phone.web.get_by_role("link", name="去三").click()
    expect(phone.web.get_by_role("heading", name="三")).to_be_visible()
    phone.wait_for_load()
    back.click()
    expect(phone.web.get_by_role("heading", name="二")).to_be_visible()
    phone.wait_for_load()
    back.click()
    expect(phone.web.get_by_role("heading", name="一")).to_be_visible()
    expect(back).to_be_hidden()


def test_two_phones_take_turns_with_their_cookies(page: Page, phone: Phone, account: AccountServer) -> None:
    account.pages["/shop"] = "<!doctype html><title>店</title><h1>店</h1>"
    phone.sandbox.subscribe(phone.openids[1])
    page.set_viewport_size({"width": 1600, "height": 900})
    page.get_by_test_id("phones-2").click()
    first, second = page.get_by_test_id("phone").nth(0), page.get_by_test_id("phone").nth(1)

    def visitor() -> str:
        return next(c["value"] for c in page.context.cookies() if c["name"] == "sandbox_user")

    for number, one in enumerate((first, second)):
        phone.sandbox.send(phone.openids[number], content=f"{account.url}/shop")
        one.get_by_test_id("bubble").get_by_role("link").first.click()
        expect(one.frame_locator("iframe").get_by_role("heading", name="店")).to_be_visible()
    assert visitor() == phone.openids[1]

    veil = first.get_by_role("button", name="另一台手机正在使用网页")
    veil.hover()
    expect(veil).to_be_hidden()
    assert visitor() == phone.openids[0]


def test_a_page_that_leads_on_at_once_keeps_its_title_to_itself(
    page: Page, phone: Phone, account: AccountServer
) -> None:
    """The next page says nothing, so its title cannot be known; the last one's would be wrong."""
    leads_on = 'addEventListener("pageshow", () => setTimeout(() => location.assign("/silent")))'
    account.pages["/hasty"] = (
        "<!doctype html><title>中转</title>"
        f'<script src="{phone.sandbox.url}/open/js/jweixin-1.6.0.js"></script><script>{leads_on}</script>'
    )
    account.pages["/silent"] = "<!doctype html><title>到了</title><h1>到了</h1>"

    open_page(phone, f"{account.url}/hasty")

    expect(phone.web.get_by_role("heading", name="到了")).to_be_visible()
    expect(page.get_by_test_id("webview-title")).to_have_text("网页")
    expect(page.get_by_test_id("webview-address")).to_be_empty()


def authorize_url(phone: Phone, account: AccountServer) -> str:
    app_id = phone.sandbox.state()["account"]["app_id"]
    back = quote(f"{account.url}/landing?a=1", safe="")
    return (
        f"{phone.sandbox.url}/connect/oauth2/authorize?appid={app_id}&redirect_uri={back}"
        "&response_type=code&scope=snsapi_userinfo&state=abc#wechat_redirect"
    )


def test_consent_is_given(page: Page, phone: Phone, account: AccountServer) -> None:
    account.pages["/landing"] = "<!doctype html><title>到了</title><h1>到了</h1>"
    open_page(phone, authorize_url(phone, account))
    expect(phone.web.get_by_text("获得你的公开信息（昵称、头像等）")).to_be_visible()
    expect(phone.web.get_by_text("小明")).to_be_visible()
    expect(page.get_by_test_id("webview-title")).to_have_text("微信授权登录")

    phone.web.get_by_role("button", name="允许").click()

    expect(phone.web.get_by_role("heading", name="到了")).to_be_visible()
    expect(page.get_by_test_id("webview-title")).to_have_text("网页")
    expect(page.get_by_test_id("webview-address")).to_have_text(account.url.removeprefix("http://"))
    assert len(account.visits) == 1
    assert re.fullmatch(r"/landing\?a=1&code=[^&]+&state=abc", account.visits[0])


def test_a_snapshot_may_be_looked_at_and_offers_the_full_service(
    page: Page, phone: Phone, account: AccountServer
) -> None:
    """Rule 31: a virtual identity, no JS-SDK, and a way to the consent page."""
    phone.sandbox.settings(snapshots=True)
    clean = f"{account.url}/clean"
    account.pages["/landing"] = f"<!doctype html><script>location.replace('{clean}')</script>"
    config = jssdk_config(phone.sandbox, clean, "getNetworkType")
    account.pages["/clean"] = jssdk_page(phone.sandbox, "到了", config, "wx.getNetworkType(answers)")
    open_page(phone, authorize_url(phone, account))
    expect(phone.web.get_by_role("heading", name="到了")).to_be_visible()
    expect(page.get_by_test_id("snapshot")).to_contain_text("快照页")
    expect(phone.web.locator("#told")).to_contain_text("getNetworkType:permission denied")

    page.get_by_test_id("full-service").click()
    phone.web.get_by_role("button", name="允许").click()

    expect(phone.web.locator("#told")).to_contain_text("getNetworkType:ok")
    expect(page.get_by_test_id("snapshot")).to_be_hidden()


def test_consent_is_refused(page: Page, phone: Phone, account: AccountServer) -> None:
    """The site hears nothing of it (rule 27), and the user has a way back."""
    open_page(phone, authorize_url(phone, account))

    phone.web.get_by_role("button", name="拒绝").click()

    phone.web.get_by_role("button", name="返回").click()
    expect(phone.webview).to_be_hidden()
    assert account.visits == []


def test_a_silent_authorization_shows_where_it_led(page: Page, phone: Phone, account: AccountServer) -> None:
    """Nobody has seen a page of WeChat's, so the title bar must not name it."""
    account.pages["/landing"] = "<!doctype html><title>到了</title><h1>到了</h1>"

    open_page(phone, authorize_url(phone, account).replace("snsapi_userinfo", "snsapi_base"))

    expect(phone.web.get_by_role("heading", name="到了")).to_be_visible()
    expect(page.get_by_test_id("webview-title")).to_have_text("网页")
    expect(page.get_by_test_id("webview-address")).to_have_text(account.url.removeprefix("http://"))


def test_the_pages_of_wechat_speak_english_where_it_is_asked_for(
    page: Page, phone: Phone, account: AccountServer
) -> None:
    """By the phone's switch, or by the address alone."""
    open_page(phone, authorize_url(phone, account).replace("#", "&lang=en#"))
    expect(phone.web.locator("body")).to_contain_text("Your WeChat profile")
    phone.web.get_by_role("button", name="Refuse").click()
    expect(phone.web.get_by_role("heading", name="Refused")).to_be_visible()
    phone.web.get_by_role("button", name="Back").click()

    page.get_by_test_id("language").click()
    expect(page.get_by_role("heading", name="Users")).to_be_visible()
    open_page(phone, authorize_url(phone, account), "乙")
    expect(phone.web.locator("html")).to_have_attribute("lang", "en")
    expect(phone.web.get_by_role("button", name="Allow")).to_be_visible()
    expect(page.get_by_test_id("webview-title")).to_have_text("WeChat login")
    page.get_by_test_id("webview-close").click()
    open_page(phone, authorize_url(phone, account).replace("snsapi_userinfo", "snsapi_login"), "丙")
    expect(phone.web.locator("body")).to_contain_text("This account has no right to that scope")


def test_a_page_of_wechat_names_its_error(page: Page, phone: Phone, account: AccountServer) -> None:
    elsewhere = authorize_url(phone, account).replace("127.0.0.1%3A", "elsewhere.example%3A")

    open_page(phone, elsewhere)

    expect(phone.web.locator("body")).to_contain_text("10003")


def shared_page(phone: Phone, account: AccountServer, script: str) -> str:
    names = ["updateAppMessageShareData", "updateTimelineShareData", "onMenuShareAppMessage", "hideMenuItems"]
    names += ["hideOptionMenu", "showOptionMenu", "hideAllNonBaseMenuItem", "showAllNonBaseMenuItem"]
    url = f"{account.url}/shared"
    account.pages["/shared"] = jssdk_page(
        phone.sandbox, "活动", jssdk_config(phone.sandbox, url, *names), script
    )
    open_page(phone, url)
    return url


def test_a_page_is_shared_to_a_friend(page: Page, phone: Phone, account: AccountServer) -> None:
    share = """
      const link = location.origin + "/shared?by=ming";
      const card = { title: "一起来", desc: "周末有约", link, imgUrl: "" };
      wx.updateAppMessageShareData({ ...card, ...answers });
      wx.onMenuShareAppMessage({ ...card, ...answers, trigger: () => tell("trigger") });
    """
    shared_page(phone, account, share)
    told = phone.web.locator("#told")
    expect(told).to_contain_text('{"errMsg":"updateAppMessageShareData:ok"}')

    phone.page_menu("share:appMessage")
    page.get_by_test_id("friend-choice").filter(has_text="小红").click()
    expect(told).to_contain_text('trigger; {"errMsg":"sendAppMessage:ok"}')
    page.get_by_test_id("webview-close").click()

    dot = page.locator(f"[data-openid='{phone.openids[1]}'] .dot")
    expect(dot).to_be_visible()
    phone.hold(phone.openids[1])
    page.get_by_test_id("back").click()
    page.get_by_test_id("talk").filter(has_text="小明").click()
    card = page.get_by_test_id("share-card")
    expect(card).to_contain_text("周末有约")
    expect(dot).to_have_count(0)
    card.get_by_role("button").click()
    expect(phone.web.get_by_role("heading", name="活动")).to_be_visible()
    assert account.visits[-1] == "/shared?by=ming&from=singlemessage"


def test_a_page_is_shared_to_moments_or_not(page: Page, phone: Phone, account: AccountServer) -> None:
    share = """
      wx.updateTimelineShareData({ title: "朋友圈见", link: location.href, imgUrl: "", ...answers });
      wx.onMenuShareAppMessage({ title: "一起来", link: location.href, ...answers });
    """
    shared_page(phone, account, share)
    expect(phone.web.locator("#told")).to_contain_text("updateTimelineShareData:ok")

    phone.page_menu("share:timeline")
    expect(page.get_by_test_id("share-preview")).to_contain_text("朋友圈见")
    page.get_by_role("button", name="发表").click()
    expect(page.get_by_text("已分享到 朋友圈")).to_be_visible()
    phone.page_menu("share:appMessage")
    page.get_by_role("button", name="取消", exact=True).click()
    expect(phone.web.locator("#told")).to_contain_text('{"errMsg":"sendAppMessage:cancel"}')

    page.get_by_test_id("webview-close").click()
    phone.hold(phone.openids[1])
    page.get_by_test_id("back").click()
    page.get_by_test_id("talk").filter(has_text="朋友圈").click()
    expect(page.get_by_test_id("share-card")).to_contain_text("朋友圈见")


def test_an_unverified_account_may_not_share(page: Page, phone: Phone, account: AccountServer) -> None:
    # The kind is changed under way: an unverified account could not have installed its menu or made a page.
    shared_page(
        phone,
        account,
        "window.share = () => wx.updateAppMessageShareData({ title: 'x', link: '', ...answers })",
    )
    expect(phone.web.locator("#told")).to_have_text("ready; ")
    phone.sandbox.call("PUT", "settings", {"kind": "service"})
    expect(page.get_by_test_id("desk")).to_contain_text("服务号（未认证）")

    phone.web.locator("body").evaluate("share()")

    expect(phone.web.locator("#told")).to_contain_text("updateAppMessageShareData:permission denied")


def test_menu_items_are_hidden(page: Page, phone: Phone, account: AccountServer) -> None:
    hide = 'wx.hideMenuItems({ menuList: ["menuItem:copyUrl", "menuItem:share:timeline"], ...answers });'
    shared_page(phone, account, hide)
    expect(phone.web.locator("#told")).to_contain_text("hideMenuItems:ok")
    page.get_by_role("button", name="网页菜单").click()
    items = page.locator("[data-menu-item]")
    expect(items).to_have_text(["发送给朋友", "在浏览器打开", "刷新"])
    page.keyboard.press("Escape")

    phone.web.locator("body").evaluate("wx.hideAllNonBaseMenuItem(answers)")
    expect(phone.web.locator("#told")).to_contain_text("hideAllNonBaseMenuItem:ok")
    page.get_by_role("button", name="网页菜单").click()
    expect(items).to_have_text(["刷新"])
    page.keyboard.press("Escape")

    phone.web.locator("body").evaluate("wx.hideOptionMenu(answers)")
    expect(page.get_by_role("button", name="网页菜单")).to_be_hidden()
    phone.web.locator("body").evaluate("wx.showOptionMenu(answers); wx.showAllNonBaseMenuItem(answers)")
    expect(page.get_by_role("button", name="网页菜单")).to_be_visible()


def test_a_page_goes_to_the_browser(page: Page, phone: Phone, account: AccountServer) -> None:
    account.pages["/plain"] = "<!doctype html><title>页面</title><h1>你好</h1>"
    open_page(phone, f"{account.url}/plain")
    expect(phone.web.get_by_role("heading", name="你好")).to_be_visible()

    with page.context.expect_page() as opened:
        phone.page_menu("openWithSafari")

    opened.value.wait_for_url(f"{account.url}/plain")
