"""One day of an account with everything a phone can show, and the pictures of it for the documentation."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.account_server import AccountServer, Answer, Inbound, text
from tests.browser.conftest import (
    Phone,
    call_api,
    install_menu,
    jssdk_config,
    jssdk_page,
    open_page,
    picture,
)

pytestmark = pytest.mark.browser

MENU = (
    {"type": "click", "name": "今日特价", "key": "TODAY"},
    {
        "name": "会员服务",
        "sub_button": [
            {"type": "view", "name": "我的订单", "url": "https://example.com/orders"},
            {"type": "location_select", "name": "附近门店", "key": "NEAR"},
            {"type": "scancode_waitmsg", "name": "扫码领券", "key": "SCAN"},
        ],
    },
    {"type": "view", "name": "商城", "url": "https://example.com/shop"},
)


def shop(inbound: Inbound) -> Answer:
    if inbound.get("Event") == "subscribe":
        return text(inbound, "欢迎关注！回复「帮助」看看我能做什么 🎉")
    if inbound.get("Content") == "帮助":
        return text(inbound, '看<a href="https://example.com/new">今日新品</a>，或者直接问我。')
    if inbound.get("Content") == "投诉":
        return 500, "Internal Server Error"
    return 200, "success"


def test_all_that_a_phone_shows(page: Page, phone: Phone, account: AccountServer) -> None:
    sandbox, openid = phone.sandbox, phone.openids[0]
    account.handler = shop
    sandbox.send(openid, content="帮助")
    sandbox.send(openid, "image")
    sandbox.send(openid, "voice")
    sandbox.send(openid, "video")
    link = {"title": "公众平台", "description": "给个人、企业和组织", "url": "https://mp.weixin.qq.com/"}
    sandbox.send(openid, "link", **link)
    sandbox.send(openid, "location", latitude=39.9, longitude=116.4, label="北京市东城区东长安街")
    sandbox.send(openid, content="投诉")
    items = [{"id": "1", "content": "满意"}, {"id": "2", "content": "不满意"}]
    menu = {"head_content": "您对本次服务是否满意？", "list": items, "tail_content": ""}
    article = {"title": "秋季新品到店，第二件半价", "description": "本周末", "url": "https://example.com/"}
    for kind, content in (("msgmenu", menu), ("news", {"articles": [article]})):
        body = {"touser": openid, "msgtype": kind, kind: content}
        call_api(sandbox, "/cgi-bin/message/custom/send", body)
    notify(phone, {"订单号": "20261121-0007", "商品": "手冲咖啡壶", "发货时间": "今天 14:00"})
    install_menu(sandbox, *MENU)

    bubbles = page.locator("[data-testid=bubble]")
    expect(bubbles.last).to_have_attribute("data-type", "template")
    kinds = [bubble.get_attribute("data-type") for bubble in bubbles.all()]
    assert kinds[:8] == ["text", "text", "text", "image", "voice", "video", "link", "location"]
    assert kinds[8:] == ["text", "system", "msgmenu", "news", "template"]
    expect(page.locator(".unknown")).to_have_count(0)
    page.get_by_test_id("delivery").filter(has_text="location").click()
    picture(page, "sandbox")


def notify(phone: Phone, words: dict[str, str]) -> None:
    """A template message with these rows."""
    template = {"template_id_short": "TM00015", "keyword_name_list": list(words)}
    template_id = call_api(phone.sandbox, "/cgi-bin/template/api_add_template", template)["template_id"]
    data = {f"keyword{number}": {"value": value} for number, value in enumerate(words.values(), 1)}
    message = {
        "touser": phone.openids[0],
        "template_id": template_id,
        "url": "https://example.com/",
        "data": data,
    }
    call_api(phone.sandbox, "/cgi-bin/message/template/send", {**message, "data": data})


def test_a_template_message_is_a_card(page: Page, phone: Phone, account: AccountServer) -> None:
    notify(phone, {"订单号": "<b>7</b>", "商品": "咖啡壶"})

    card = phone.bubbles("account").last
    expect(card).to_contain_text("<b>7</b>")
    expect(card.locator(".pair")).to_have_count(2)
    expect(card.get_by_role("button")).to_contain_text("详情")


# What a page of a shop looks like.
GOODS = """<style>
  body { margin: 0; padding: 0 16px 24px; background: #f6f4f1 } h1 { font-size: 22px }
  #told { font: 11px/1.5 monospace; color: #8a8580 }
  .goods { display: grid; grid-template-columns: 1fr 1fr; gap: 12px }
  .goods div { padding: 10px; border-radius: 12px; background: #fff } .goods b { color: #c2410c }
  .goods i { display: block; height: 120px; margin-bottom: 8px; border-radius: 8px }
</style><div class="goods">
  <div><i style="background: linear-gradient(160deg, #f7c59f, #b5652a)"></i>手冲咖啡壶<br><b>¥ 168</b></div>
  <div><i style="background: linear-gradient(160deg, #cfe3d4, #4d7c5d)"></i>高山绿茶<br><b>¥ 88</b></div>
</div>"""


def test_a_page_with_the_jssdk(page: Page, phone: Phone, account: AccountServer) -> None:
    url = f"{account.url}/shop"
    names = ["getNetworkType", "updateAppMessageShareData"]
    script = """
      wx.getNetworkType(answers);
      const link = location.href;
      wx.updateAppMessageShareData({ title: "秋季新品", desc: "第二件半价", link, imgUrl: "", ...answers });
    """
    account.pages["/shop"] = (
        jssdk_page(phone.sandbox, "秋季新品", jssdk_config(phone.sandbox, url, *names), script) + GOODS
    )
    open_page(phone, url)
    expect(phone.web.locator("#told")).to_contain_text("updateAppMessageShareData:ok")
    expect(page.get_by_test_id("webview-title")).to_have_text("秋季新品")

    page.get_by_role("button", name="网页菜单").click()
    expect(page.locator("[data-menu-item]")).to_have_count(5)
    picture(page, "sandbox-webview")
