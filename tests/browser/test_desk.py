"""The developer's desk: the log and its filters, doing it again, settings, faults, clock, recordings."""

import json
import threading

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from tests.browser.account_server import AccountServer, Answer, Inbound, text
from tests.browser.conftest import Phone, access_token, install_menu, picture

pytestmark = pytest.mark.browser


def test_everything_that_passes_is_listed_and_found(page: Page, phone: Phone) -> None:
    phone.say("你好")
    install_menu(phone.sandbox, {"type": "click", "name": "今日", "key": "TODAY"})
    phone.sandbox.send(phone.openids[0], content="<b>再见</b>")
    deliveries, calls = page.get_by_test_id("delivery"), page.get_by_test_id("call")
    expect(deliveries).to_have_count(3)
    expect(calls).to_have_count(2)

    page.get_by_role("radio", name="接口").click()
    expect(deliveries).to_have_count(0)
    expect(calls).to_have_count(2)
    page.get_by_role("radio", name="全部").click()
    page.get_by_test_id("log-search").fill("再见")
    expect(deliveries).to_have_count(1)
    page.get_by_test_id("log-search").fill("")
    page.get_by_test_id("log-kind").select_option("subscribe")
    expect(deliveries).to_have_count(1)
    page.get_by_test_id("log-kind").select_option("")
    page.get_by_test_id("log-user").select_option(label="小红")
    expect(page.get_by_text("没有符合条件的记录。")).to_be_visible()


def test_a_call_that_is_not_simulated_says_so(page: Page, phone: Phone) -> None:
    requests.get(f"{phone.sandbox.url}/cgi-bin/nothing", timeout=60)

    entry = page.get_by_test_id("call")
    expect(entry).to_contain_text("未模拟")
    page.get_by_role("radio", name="出错").click()
    expect(entry).to_have_count(1)


def test_an_entry_in_full(page: Page, phone: Phone) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    phone.say("<你好>")
    expect(phone.bubbles("account").last).to_have_text("你说：<你好>")
    entry = page.get_by_test_id("delivery").filter(has_text="text")
    entry.click()
    detail = page.get_by_test_id("detail")
    expect(detail).to_contain_text("<Content><![CDATA[<你好>]]></Content>")
    expect(detail).to_contain_text("<![CDATA[你说：<你好>]]>")

    page.get_by_test_id("copy-curl").click()
    expect(page.get_by_test_id("said")).to_have_text("已复制")
    assert page.evaluate("navigator.clipboard.readText()").startswith("curl ")
    page.keyboard.press("Escape")
    expect(detail).to_be_hidden()
    expect(page.get_by_test_id("log")).to_be_focused()


def test_a_delivery_is_sent_again(page: Page, phone: Phone, account: AccountServer) -> None:
    seen: list[Inbound] = []

    def handler(inbound: Inbound) -> Answer:
        seen.append(inbound)
        return text(inbound, f"第 {len(seen)} 次")

    account.handler = handler
    phone.say("在吗")
    expect(phone.bubbles("account").last).to_have_text("第 1 次")
    page.get_by_test_id("delivery").filter(has_text="text").click()

    page.get_by_test_id("resend").click()

    expect(page.get_by_test_id("resend-result")).to_contain_text("第 2 次")
    expect(phone.bubbles("account").last).to_have_text("第 2 次")
    assert seen[0]["MsgId"] == seen[1]["MsgId"]


def test_a_delivery_is_edited_and_sent_again(page: Page, phone: Phone, tolerated: list[str]) -> None:
    tolerated.append("status of 400")
    phone.say("在吗")
    expect(phone.bubbles("account").last).to_have_text("你说：在吗")
    page.get_by_test_id("delivery").filter(has_text="text").click()
    page.get_by_test_id("edit-resend").click()
    xml = page.get_by_test_id("resend-xml")

    xml.fill(xml.input_value().replace("在吗", "改过了 & <好>"))
    page.get_by_test_id("resend-send").click()

    expect(page.get_by_test_id("resend-result")).to_contain_text("你说：改过了 & <好>")
    expect(phone.bubbles("account").last).to_have_text("你说：改过了 & <好>")
    xml.fill("<xml>")
    page.get_by_test_id("resend-send").click()
    expect(page.locator(".resend-form .fault")).to_contain_text("这不是 XML")


def test_what_is_edited_is_another_message_unless_it_shall_be_a_retry(
    page: Page, phone: Phone, account: AccountServer
) -> None:
    ids = list[str]()

    def note(inbound: Inbound) -> Answer:
        ids.append(inbound["MsgId"])
        return text(inbound, f"第 {len(ids)} 次")

    account.handler = note
    phone.say("在吗")
    expect(phone.bubbles("account").last).to_have_text("第 1 次")
    page.get_by_test_id("delivery").filter(has_text="text").click()
    page.get_by_test_id("edit-resend").click()
    page.get_by_test_id("resend-send").click()
    expect(phone.bubbles("account").last).to_have_text("第 2 次")
    page.get_by_test_id("resend-new").uncheck()
    page.get_by_test_id("resend-send").click()
    expect(phone.bubbles("account").last).to_have_text("第 3 次")
    assert ids[0] != ids[1]
    assert ids[0] == ids[2]


def test_what_is_wrong_with_a_reply_is_said_in_the_page_s_language(
    page: Page, phone: Phone, account: AccountServer
) -> None:
    account.handler = lambda inbound: (200, '{"a": 1}')
    phone.say("在吗")
    page.get_by_test_id("delivery").filter(has_text="在吗").first.click()
    expect(page.get_by_test_id("detail")).to_contain_text("回复是 JSON，公众号应回复 XML")


def test_a_push_stands_in_the_log_while_the_server_thinks(
    page: Page, phone: Phone, account: AccountServer
) -> None:
    answers = threading.Event()

    def think(inbound: Inbound) -> Answer:
        assert answers.wait(60)
        return text(inbound, "想好了")

    account.handler = think
    phone.say("在吗")
    waiting = page.get_by_test_id("waiting")
    expect(waiting).to_contain_text("在吗")
    expect(waiting).to_contain_text("等待回复")
    expect(page.get_by_test_id("delivery").filter(has_text="在吗")).to_have_count(0)
    page.reload()
    expect(waiting).to_contain_text("在吗")
    answers.set()
    expect(phone.bubbles("account").last).to_have_text("想好了")
    expect(waiting).to_have_count(0)
    expect(page.get_by_test_id("delivery").filter(has_text="在吗")).to_have_count(1)


def test_the_sandbox_is_reset_after_a_question(page: Page, phone: Phone) -> None:
    resets: list[str] = []

    def note(route: Route) -> None:
        resets.append(route.request.method)
        route.continue_()

    page.route("**/_sandbox/reset", note)
    phone.say("在吗")
    expect(phone.bubbles("account").last).to_have_text("你说：在吗")
    phone.desk("数据")
    page.get_by_test_id("reset").click()
    page.get_by_role("dialog").get_by_role("button", name="取消").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(phone.bubbles("user")).to_have_count(1)
    page.get_by_test_id("reset").click()
    page.get_by_role("dialog").get_by_role("button", name="重置沙盒").click()
    expect(phone.bubbles("user")).to_have_count(0)
    assert phone.sandbox.deliveries() == []
    assert resets == ["POST"]


def test_a_fault_that_is_used_up_says_so_and_goes_with_the_next_change(page: Page, phone: Phone) -> None:
    phone.sandbox.faults([{"path": "delivery", "drop": False, "delay": 0.01, "count": 1}])
    phone.say("在吗")
    expect(phone.bubbles("account").last).to_have_text("你说：在吗")
    phone.desk("故障")
    fault = page.get_by_test_id("fault")
    expect(fault).to_contain_text("已用完")
    page.get_by_role("button", name="推送两份").click()
    expect(fault).not_to_contain_text("已用完")
    expect(fault).to_have_count(1)


def test_a_fault_is_followed_to_its_end_and_from_elsewhere(page: Page, phone: Phone) -> None:
    phone.desk("故障")
    title, fault = page.locator(".desk-title"), page.get_by_test_id("fault")
    phone.sandbox.faults([{"path": "delivery", "delay": 0.01, "count": 2}])
    expect(title).to_contain_text("1 条故障")
    expect(fault).to_contain_text("次数 2")
    phone.sandbox.send(phone.openids[0], content="一")
    expect(fault).to_contain_text("次数 1")
    phone.sandbox.send(phone.openids[0], content="二")
    expect(fault).to_contain_text("已用完")
    expect(title).not_to_contain_text("故障")


def test_settings_are_changed(page: Page, phone: Phone, tolerated: list[str]) -> None:
    tolerated.append("status of 400")
    phone.desk("账号")
    page.locator("[data-setting=name]").fill("<b>新名字</b>")
    page.locator("[data-setting=name]").press("Tab")
    expect(page.locator(".conversation h1")).to_have_text("<b>新名字</b>")
    page.locator("[data-setting=mode]").select_option("safe")
    expect(page.locator(".desk-title")).to_contain_text("安全模式")
    assert phone.sandbox.state()["account"]["mode"] == "safe"

    page.locator("[data-setting=deadline]").fill("-1")
    page.locator("[data-setting=deadline]").press("Tab")
    expect(page.locator(".setting .fault").filter(has_text="不超过 60 秒")).to_be_visible()


def test_a_server_that_does_not_echo_is_not_saved(page: Page, phone: Phone, tolerated: list[str]) -> None:
    tolerated.append("status of 400")
    before = phone.sandbox.state()["account"]["callback"]
    field = page.get_by_test_id("callback")
    expect(field).to_have_value(before)
    field.fill("http://127.0.0.1:9/wechat")
    page.get_by_role("button", name="验证").click()

    expect(page.locator(".desk-head .fault")).to_contain_text("连不上：那里没有程序在监听")
    assert phone.sandbox.state()["account"]["callback"] == before


def test_the_account_s_data(page: Page, phone: Phone) -> None:
    leaf = {"type": "view", "name": "主页", "url": "https://example.com/"}
    install_menu(phone.sandbox, {"name": "更多", "sub_button": [leaf]})

    phone.desk("数据")

    data = page.locator(".tool-data")
    expect(data).to_contain_text("https://example.com/")
    expect(data).to_contain_text("/cgi-bin/menu/create")
    expect(data.locator("tbody code").filter(has_text=phone.openids[0])).to_be_visible()


def test_faults_are_switched(page: Page, phone: Phone, tolerated: list[str]) -> None:
    tolerated.append("status of 400")
    phone.desk("故障")
    page.get_by_role("button", name="丢失一次回复").click()
    rules = page.get_by_test_id("fault")
    expect(rules).to_have_count(1)
    page.get_by_label("接口路径或 delivery").fill("/cgi-bin/token")
    page.get_by_label("errcode", exact=True).fill("45011")
    page.get_by_label("次数", exact=True).fill("2")
    page.get_by_role("button", name="加上").click()
    expect(rules).to_have_count(2)
    expect(page.locator(".desk-title")).to_contain_text("2 条故障")
    assert [fault["path"] for fault in phone.sandbox.call("GET", "faults")["faults"]] == [
        "delivery",
        "/cgi-bin/token",
    ]

    page.get_by_label("概率 0–1").fill("0.5")
    page.get_by_label("errcode", exact=True).fill("")
    page.get_by_label("接口路径或 delivery").fill("nonsense")
    page.get_by_role("button", name="加上").click()
    expect(page.locator(".tool-faults .fault").filter(has_text="路径要写 delivery")).to_be_visible()

    page.get_by_role("button", name="去掉这条").first.click()
    expect(rules).to_have_count(1)
    with pytest.raises(KeyError):
        access_token(phone.sandbox)


def test_the_clock_is_turned(page: Page, phone: Phone) -> None:
    phone.desk("时钟")
    page.locator("[data-jump=h2]").click()
    expect(page.locator(".desk-title")).to_contain_text("快了 2 小时")
    page.get_by_label("数量").fill("3")
    page.get_by_label("单位").select_option("86400")
    page.get_by_role("button", name="拨快").click()
    expect(page.locator(".desk-title")).to_contain_text("快了 3.1 天")

    assert phone.sandbox.state()["clock"]["offset_seconds"] == pytest.approx(7200 + 3 * 86400, abs=1)


def test_a_conversation_is_kept_and_replayed(page: Page, phone: Phone, account: AccountServer) -> None:
    leaf = {"type": "click", "name": "今日", "key": "TODAY"}
    install_menu(phone.sandbox, {"name": "更多", "sub_button": [leaf]})
    phone.sandbox.tap(phone.openids[0], 0, 0)
    phone.sandbox.send(phone.openids[0], content="你好")
    expect(phone.bubbles("account").last).to_have_text("你说：你好")
    phone.desk("录制")
    page.get_by_test_id("record-take").click()
    expect(page.get_by_test_id("step").filter(has_text="点菜单")).to_contain_text("今日")
    with page.expect_download() as saved:
        page.get_by_test_id("record-save").click()
    recording = json.loads(saved.value.path().read_text(encoding="utf-8"))
    assert recording["version"] == 1
    assert phone.sandbox.state()["account"]["app_secret"] not in json.dumps(recording)

    page.get_by_test_id("record-replay").click()
    expect(page.get_by_text("回答全都一样")).to_be_visible()

    account.handler = lambda inbound: text(inbound, "改了")
    with page.expect_file_chooser() as chooser:
        page.get_by_test_id("record-load").click()
    kept = {
        "name": "conversation.json",
        "mimeType": "application/json",
        "buffer": saved.value.path().read_bytes(),
    }
    chooser.value.set_files(kept)
    expect(page.get_by_test_id("recording")).to_contain_text("conversation.json")
    page.get_by_test_id("record-replay").click()
    different = page.locator("[data-testid=step][data-same=false]").last
    expect(different.locator(".both")).to_contain_text("你说：你好")
    expect(different.locator(".both")).to_contain_text("改了")
    picture(page, "sandbox-replay", narrow=False)

    with page.expect_download() as exported:
        page.get_by_test_id("record-export").click()
    compile(exported.value.path().read_text(encoding="utf-8"), "test_conversation.py", "exec")
