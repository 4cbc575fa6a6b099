"""/jssdk for single-page apps, and the template block for pages of the server, with its signature doctor."""

import html
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
import requests
from playwright.sync_api import Browser, FrameLocator, expect
from playwright.sync_api import Page as Tab

from bot.errors import WeChatUnreachable
from bot.settings.readers import host as read_host
from bot.settings.readers import list_of
from bot.settings.readers import site as read_site
from bot.site.page import Page, Share
from bot.wechat.jssdk import JsSdk
from tests.conftest import Clock, Served
from tests.launch import Sandbox
from tests.visiting import PC, Serve


class Shared(Page):
    def GET(self) -> str:
        share = Share("标题 </script>", "说明", image="https://bot.example.com/x.png")
        return self.render(
            "home", visitor=_NOBODY, jssdk=self.jssdk("getNetworkType", share=share), url=self.url
        )


class _NOBODY:
    nickname = avatar = scope = via = ""
    is_snapshot = False


PAGES = [("/shared", Shared)]
read_hosts = list_of(read_host, "hosts")


def ask(site: Served, url: str, **headers: str) -> requests.Response:
    return requests.get(f"{site.url}/jssdk?url={quote(url, safe='')}", headers=headers, timeout=60)


def signs(weixin: Sandbox, answer: requests.Response, page: str) -> bool:
    said: bool = weixin.call("POST", "jssdk/config", {**answer.json(), "url": page})["ok"]
    return said


# -- /jssdk


@pytest.mark.parametrize(
    ("given", "page"),
    [
        ("/app", "/app"),
        ("/app?a=1&b=%E4%B8%AD#/route?x", "/app?a=1&b=%E4%B8%AD"),
        ("/app?a=1&amp;b=2", "/app?a=1&b=2"),
        ("/app?a=1&copy=2&lt=3", "/app?a=1&copy=2&lt=3"),
        ("/app?from=singlemessage&isappinstalled=0", "/app?from=singlemessage&isappinstalled=0"),
    ],
)
def test_a_page_of_ours_is_signed_as_the_browser_has_it(
    serve: Serve, weixin: Sandbox, given: str, page: str
) -> None:
    site = serve()
    answer = ask(site, site.url + given)
    assert answer.status_code == 200
    assert answer.json()["url"] == site.url + page
    assert signs(weixin, answer, site.url + page)


@pytest.mark.parametrize(
    ("url", "status", "reason"),
    [
        ("", 400, "missing"),
        ("#x", 400, "missing"),
        ("/app", 400, "not-a-url"),
        ("javascript:alert(1)", 400, "not-a-url"),
        ("http://[", 400, "not-a-url"),
        ("https://evil.example/", 403, "foreign-host"),
        ("https://bot.example.com.evil.example/", 403, "foreign-host"),
        ("https://bot.example.com@evil.example/", 403, "foreign-host"),
        ("https://bot.example.com:8443/", 403, "foreign-host"),
    ],
)
def test_any_other_is_refused_with_its_reason_in_words(
    serve: Serve, url: str, status: int, reason: str
) -> None:
    answer = ask(serve(public_url="https://bot.example.com"), url)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert len(answer.json()["error"].split()) > 4


def test_other_hosts_of_ours_are_signed_and_may_read_the_answer(serve: Serve, weixin: Sandbox) -> None:
    site = serve(jssdk_hosts="m.example.com, app.example.com:8080")
    for host in ("m.example.com", "m.example.com:443", "app.example.com:8080"):
        answer = ask(site, f"https://{host}/x", Origin=f"https://{host}")
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == f"https://{host}"
    stranger = ask(site, "https://m.example.com/x", Origin="https://evil.example")
    assert "Access-Control-Allow-Origin" not in stranger.headers
    assert stranger.headers["Vary"] == "Origin"
    refused = ask(site, "https://evil.example/")
    assert "m.example.com" in refused.json()["error"]


def test_a_host_with_chinese_letters_is_ours_however_it_is_written(serve: Serve) -> None:
    """The account's settings are read as the environment has them. A browser writes xn--… everywhere."""
    site = serve(public_url=read_site("https://中文.cn"), jssdk_hosts=read_hosts("例子.cn:8443"))
    for given, page in {
        "https://xn--fiq228c.cn/app": "https://xn--fiq228c.cn/app",
        "https://中文.cn/app?a=1#x": "https://xn--fiq228c.cn/app?a=1",
        "https://例子.cn:8443/": "https://xn--fsqu00a.cn:8443/",
    }.items():
        answer = ask(site, given, Origin="https://xn--fiq228c.cn")
        assert answer.json()["url"] == page
        assert answer.headers["Access-Control-Allow-Origin"] == "https://xn--fiq228c.cn"
    assert ask(site, "https://外国.cn/").json()["reason"] == "foreign-host"
    login = requests.get(site.url + "/account", headers={"User-Agent": PC}, allow_redirects=False, timeout=60)
    assert login.headers["Location"] == "https://xn--fiq228c.cn/login?to=%2Faccount"


# -- the template block


def block(page: str, name: str) -> Any:
    found = re.search(rf'id="{name}">(.*?)</script>', page)
    assert found
    return json.loads(found.group(1))


def test_a_page_carries_its_share_card_and_no_text_ends_its_scripts(serve: Serve) -> None:
    page = requests.get(serve(pages=PAGES).url + "/shared", timeout=60)
    given = block(page.text, "jssdk-page")
    assert given["share"] == {
        "title": "标题 </script>",
        "desc": "说明",
        "link": page.url,
        "image": "https://bot.example.com/x.png",
    }
    apis = block(page.text, "jssdk-config")["jsApiList"]
    assert apis == ["getNetworkType", "updateAppMessageShareData", "updateTimelineShareData"]
    assert "jssdk-doctor" not in page.text


def in_web_view(tab: Tab, weixin: Sandbox, url: str) -> FrameLocator:
    """The page in a frame of WeChat's, as the sandbox's phone has it."""
    tab.goto(weixin.url + "/_sandbox/state")
    tab.set_content(f'<iframe name="web" src="{html.escape(url)}" width="390" height="800"></iframe>')
    return tab.frame_locator("iframe")


@pytest.mark.browser
def test_the_share_card_reaches_wechat(serve: Serve, browser: Browser, weixin: Sandbox) -> None:
    site = serve(pages=PAGES, jssdk_src=weixin.url + "/open/js/jweixin-1.6.0.js")
    context = browser.new_context(locale="en-US")
    page = in_web_view(context.new_page(), weixin, site.url + "/shared?a=1")
    expect(page.locator("#jssdk-status")).to_have_text("The JS-SDK is ready")
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("signed", "differs"),
    [
        (lambda url: url, "none"),
        (lambda url: url.replace("http:", "https:"), "protocol"),
        (lambda url: url.replace("127.0.0.1", "bot.example.com"), "host"),
        (lambda url: url.replace("/shared", "/other"), "path"),
        (lambda url: url.replace("&from=singlemessage", ""), "query"),
        (lambda url: url.replace("&", "&amp;"), "entity"),
        (lambda url: url.replace("%E4%B8%AD", "中"), "encoding"),
        (lambda url: url + "#x", "hash"),
        (lambda url: url.replace("http:", "https:").replace("?a=1", "?a=2"), "protocol query"),
    ],
)
def test_the_doctor_says_what_differs(
    serve: Serve, browser: Browser, weixin: Sandbox, signed: Any, differs: str
) -> None:
    class Mistaken(Shared):
        @property
        def url(self) -> str:
            return str(signed(super().url))

    source = weixin.url + "/open/js/jweixin-1.6.0.js"
    site = serve(pages=[("/shared", Mistaken)], jssdk_src=source, jssdk_debug=True)
    context = browser.new_context(locale="zh-CN", user_agent=PC)
    url = f"{site.url}/shared?a=1&b=%E4%B8%AD&from=singlemessage#part"
    page = in_web_view(context.new_page(), weixin, url)
    verdict = page.locator("#doctor-verdict")
    expect(verdict).to_have_attribute("data-differs", differs)
    expect(page.locator("#doctor-page")).to_contain_text("/shared?a=1&b=%E4%B8%AD&from=singlemessage")
    answer = "config:ok" if differs in ("none", "hash") else "config:invalid signature"
    expect(page.locator("#doctor-answer")).to_contain_text(answer)
    assert (page.locator("mark").count() > 0) == (differs != "none")
    if differs == "none":
        expect(verdict).to_have_text("一切正常。")
    context.close()


@pytest.mark.browser
def test_where_the_urls_are_the_same_and_wechat_refuses_the_doctor_says_where_to_look(
    serve: Serve, browser: Browser, weixin: Sandbox
) -> None:
    source = weixin.url + "/open/js/jweixin-1.6.0.js"
    site = serve(pages=PAGES, jssdk_src=source, jssdk_debug=True)
    weixin.settings(prove_domains="never", js_domains=["bot.example.com"])
    context = browser.new_context(locale="zh-CN", user_agent=PC)
    page = in_web_view(context.new_page(), weixin, site.url + "/shared")
    expect(page.locator("#doctor-answer")).to_contain_text("config:invalid")
    expect(page.locator("#doctor-verdict")).to_have_text(
        "地址一致。 请检查 JS 接口安全域名、AppID 和 jsapi_ticket。"
    )
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("locale", "agent", "told", "words"),
    [
        ("zh-CN", PC, "only inside WeChat", "这些功能在微信里打开才有"),
        ("en-US", PC, "only inside WeChat", "These features need WeChat: open the page there"),
        ("zh-CN", PC + " MicroMessenger/8.0", "no answer from WeChat", "微信没有回应，重新打开试试"),
    ],
)
def test_a_page_outside_wechat_says_so_and_the_doctor_compares_all_the_same(
    serve: Serve, browser: Browser, weixin: Sandbox, locale: str, agent: str, told: str, words: str
) -> None:
    """WeChat's script calls nobody back there, and the sandbox's is as silent."""
    source = weixin.url + "/open/js/jweixin-1.6.0.js"
    site = serve(pages=PAGES, jssdk_src=source, jssdk_debug=True)
    context = browser.new_context(locale=locale, user_agent=agent)
    page = context.new_page()
    page.clock.install()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.url + "/shared")
    expect(page.locator("#doctor-page")).to_have_text(site.url + "/shared")
    expect(page.locator("#doctor-verdict")).to_have_attribute("data-differs", "none")
    page.clock.run_for(5000)
    expect(page.locator("#doctor-answer")).to_have_text(told)
    expect(page.locator("#jssdk-status")).to_have_text(words)
    heard = page.evaluate(
        """() => new Promise((done) => {
          const heard = [];
          wx.error(() => heard.push("error")); wx.ready(() => heard.push("ready"));
          wx.config(JSON.parse(document.getElementById("jssdk-config").textContent));
          fetch("/healthz").then(() => done(heard));
        })"""
    )
    assert heard == []
    assert not [url for url in asked if "/_sandbox/" in url], "nobody was asked, so nobody will answer"
    context.close()


def test_pages_that_wait_for_a_ticket_leave_threads_for_others() -> None:
    """WeChat is silent: two wait, the third hears so soon; and when there is a ticket, all have it."""
    came, silent = threading.Semaphore(0), threading.Event()

    class Tickets:
        def get(self) -> str:
            came.release()
            assert silent.wait(60)
            return "ticket"

    jssdk = JsSdk("wx", Tickets(), Clock(), at_once=2)  # type: ignore[arg-type]
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(jssdk.config, "https://a.example/", []) for _ in range(2)]
        for _ in waiting:
            assert came.acquire(timeout=60)
        with pytest.raises(WeChatUnreachable):
            jssdk.config("https://a.example/", [])
        silent.set()
        assert all(one.result(60)["signature"] for one in waiting)
    assert jssdk.config("https://a.example/", [])["signature"]
