"""The sandbox's JS-SDK in a page of the account: results in WeChat's shapes, effects on the phone."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.account_server import AccountServer
from tests.browser.conftest import Phone, jssdk_config, jssdk_page, open_page
from tests.launch import Json

pytestmark = pytest.mark.browser


def open_jssdk(phone: Phone, account: AccountServer, names: list[str], script: str = "") -> None:
    url = f"{account.url}/jssdk?from=menu"
    account.pages["/jssdk"] = jssdk_page(
        phone.sandbox, "我的主页", jssdk_config(phone.sandbox, url, *names), script
    )
    open_page(phone, f"{url}#part")
    expect(phone.web.locator("#told")).to_contain_text("ready")


def call(phone: Phone, name: str, options: Json | None = None) -> None:
    """Calls a wx API in the page; what it answers is told at the end of #told."""
    script = f"wx.{name}({{...{json.dumps(options or {})}, ...answers}})"
    phone.web.locator("body").evaluate(f"() => {{ {script} }}")


def told(phone: Phone, words: str) -> None:
    expect(phone.web.locator("#told")).to_contain_text(words)


def turn_back(page: Page) -> None:
    """Close a question of the phone with Escape, once it is there: before, that would close the web view."""
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")


def test_a_page_configures_the_jssdk(page: Page, phone: Phone, account: AccountServer) -> None:
    script = """
      wx.checkJsApi({ jsApiList: ["getNetworkType", "chooseWXPay"], success: told });
      for (const name of ["getNetworkType", "chooseWXPay", "hideOptionMenu"]) wx[name](answers);
    """
    open_jssdk(phone, account, ["getNetworkType", "chooseWXPay", "closeWindow"], script)

    expect(page.get_by_test_id("webview-title")).to_have_text("我的主页")
    expect(phone.web.locator("#told")).to_have_text(
        "ready; "
        '{"checkResult":{"getNetworkType":true,"chooseWXPay":false},"errMsg":"checkJsApi:ok"}; '
        '{"errMsg":"chooseWXPay:function not exist"}; '
        '{"errMsg":"hideOptionMenu:permission denied"}; '
        '{"networkType":"wifi","errMsg":"getNetworkType:ok"}; '  # the phone is asked, and answers last
    )
    page.get_by_role("button", name="刷新").click()
    told(phone, "chooseWXPay")
    call(phone, "closeWindow")
    expect(phone.webview).to_be_hidden()


def test_what_the_account_has_no_right_to_is_denied(page: Page, phone: Phone, account: AccountServer) -> None:
    """Cards and payment belong to verified service accounts; those are told that this phone has none."""
    script = """
      wx.checkJsApi({ jsApiList: ["getNetworkType", "updateTimelineShareData"], success: told });
      for (const name of ["addCard", "chooseWXPay"]) wx[name](answers);
      wx.updateTimelineShareData({ title: "x", link: location.href, ...answers });
      wx.getNetworkType(answers);
    """
    phone.sandbox.settings(kind="service")
    open_jssdk(
        phone, account, ["addCard", "chooseWXPay", "updateTimelineShareData", "getNetworkType"], script
    )

    expect(phone.web.locator("#told")).to_have_text(
        "ready; "
        '{"checkResult":{"getNetworkType":true,"updateTimelineShareData":false},"errMsg":"checkJsApi:ok"}; '
        '{"errMsg":"addCard:permission denied"}; '
        '{"errMsg":"chooseWXPay:permission denied"}; '
        '{"errMsg":"updateTimelineShareData:permission denied"}; '
        '{"networkType":"wifi","errMsg":"getNetworkType:ok"}; '
    )


def test_a_signature_for_another_address_is_refused(page: Page, phone: Phone, account: AccountServer) -> None:
    """wx.error first; wx.ready runs as well, as it does in WeChat, but no API may be called."""
    config = jssdk_config(phone.sandbox, f"{account.url}/other", "getNetworkType")
    account.pages["/jssdk"] = jssdk_page(phone.sandbox, "签错了", config, "wx.getNetworkType(answers)")

    open_page(phone, f"{account.url}/jssdk")

    told(phone, "config:invalid signature; ready; ")
    told(phone, "getNetworkType:the permission value is offline verifying")


def test_pictures_are_chosen_looked_at_and_uploaded(page: Page, phone: Phone, account: AccountServer) -> None:
    script = """
      window.pick = () => wx.chooseImage({ count: 2, ...answers, success: (res) => {
        told({ count: res.localIds.length, sourceType: res.sourceType, errMsg: res.errMsg });
        const id = res.localIds[0];
        document.body.append(Object.assign(new Image(), { src: id, id: "chosen" }));
        wx.getLocalImgData({ localId: id, success: (res) => tell(res.localData.slice(0, 22)) });
        wx.uploadImage({ localId: id, ...answers, success: (res) => {
          tell(res.errMsg);
          wx.downloadImage({ serverId: res.serverId, ...answers, success: (res) => tell(res.errMsg) });
        } });
        window.look = () => wx.previewImage({ current: id, urls: [id], ...answers });
      } });
    """
    names = ["chooseImage", "previewImage", "uploadImage", "downloadImage", "getLocalImgData"]
    open_jssdk(phone, account, names, script)

    phone.web.locator("body").evaluate("pick()")
    page.get_by_role("button", name="用示例文件").click()

    told(phone, '{"count":1,"sourceType":"album","errMsg":"chooseImage:ok"}')
    told(phone, "data:image/png;base64,")
    told(phone, "uploadImage:ok")
    told(phone, "downloadImage:ok")
    expect(phone.web.locator("#chosen")).to_have_js_property("naturalWidth", 480)
    phone.web.locator("body").evaluate("look()")
    expect(page.get_by_test_id("viewer").locator("img")).to_have_js_property("naturalWidth", 480)
    page.keyboard.press("Escape")
    call(phone, "uploadImage", {"localId": "weixin://nothing"})
    told(phone, "uploadImage:localId not found")
    phone.web.locator("body").evaluate("pick()")
    page.get_by_role("button", name="取消", exact=True).click()
    told(phone, '{"errMsg":"chooseImage:cancel"}')


def test_a_file_is_chosen(page: Page, phone: Phone, account: AccountServer) -> None:
    open_jssdk(phone, account, ["chooseImage"])
    call(phone, "chooseImage", {"sourceType": ["album"]})
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="从手机相册选择").click()

    chooser.value.set_files({"name": "a.png", "mimeType": "image/png", "buffer": b"\x89PNG"})

    told(phone, '"sourceType":"album"')
    told(phone, '"localIds":["blob:')


def test_places(page: Page, phone: Phone, account: AccountServer) -> None:
    open_jssdk(phone, account, ["getLocation", "openLocation"])

    call(phone, "getLocation", {"type": "gcj02"})
    page.get_by_role("button", name="允许").click()
    told(
        phone,
        '{"latitude":39.908823,"longitude":116.39747,"speed":0,"accuracy":30,"errMsg":"getLocation:ok"}',
    )
    call(phone, "getLocation")
    turn_back(page)
    told(phone, '{"errMsg":"getLocation:cancel"}')

    call(
        phone,
        "openLocation",
        {"latitude": 31.24, "longitude": 121.49, "name": "外滩", "address": "中山东一路"},
    )
    expect(page.get_by_test_id("map")).to_contain_text("中山东一路")
    told(phone, "openLocation:ok")
    page.keyboard.press("Escape")
    call(phone, "openLocation", {"latitude": "north"})
    told(phone, "openLocation:invalid coordinate")


def test_codes_are_scanned(page: Page, phone: Phone, account: AccountServer) -> None:
    account.pages["/scanned"] = "<!doctype html><title>扫到的</title><h1>扫到的</h1>"
    open_jssdk(phone, account, ["scanQRCode"])

    call(phone, "scanQRCode", {"needResult": 1})
    page.get_by_label("码的内容").fill("6901234567892")
    page.get_by_label("条形码").check()
    page.get_by_role("button", name="扫码", exact=True).click()
    told(phone, '{"resultStr":"CODE_128,6901234567892","errMsg":"scanQRCode:ok"}')
    call(phone, "scanQRCode", {"needResult": 1})
    turn_back(page)
    told(phone, '{"errMsg":"scanQRCode:cancel"}')

    call(phone, "scanQRCode", {"needResult": 0})
    page.get_by_label("码的内容").fill(f"{account.url}/scanned")
    page.get_by_role("button", name="扫码", exact=True).click()
    expect(phone.web.get_by_role("heading", name="扫到的")).to_be_visible()


def test_a_voice_is_recorded_played_and_uploaded(page: Page, phone: Phone, account: AccountServer) -> None:
    script = """
      window.stop = () => wx.stopRecord({ ...answers, success: (res) => {
        tell(res.errMsg);
        window.id = res.localId;
        wx.uploadVoice({ localId: id, ...answers, success: (res) => tell(res.errMsg) });
        wx.playVoice({ localId: id, ...answers, success: (res) => {
          tell(res.errMsg);
          wx.stopVoice({ localId: id, ...answers });
        } });
      } });
    """
    names = [
        "startRecord",
        "stopRecord",
        "playVoice",
        "pauseVoice",
        "stopVoice",
        "uploadVoice",
        "onVoicePlayEnd",
    ]
    open_jssdk(phone, account, names, script)

    call(phone, "stopRecord")
    told(phone, "stopRecord:not recording")
    call(phone, "startRecord")
    told(phone, "startRecord:ok")
    expect(page.locator(".screen.recording")).to_be_visible()
    phone.web.locator("body").evaluate("stop()")

    told(phone, "stopRecord:ok")
    told(phone, "uploadVoice:ok")
    told(phone, "playVoice:ok")
    told(phone, "stopVoice:ok")
    expect(page.locator(".screen.recording")).to_have_count(0)


def test_hostile_share_data_stays_text(page: Page, phone: Phone, account: AccountServer) -> None:
    open_jssdk(phone, account, ["updateTimelineShareData"])
    hostile = "<img src=x onerror=alert(1)>"
    call(
        phone,
        "updateTimelineShareData",
        {"title": hostile, "link": "javascript:alert(1)", "imgUrl": "data:,x"},
    )
    told(phone, "updateTimelineShareData:ok")

    phone.page_menu("share:timeline")

    expect(page.get_by_test_id("share-preview")).to_contain_text(hostile)
    expect(page.locator("[onerror], [src='x']")).to_have_count(0)
