"""The conversation, in a real browser against a real sandbox: what a user sees and touches."""

import re
import threading

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.account_server import AccountServer, Answer, Inbound, text
from tests.browser.conftest import DRAWN, Phone, call_api, install_menu
from tests.conditions import until
from tests.launch import Sandbox, free_port, start_sandbox

pytestmark = pytest.mark.browser

FAILURE_LINE = "该公众号提供的服务出现故障，请稍后再试"


def test_a_stranger_follows_and_is_greeted(page: Page, sandbox: Sandbox) -> None:
    phone = Phone(page, sandbox)
    phone.open()
    expect(page.get_by_test_id("chat")).to_be_hidden()

    page.get_by_test_id("follow").click()

    expect(page.get_by_test_id("chat")).to_be_visible()
    expect(phone.bubbles("account")).to_have_text(["欢迎关注"])
    assert sandbox.state()["users"][0]["subscribed"]


def test_unfollowing_leads_back_to_the_profile(page: Page, phone: Phone) -> None:
    phone.more("unfollow")

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
            release.wait(60)
        return text(inbound, f"你说：{inbound['Content']}")

    account.handler = handler
    for number in range(7):
        phone.say(f"慢 {number}")
    phone.say("快")
    # The browser opens six connections to a host, and the event stream holds one of them.
    expect(page.locator("[data-draft]")).to_have_count(3)
    page.evaluate("calls.slice(0, -3).forEach((call) => call.abort())")

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
    expect(page.get_by_test_id("detail")).to_be_hidden()


def test_what_was_typed_stays_with_its_user(page: Page, phone: Phone) -> None:
    first, second = phone.openids
    phone.sandbox.subscribe(second)
    page.get_by_test_id("input").fill("还没写完")

    phone.hold(second)
    expect(page.get_by_test_id("input")).to_have_value("")
    phone.hold(first)
    expect(page.get_by_test_id("input")).to_have_value("还没写完")
    page.reload()
    expect(page.get_by_test_id("input")).to_have_value("还没写完")


def test_an_emoji_is_sent(page: Page, phone: Phone) -> None:
    page.get_by_test_id("emoji").click()
    page.get_by_role("button", name="玫瑰").click()
    page.get_by_role("button", name="爱心", exact=True).click()
    page.get_by_test_id("send").click()

    expect(phone.bubbles("account").last).to_have_text("你说：🌹❤️")


def test_a_picture_is_sent_and_looked_at(page: Page, phone: Phone) -> None:
    content = requests.get(f"{phone.sandbox.url}/_sandbox/phone/icon.svg", timeout=60).content
    page.get_by_role("button", name="更多类型").click()
    page.get_by_role("button", name="照片").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="从这台电脑选择").click()
    chooser.value.set_files({"name": "photo.png", "mimeType": "image/png", "buffer": content})

    bubble = phone.bubbles("user")
    expect(bubble).to_have_attribute("data-type", "image")
    expect(bubble.locator("img")).to_have_attribute("src", re.compile("^/_sandbox/media/"))
    bubble.get_by_role("button").click()
    expect(page.get_by_test_id("viewer")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("viewer")).to_have_count(0)


def test_samples_of_all_kinds_are_sent(page: Page, phone: Phone) -> None:
    kinds = {"照片": "image", "语音": "voice", "视频": "video", "链接": "link", "位置": "location"}
    for label, kind in kinds.items():
        page.get_by_role("button", name="更多类型").click()
        page.get_by_role("button", name=label, exact=True).click()
        if kind == "location":
            page.get_by_role("button", name="发送", exact=True).click()
        elif kind != "link":
            page.get_by_role("button", name="用示例文件").click()
        expect(phone.bubbles("user").last).to_have_attribute("data-type", kind)

    expect(phone.bubbles("user")).to_have_count(5)
    expect(page.locator("[data-draft]")).to_have_count(0)


def test_a_voice_is_held_and_sent(page: Page, phone: Phone) -> None:
    """The browser's microphone is a made-up one here."""
    page.get_by_test_id("voice-toggle").click()
    page.get_by_test_id("hold").focus()
    page.keyboard.down("Enter")
    expect(page.get_by_test_id("hold")).to_have_text("松开 发送")
    page.keyboard.up("Enter")

    expect(phone.bubbles("user")).to_have_attribute("data-type", "voice")
    expect(page.locator("[data-draft]")).to_have_count(0)


def test_a_message_menu_is_tapped(page: Page, phone: Phone, account: AccountServer) -> None:
    """Both ways of writing one: the custom message and the link in a text."""
    seen: list[Inbound] = []

    def handler(inbound: Inbound) -> Answer:
        seen.append(inbound)
        link = '<a href="weixin://bizmsgmenu?msgmenucontent=不满意&msgmenuid=102">不满意</a>'
        return text(inbound, f"谢谢。{link}") if inbound["Content"] == "满意" else (200, "success")

    account.handler = handler
    phone.say("你好")
    expect(page.locator("[data-draft]")).to_have_count(0)
    items = [{"id": "101", "content": "满意"}, {"id": "102", "content": "不满意"}]
    menu = {"head_content": "您对本次服务是否满意？", "list": items, "tail_content": "欢迎再次光临"}
    call_api(
        phone.sandbox,
        "/cgi-bin/message/custom/send",
        {"touser": phone.openids[0], "msgtype": "msgmenu", "msgmenu": menu},
    )
    asked = phone.bubbles("account").last
    expect(asked).to_have_attribute("data-type", "msgmenu")
    expect(asked).to_contain_text("您对本次服务是否满意？")

    asked.get_by_role("button", name="满意", exact=True).click()
    expect(phone.bubbles("account").last).to_have_text("谢谢。不满意")
    phone.bubbles("account").last.get_by_role("button", name="不满意").click()

    expect(phone.bubbles("user")).to_have_text(["你好", "满意", "不满意"])
    expect(page.locator("[data-draft]")).to_have_count(0)
    until(lambda: [inbound.get("bizmsgmenuid") for inbound in seen], [None, "101", "102"].__eq__)


def test_cards_of_the_account(page: Page, phone: Phone, account: AccountServer) -> None:
    account.pages["/news"] = "<title>文章</title><h1>文章</h1>"
    phone.say("你好")
    expect(phone.bubbles("account").last).to_have_text("你说：你好")
    article = {"title": "标题", "description": "摘要", "url": f"{account.url}/news", "picurl": ""}
    message = {"touser": phone.openids[0], "msgtype": "news", "news": {"articles": [article]}}
    call_api(phone.sandbox, "/cgi-bin/message/custom/send", message)

    card = phone.bubbles("account").last
    expect(card).to_contain_text("摘要")
    card.get_by_role("button").click()

    expect(phone.web.get_by_role("heading", name="文章")).to_be_visible()


def test_the_account_is_typing(page: Page, phone: Phone) -> None:
    # The title changes back after 15 seconds, so the page records every title that it has shown.
    page.evaluate("""() => {
      const title = document.querySelector(".conversation h1");
      window.titles = [];
      new MutationObserver(() => titles.push(title.textContent)).observe(title, { childList: true });
    }""")
    phone.sandbox.send(phone.openids[0], content="在吗")

    typing = {"touser": phone.openids[0], "command": "Typing"}
    call_api(phone.sandbox, "/cgi-bin/message/custom/typing", typing)
    until(lambda: page.evaluate("titles.includes('对方正在输入…')"))
    call_api(phone.sandbox, "/cgi-bin/message/custom/typing", {**typing, "command": "CancelTyping"})
    expect(page.get_by_role("heading", name="对方正在输入…")).to_have_count(0)


def fill_and_scroll_up(page: Page, phone: Phone) -> None:
    for number in range(20):
        phone.sandbox.send(phone.openids[0], content=f"第 {number} 条")
    expect(phone.bubbles("account").last).to_have_text("你说：第 19 条")
    # If a picture loads before the chat has noticed the scroll, the chat scrolls back to its end.
    chat = page.get_by_test_id("chat")

    def is_up() -> bool:
        chat.evaluate("chat => (chat.scrollTop = 0)")
        page.evaluate(DRAWN)
        return chat.evaluate("chat => chat.scrollTop") == 0

    until(is_up)
    expect(phone.bubbles("account").last).not_to_be_in_viewport()


def test_the_answer_to_a_tap_comes_into_sight(page: Page, phone: Phone) -> None:
    install_menu(phone.sandbox, {"type": "click", "name": "今日", "key": "TODAY"})
    fill_and_scroll_up(page, phone)

    phone.tap("今日")

    expect(phone.bubbles("account").last).to_have_text("你点了：TODAY")
    expect(phone.bubbles("account").last).to_be_in_viewport()
    expect(page.get_by_test_id("below")).to_be_hidden()


def test_messages_that_come_below_what_is_in_sight_are_counted(page: Page, phone: Phone) -> None:
    fill_and_scroll_up(page, phone)
    pill = page.get_by_test_id("below")
    expect(pill).to_be_hidden()
    for content in ("甲", "乙"):
        message = {"touser": phone.openids[0], "msgtype": "text", "text": {"content": content}}
        call_api(phone.sandbox, "/cgi-bin/message/custom/send", message)

    expect(pill).to_have_text("2 条新消息")
    expect(phone.bubbles("account").last).not_to_be_in_viewport()
    pill.click()
    expect(phone.bubbles("account").last).to_have_text("乙")
    expect(phone.bubbles("account").last).to_be_in_viewport()
    expect(pill).to_be_hidden()


def test_a_text_message_names_its_sender_and_goes_when_it_is_told_to(page: Page, phone: Phone) -> None:
    number, banner = "13800138000", page.get_by_test_id("sms")
    phone.sandbox.call("PUT", f"users/{phone.openids[0]}/phone", {"phone": number})
    for leave in ("click", "swipe"):
        phone.sandbox.call("POST", "sms", {"phone": number, "text": "【沙盒】验证码 482913。"})
        expect(banner.locator(".line")).to_have_text("短信沙盒")
        if leave == "click":
            page.locator(".banner").get_by_role("button", name="关闭").click()
        else:
            banner.hover()
            box = banner.bounding_box()
            assert box is not None
            page.mouse.down()
            page.mouse.move(box["x"] + 50, box["y"] - 10, steps=4)
            page.mouse.up()
        expect(banner).to_have_count(0)


def test_a_code_in_a_text_message_is_copied(page: Page, phone: Phone) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    number = "13800138000"
    phone.sandbox.call("PUT", f"users/{phone.openids[0]}/phone", {"phone": number})

    phone.sandbox.call("POST", "sms", {"phone": number, "text": "【沙盒】验证码 482913，5 分钟内有效。"})
    banner = page.get_by_test_id("sms")
    expect(banner).to_contain_text("482913")
    banner.click()

    expect(page.get_by_text("验证码 482913 已复制")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "482913"


def test_a_text_message_that_was_missed_is_found_again(page: Page, phone: Phone) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    number, away = "13800138000", phone.openids[1]
    for openid, its_number in zip(phone.openids, (number, "13900139000"), strict=False):
        phone.sandbox.call("PUT", f"users/{openid}/phone", {"phone": its_number})
    phone.sandbox.call("POST", "sms", {"phone": "13900139000", "text": "【沙盒】验证码 111222。"})
    phone.sandbox.call("POST", "sms", {"phone": number, "text": "【沙盒】验证码 482913。"})
    phone.sandbox.call("POST", "sms", {"phone": number, "text": "【沙盒】你好"})
    expect(page.get_by_test_id("sms")).to_contain_text("你好")
    news = page.get_by_test_id("user").filter(has=page.get_by_label("有新消息"))
    expect(news).to_have_count(2)

    page.get_by_test_id("sms").click()
    page.get_by_test_id("back").click()
    page.get_by_test_id("talk").filter(has_text="短信").click()
    bubbles = page.get_by_test_id("friend").locator(".bubble")
    expect(bubbles).to_have_count(2)
    bubbles.first.click()
    expect(page.get_by_text("验证码 482913 已复制")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "482913"
    expect(news).to_have_count(1)

    phone.hold(away)
    page.get_by_test_id("back").click()
    expect(page.get_by_test_id("talk").filter(has_text="短信")).to_contain_text("111222")


def test_a_reset_is_followed(page: Page, phone: Phone) -> None:
    phone.say("你好")
    expect(phone.bubbles("account").last).to_have_text("你说：你好")

    phone.sandbox.reset()

    expect(page.get_by_test_id("follow")).to_be_visible()
    expect(page.get_by_test_id("bubble")).to_have_count(0)


def test_a_restarted_sandbox_is_found_again(page: Page, account: AccountServer, tolerated: list[str]) -> None:
    tolerated.append("net::ERR_")
    lost = page.get_by_text("连不上沙盒")
    port = str(free_port())
    with start_sandbox("--port", port) as first:
        phone = Phone(page, first)
        first.subscribe(phone.openids[0])
        phone.open()
        expect(lost).to_be_hidden()
        for number in range(3):
            phone.say(f"旧 {number}")
        expect(phone.bubbles("user")).to_have_count(3)
    expect(lost).to_be_visible()

    with start_sandbox("--port", port) as second:
        second.add_user("小新")
        second.subscribe(phone.openids[0])

        expect(lost).to_be_hidden()
        expect(page.get_by_test_id("user")).to_have_count(3)
        phone.say("新")
        expect(phone.bubbles("user")).to_have_text(["新"])


def test_the_list_of_chats_says_a_link_by_its_words(page: Page, phone: Phone, account: AccountServer) -> None:
    account.handler = lambda inbound: text(inbound, '看<a href="http://127.0.0.1/x">这里</a>吧')
    phone.say("hi")
    expect(phone.bubbles("account").last).to_have_text("看这里吧")
    page.get_by_test_id("back").click()
    expect(page.get_by_test_id("talk-account")).to_contain_text("看这里吧")
    page.get_by_test_id("talk-account").click()
