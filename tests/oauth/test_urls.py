"""Pages whose URL is not plain: Chinese in path and query, and parameters that are called as WeChat's are."""

from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import requests
from playwright.sync_api import Browser

from bot.site.forms import local_path
from bot.site.page import Page
from bot.wechat.endpoints import Endpoints
from tests.conftest import Served
from tests.launch import Sandbox
from tests.oauth.visitor import Phone, query
from tests.visiting import MakePhone, Serve

pytestmark = pytest.mark.slow


class Orders(Page):
    def GET(self) -> str:
        visitor = self.visitor()
        return f"openid={visitor.openid} url={self.url} signed={(self.jssdk('scanQRCode') or {})['signed']}"


class Coupon(Page):
    own_query = ("code", "state")

    def GET(self) -> str:
        return f"openid={self.visitor().openid} url={self.url}"


PAGES = [("/订单", Orders), ("/a b", Orders), ("/coupon", Coupon), ("/orders", Orders)]


@pytest.fixture
def site(serve: Serve) -> Served:
    return serve(pages=PAGES)


@pytest.fixture
def phone(people: MakePhone) -> Phone:
    return people()


@pytest.mark.parametrize("path", ["/订单", "/订单?月份=十一月&x=1", "/a b"])
def test_a_chinese_page_is_its_own_redirect_target(site: Served, phone: Phone, path: str) -> None:
    url = site.url + quote(path, safe="/?=&")
    link = phone.to_authorize(url)
    assert query(link.partition("#")[0])["redirect_uri"] == url
    page = phone.visit(phone.agree(link))
    assert page.text == f"openid={phone.openid} url={url} signed={url}"
    assert page.url == url


def test_a_menu_link_to_a_chinese_page_recognises_the_visitor(site: Served, phone: Phone) -> None:
    states, endpoints = site.parts.states, Endpoints.of(site.config)
    assert states.for_menu("/订单") == states.for_menu(quote("/订单"))
    url = site.url + quote("/订单")
    link = endpoints.authorize(site.config.app_id, url, "snsapi_base", states.for_menu("/订单"))
    assert phone.visit(phone.agree(link)).url == url


def test_a_login_leads_to_a_chinese_page(
    site: Served, serve: Serve, pc: Callable[..., requests.Session]
) -> None:
    answer = pc().get(site.url + quote("/订单"), allow_redirects=False, timeout=60)
    to = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))["to"]
    assert to == quote("/订单")
    assert local_path(to) == local_path("/订单") == quote("/订单")


class Plain(Page):
    def GET(self) -> str:
        return self.url


@pytest.mark.browser
@pytest.mark.parametrize(
    "path", ["/订单", "/订单?月份=十一月&q=a b", "/a b", "/it's(1)~x;y=@:!$&*+,", "/%E8%AE%A2%E5%8D%95"]
)
def test_the_url_that_is_signed_is_the_one_that_the_browser_has(
    serve: Serve, browser: Browser, path: str
) -> None:
    site = serve(pages=[("/.*", Plain)])
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.url + path)
    assert page.inner_text("body") == page.evaluate("location.href")
    context.close()


# -- a page's own ?code= and ?state=


@pytest.mark.parametrize("own", ["?code=SAVE10", "?state=open", "?code=SAVE10&state=open&x=1"])
def test_a_page_that_says_so_has_its_own_code_and_state(site: Served, phone: Phone, own: str) -> None:
    link = phone.to_authorize(site.url + "/coupon" + own)
    back = query(link.partition("#")[0])["redirect_uri"]
    assert "SAVE10" not in back, "WeChat adds its own to this URL"
    assert "open" not in back
    page = phone.visit(phone.agree(link))
    assert page.text == f"openid={phone.openid} url={site.url}/coupon{own}"
    assert phone.open(site.url + "/coupon" + own).status_code == 200, "and again, now known"


def test_it_does_so_without_cookies(site: Served, people: MakePhone) -> None:
    phone = people(keeps_cookies=False)
    answer = phone.visit(site.url + "/coupon?code=SAVE10")
    assert answer.text.startswith(f"openid={phone.openid} url={site.url}/coupon?code=SAVE10&visit=")


def test_its_login_is_as_safe_as_any(site: Served, people: MakePhone) -> None:
    attacker, victim = people("attacker"), people("victim")
    victim.to_authorize(site.url + "/coupon?code=SAVE10")
    lure = attacker.back(site.url + "/coupon?code=SAVE10")
    assert victim.open(lure).status_code == 403


@pytest.mark.parametrize("own", ["code=SAVE10", "state=open", "code=SAVE10&state=open"])
def test_any_other_page_takes_them_for_wechats_and_says_so(
    site: Served, phone: Phone, weixin: Sandbox, own: str
) -> None:
    phone.visit(site.url + "/orders")
    before = len(weixin.calls())
    page = phone.open(f"{site.url}/orders?x=1&{own}")
    assert page.status_code in (400, 403)
    assert "你没有同意授权" not in page.text, "nobody has refused anything"
    assert '<a class="button" href="/orders?x=1">' in page.text
    assert len(weixin.calls()) == before
