"""The phone in a real browser, against a real sandbox and a small account: what a user sees and touches."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.account_server import AccountServer, Answer, Inbound, text
from tests.launch import Json, Sandbox, start_sandbox

pytestmark = pytest.mark.browser

FAILURE_LINE = "该公众号提供的服务出现故障，请稍后再试"
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>&lt;b&gt;"


@pytest.fixture(scope="module")
def account() -> Iterator[AccountServer]:
    with AccountServer() as server:
        yield server


@pytest.fixture(scope="module")
def running(account: AccountServer) -> Iterator[Sandbox]:
    with start_sandbox("--callback", f"{account.url}/wechat", "--deadline", "10") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox, account: AccountServer) -> Sandbox:
    running.reset()
    account.begin()
    return running


class Phone:
    """Finds what the tests touch."""

    def __init__(self, page: Page, sandbox: Sandbox) -> None:
        self.page = page
        self.sandbox = sandbox
        self.openids = [user["openid"] for user in sandbox.state()["users"]]
        self.webview = page.get_by_test_id("webview")
        self.web: FrameLocator = self.webview.frame_locator("iframe")

    def open(self) -> None:
        self.page.goto(self.sandbox.url)
        expect(self.page.get_by_test_id("user")).to_have_count(len(self.openids))

    def bubbles(self, sender: str) -> Locator:
        return self.page.locator(f"[data-testid=bubble][data-from={sender}]")

    def say(self, content: str) -> None:
        field = self.page.get_by_test_id("input")
        field.fill(content)
        field.press("Enter")

    def tap(self, top: str, sub: str | None = None) -> None:
        self.page.get_by_test_id("menu-button").filter(has_text=top).click()
        if sub is not None:
            self.page.get_by_test_id("submenu-item").filter(has_text=sub).click()

    def hold(self, openid: str) -> None:
        self.page.locator(f"[data-testid=user][data-openid='{openid}']").click()


@pytest.fixture
def phone(page: Page, sandbox: Sandbox) -> Phone:
    """The phone page with 小明, who follows the account, in hand."""
    phone = Phone(page, sandbox)
    sandbox.subscribe(phone.openids[0])
    phone.open()
    return phone


def api(sandbox: Sandbox, path: str, **query: str) -> Json:
    answer: Json = requests.get(f"{sandbox.url}{path}", params=query, timeout=10).json()
    return answer


def access_token(sandbox: Sandbox) -> str:
    account = sandbox.state()["account"]
    query = {"grant_type": "client_credential", "appid": account["app_id"], "secret": account["app_secret"]}
    return str(api(sandbox, "/cgi-bin/token", **query)["access_token"])


def install_menu(sandbox: Sandbox, *buttons: Json) -> None:
    body = json.dumps({"button": buttons}, ensure_ascii=False).encode()
    query = {"access_token": access_token(sandbox)}
    answer = requests.post(f"{sandbox.url}/cgi-bin/menu/create", params=query, data=body, timeout=10).json()
    assert answer["errcode"] == 0, answer


def test_a_stranger_follows_and_is_greeted(page: Page, sandbox: Sandbox) -> None:
    phone = Phone(page, sandbox)
    phone.open()
    expect(page.get_by_test_id("chat")).to_be_hidden()

    page.get_by_test_id("follow").click()

    expect(page.get_by_test_id("chat")).to_be_visible()
    expect(phone.bubbles("account")).to_have_text(["欢迎关注"])
    assert sandbox.state()["users"][0]["subscribed"]


def test_unfollowing_leads_back_to_the_profile(page: Page, phone: Phone) -> None:
    page.get_by_role("button", name="更多", exact=True).click()
    page.get_by_test_id("unfollow").click()

    expect(page.get_by_test_id("follow")).to_be_visible()


def test_a_text_is_sent_and_answered(page: Page, phone: Phone) -> None:
    phone.say("你好\n第二行")

    expect(phone.bubbles("user")).to_have_text(["你好\n第二行"], use_inner_text=True)
    expect(phone.bubbles("account").last).to_have_text("你说：你好\n第二行", use_inner_text=True)
    expect(page.locator("[data-draft]")).to_have_count(0)
    expect(page.get_by_test_id("input")).to_have_value("")


def test_the_send_button_appears_with_the_first_letter(page: Page, phone: Phone) -> None:
    expect(page.get_by_test_id("send")).to_be_hidden()
    page.get_by_test_id("input").fill("在吗")

    page.get_by_test_id("send").click()

    expect(phone.bubbles("account").last).to_have_text("你说：在吗")


def test_a_slow_account_does_not_hold_up_the_phone(page: Page, phone: Phone, account: AccountServer) -> None:
    """More messages hang than a browser opens connections to one host; one more is answered before them."""
    release = threading.Event()

    def handler(inbound: Inbound) -> Answer:
        if inbound["Content"].startswith("慢"):
            release.wait(8)
        return text(inbound, f"你说：{inbound['Content']}")

    account.handler = handler
    for number in range(7):
        phone.say(f"慢 {number}")
    phone.say("快")

    expect(phone.bubbles("account")).to_have_text(["欢迎关注", "你说：快"])
    release.set()
    expect(phone.bubbles("account").filter(has_text="你说：慢")).to_have_count(7)
    expect(phone.bubbles("user")).to_have_count(8)
    expect(page.locator("[data-draft]")).to_have_count(0)


def test_a_message_that_cannot_leave_is_sent_again(page: Page, phone: Phone, tolerated: list[str]) -> None:
    tolerated.append("net::ERR_FAILED")
    page.route("**/send", lambda route: route.abort())
    phone.say("在吗")
    again = page.get_by_role("button", name="点按重发")
    expect(again).to_be_visible()

    page.unroute("**/send")
    again.click()

    expect(phone.bubbles("account").last).to_have_text("你说：在吗")
    expect(phone.bubbles("user")).to_have_text(["在吗"])
    expect(again).to_have_count(0)


def test_a_failing_account_gets_the_grey_line(page: Page, phone: Phone, account: AccountServer) -> None:
    account.handler = lambda inbound: (500, "")

    phone.say("在吗")

    expect(phone.bubbles("system")).to_have_text([FAILURE_LINE])
    attempts = page.locator("[data-testid=delivery][data-outcome=bad-status]")
    expect(attempts).to_have_count(3)
    attempts.first.click()
    expect(page.get_by_test_id("detail")).to_contain_text("<![CDATA[在吗]]>")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("detail")).to_have_count(0)


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


def test_hostile_text_stays_text(page: Page, phone: Phone, account: AccountServer) -> None:
    account.handler = lambda inbound: text(inbound, HOSTILE)
    openid = phone.sandbox.add_user(HOSTILE, subscribed=True)
    expect(page.locator(f"[data-openid='{openid}']")).to_contain_text(HOSTILE)
    phone.hold(openid)

    phone.say(HOSTILE)

    expect(phone.bubbles("user")).to_have_text([HOSTILE])
    expect(phone.bubbles("account")).to_have_text([HOSTILE])
    expect(page.locator(".chat script, .chat .bubble img, .people script, [onerror]")).to_have_count(0)


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
    assert account.visits == ["/here"]


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


def test_a_user_is_added(page: Page, phone: Phone) -> None:
    page.get_by_role("button", name="添加用户").click()
    page.get_by_label("昵称").fill("小刚")
    page.get_by_role("button", name="添加", exact=True).click()

    expect(page.get_by_test_id("user")).to_have_count(3)
    expect(page.get_by_test_id("user").last).to_have_attribute("aria-current", "true")
    expect(page.get_by_test_id("follow")).to_be_visible()


def test_a_picture_is_sent_and_looked_at(page: Page, phone: Phone) -> None:
    picture = requests.get(f"{phone.sandbox.url}/_sandbox/phone/icon.svg", timeout=10).content
    page.get_by_role("button", name="更多类型").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="照片").click()
    chooser.value.set_files({"name": "photo.png", "mimeType": "image/png", "buffer": picture})

    bubble = phone.bubbles("user")
    expect(bubble).to_have_attribute("data-type", "image")
    expect(bubble.locator("img")).to_have_attribute("src", re.compile("^/_sandbox/media/"))
    bubble.get_by_role("button").click()
    expect(page.get_by_test_id("viewer")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("viewer")).to_have_count(0)


@pytest.mark.parametrize(
    ("sample", "kind"), [("语音", "voice"), ("视频", "video"), ("链接", "link"), ("位置", "location")]
)
def test_samples_of_other_kinds_are_sent(page: Page, phone: Phone, sample: str, kind: str) -> None:
    page.get_by_role("button", name="更多类型").click()
    page.get_by_role("button", name=sample, exact=True).click()
    if kind == "location":
        page.get_by_role("button", name="发送", exact=True).click()

    expect(phone.bubbles("user")).to_have_attribute("data-type", kind)
    expect(page.locator("[data-draft]")).to_have_count(0)


def test_a_scene_code_is_scanned(page: Page, phone: Phone, account: AccountServer) -> None:
    account.handler = lambda inbound: text(inbound, f"{inbound['Event']} {inbound['EventKey']}")
    body = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "shop-7"}}}
    query = {"access_token": access_token(phone.sandbox)}
    requests.post(f"{phone.sandbox.url}/cgi-bin/qrcode/create", params=query, json=body, timeout=10)
    phone.hold(phone.openids[1])

    page.locator(".scan-code").click()
    page.get_by_label("内容").fill("shop-7")
    page.get_by_role("button", name="扫码", exact=True).click()

    expect(phone.bubbles("account")).to_have_text(["subscribe qrscene_shop-7"])


def jssdk_page(sandbox: Sandbox, title: str, config: Json) -> str:
    """A page that configures the JS-SDK and writes down what it is told, in order."""
    return f"""<!doctype html><title>{title}</title><p id="told"></p>
<script src="{sandbox.url}/open/js/jweixin-1.6.0.js"></script>
<script>
  const tell = (words) => document.querySelector("#told").append(words, "; ");
  wx.config({json.dumps(config)});
  wx.error((res) => tell(res.errMsg));
  wx.ready(() => {{
    tell("ready");
    const answers = {{ success: (res) => tell(res.errMsg), fail: (res) => tell(res.errMsg) }};
    wx.checkJsApi({{ jsApiList: ["getNetworkType", "scanQRCode"], ...answers,
                     success: (res) => tell(JSON.stringify(res)) }});
    wx.getNetworkType(answers);
    wx.scanQRCode(answers);
    wx.hideOptionMenu(answers);
  }});
</script>
<button onclick="wx.closeWindow()">关闭本页</button>"""


def signed(sandbox: Sandbox, url: str) -> Json:
    query = {"access_token": access_token(sandbox), "type": "jsapi"}
    ticket = api(sandbox, "/cgi-bin/ticket/getticket", **query)["ticket"]
    nonce, timestamp = "Wm3WZYTPz0wzccnW", 1414587457
    joined = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}"
    return {
        "appId": sandbox.state()["account"]["app_id"],
        "timestamp": timestamp,
        "nonceStr": nonce,
        "signature": hashlib.sha1(joined.encode()).hexdigest(),
        "jsApiList": ["getNetworkType", "scanQRCode", "closeWindow"],
    }


def open_page(phone: Phone, url: str) -> None:
    install_menu(phone.sandbox, {"type": "view", "name": "主页", "url": url})
    phone.tap("主页")


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


def test_a_page_configures_the_jssdk(page: Page, phone: Phone, account: AccountServer) -> None:
    url = f"{account.url}/jssdk?from=menu"
    account.pages["/jssdk"] = jssdk_page(phone.sandbox, "我的主页", signed(phone.sandbox, url))

    open_page(phone, f"{url}#part")

    expect(page.get_by_test_id("webview-title")).to_have_text("我的主页")
    expect(phone.web.locator("#told")).to_have_text(
        "ready; "
        '{"checkResult":{"getNetworkType":true,"scanQRCode":false},"errMsg":"checkJsApi:ok"}; '
        "getNetworkType:ok; scanQRCode:function not exist; hideOptionMenu:permission denied; "
    )
    page.get_by_role("button", name="刷新").click()
    expect(phone.web.locator("#told")).to_contain_text("ready")
    expect(page.get_by_test_id("webview-title")).to_have_text("我的主页")
    phone.web.get_by_role("button", name="关闭本页").click()
    expect(phone.webview).to_be_hidden()


def test_a_signature_for_another_address_is_refused(page: Page, phone: Phone, account: AccountServer) -> None:
    """wx.error first; wx.ready runs as well, as it does in WeChat, but no API may be called."""
    account.pages["/jssdk"] = jssdk_page(
        phone.sandbox, "签错了", signed(phone.sandbox, f"{account.url}/other")
    )

    open_page(phone, f"{account.url}/jssdk")

    told = phone.web.locator("#told")
    expect(told).to_contain_text("config:invalid signature; ready; ")
    expect(told).to_contain_text("getNetworkType:the permission value is offline verifying")


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
    assert len(account.visits) == 1
    assert re.fullmatch(r"/landing\?a=1&code=[^&]+&state=abc", account.visits[0])


def test_consent_is_refused(page: Page, phone: Phone, account: AccountServer) -> None:
    """The site hears nothing of it (rule 27), and the user has a way back."""
    open_page(phone, authorize_url(phone, account))

    phone.web.get_by_role("button", name="拒绝").click()

    phone.web.get_by_role("button", name="返回").click()
    expect(phone.webview).to_be_hidden()
    assert account.visits == []


def test_a_page_of_wechat_names_its_error(page: Page, phone: Phone, account: AccountServer) -> None:
    elsewhere = authorize_url(phone, account).replace("127.0.0.1%3A", "elsewhere.example%3A")

    open_page(phone, elsewhere)

    expect(phone.web.locator("body")).to_contain_text("10003")


def test_the_phone_fills_a_real_phone(page: Page, phone: Phone) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_test_id("phone")).to_have_js_property("clientWidth", 390)
    expect(page.get_by_test_id("user").first).to_be_hidden()

    page.get_by_role("button", name="切换用户").click()
    phone.hold(phone.openids[1])

    expect(page.get_by_test_id("follow")).to_be_visible()
    expect(page.get_by_test_id("user").first).to_be_hidden()


def test_a_reset_is_followed(page: Page, phone: Phone) -> None:
    phone.say("你好")
    expect(phone.bubbles("account").last).to_have_text("你说：你好")

    phone.sandbox.reset()

    expect(page.get_by_test_id("follow")).to_be_visible()
    expect(page.get_by_test_id("bubble")).to_have_count(0)


def test_a_restarted_sandbox_is_found_again(page: Page, account: AccountServer, tolerated: list[str]) -> None:
    tolerated.append("net::ERR_")
    lost = page.get_by_text("连不上沙盒")
    with start_sandbox() as first:
        Phone(page, first).open()
        port = first.url.rpartition(":")[2]
        expect(lost).to_be_hidden()
    expect(lost).to_be_visible()

    with start_sandbox("--port", port) as second:
        second.add_user("小新")

        expect(lost).to_be_hidden()
        expect(page.get_by_test_id("user")).to_have_count(3)
