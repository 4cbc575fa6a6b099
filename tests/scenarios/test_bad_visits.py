"""Everything that may go wrong on a visit, in a browser as a person has it: each ends on a page that says
what to do, and what it says to do works. What WeChat is asked meanwhile, and what is logged, is told by
tests/oauth."""

import re
from collections.abc import Callable, Iterator

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.conftest import Served
from tests.launch import Sandbox
from tests.oauth.visitor import query
from tests.short_timeout import shorten_timeout
from tests.visiting import PC, Later, Serve

pytestmark = pytest.mark.browser

WECHAT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile MicroMessenger/8.0.44"
)
EXCHANGE = "/sns/oauth2/access_token"
USED, FOREIGN, DOWN = "这个链接已经用过或过期了", "这个链接不是给你的", "微信暂时没有回应"


class Visit:
    """小明, a follower, with a browser in WeChat on the bot's pages."""

    def __init__(
        self, site: Served, weixin: Sandbox, context: BrowserContext, later: Later, patch: pytest.MonkeyPatch
    ) -> None:
        self.site, self.weixin, self.context, self.later, self.patch = site, weixin, context, later, patch
        self.openid = weixin.add_user("小明", subscribed=True)
        context.add_cookies([{"name": "sandbox_user", "value": self.openid, "url": weixin.url}])
        self.page: Page = context.new_page()

    def open(self, path: str) -> None:
        self.page.goto(self.site.url + path)

    def back(self, path: str = "/") -> str:
        """Where WeChat sends this browser back to; not opened yet."""
        answer = self.context.request.get(self.site.url + path, max_redirects=0)
        return str(self.weixin.authorize(self.openid, answer.headers["location"], "allow")["redirect"])

    def link_again(self) -> None:
        """The page says what to do, and that works."""
        button = self.page.get_by_role("link", name="重新打开")
        button.click()
        self.expect_home()

    def expect_heading(self, words: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(words)

    def expect_home(self) -> None:
        self.expect_heading("Hello world 小明")
        # The redirect ends the fragment of the authorize link, which browsers take along.
        expect(self.page).to_have_url(re.compile(re.escape(self.site.url) + "/#?$"))

    def trouble(self, words: str) -> None:
        self.expect_heading(words)
        self.link_again()


def code_missing(visit: Visit) -> None:
    visit.open("/?state=" + query(visit.back())["state"])
    visit.trouble("你没有同意授权")


def code_used(visit: Visit) -> None:
    back, config = visit.back(), visit.site.config
    spent = {"appid": config.app_id, "secret": config.app_secret, "code": query(back)["code"]}
    grant = {"grant_type": "authorization_code"}
    assert "openid" in requests.get(visit.weixin.url + EXCHANGE, params=spent | grant, timeout=60).json()
    visit.page.goto(back)
    visit.trouble(USED)


def code_expired(visit: Visit) -> None:
    back = visit.back()
    visit.later(301)
    visit.page.goto(back)
    visit.trouble(USED)


def code_foreign(visit: Visit) -> None:
    visit.open("/?code=021" + "x" * 29 + "&state=" + query(visit.back())["state"])
    visit.trouble(USED)


def state_missing(visit: Visit) -> None:
    visit.open("/?code=" + query(visit.back())["code"])
    visit.trouble(FOREIGN)


def state_replayed(visit: Visit) -> None:
    first = visit.back()
    visit.page.goto(first)
    visit.expect_home()
    visit.context.clear_cookies(name="session")
    visit.open(f"/?code={query(visit.back())['code']}&state={query(first)['state']}")
    visit.trouble(USED)


def state_from_another_browser(visit: Visit) -> None:
    attacker = requests.get(
        visit.site.url, headers={"User-Agent": WECHAT}, allow_redirects=False, timeout=60
    ).headers["Location"]
    lure = visit.weixin.authorize(visit.weixin.add_user("attacker"), attacker, "allow")["redirect"]
    visit.back()  # gives the browser its cookie
    visit.page.goto(lure)
    visit.trouble(FOREIGN)


def state_over_long(visit: Visit) -> None:
    visit.open(f"/?code={query(visit.back())['code']}&state={'A' * 600}")
    visit.trouble(FOREIGN)


def consent_refused(visit: Visit) -> None:
    visit.weixin.unsubscribe(visit.openid)  # else WeChat asks nobody
    visit.open("/")
    visit.page.get_by_role("button", name="拒绝").click()
    visit.open("/")
    visit.expect_heading("还没有完成授权")
    visit.page.get_by_role("link", name="不用昵称，直接进入").click()
    visit.expect_heading("Hello world")
    visit.page.get_by_role("link", name="用微信昵称").click()
    visit.page.get_by_role("button", name="允许").click()
    visit.expect_home()


def userinfo_48001(visit: Visit) -> None:
    visit.weixin.faults([{"path": "/sns/userinfo", "errcode": 48001, "count": 1}])
    visit.open("/")
    visit.trouble("这个公众号还不能识别访客")


def userinfo_40003(visit: Visit) -> None:
    visit.weixin.faults([{"path": "/sns/userinfo", "errcode": 40003, "count": 1}])
    visit.open("/")
    visit.trouble(DOWN)


def wechat_times_out(visit: Visit) -> None:
    visit.weixin.faults([{"path": EXCHANGE, "delay": 2, "count": 1}])
    with visit.patch.context() as patch:
        shorten_timeout(patch, EXCHANGE)
        visit.open("/")
    visit.trouble(DOWN)


def unionid_absent(visit: Visit) -> None:
    visit.weixin.settings(open_platform=False)
    visit.open("/")
    visit.expect_home()


def two_tabs_at_once(visit: Visit) -> None:
    visit.weixin.unsubscribe(visit.openid)
    first, second = visit.page, visit.context.new_page()
    first.goto(visit.site.url + "/?tab=1")
    second.goto(visit.site.url + "/?tab=2")
    expect(second.get_by_role("heading", level=1)).to_have_text("还没有完成授权")
    second.get_by_role("link", name="再来一次").click()
    for tab, number in ((second, 2), (first, 1)):
        tab.get_by_role("button", name="允许").click()
        expect(tab.get_by_role("heading", level=1)).to_have_text("Hello world 小明")
        expect(tab).to_have_url(f"{visit.site.url}/?tab={number}#")


def redirect_doubled(visit: Visit) -> None:
    back = visit.back()
    for _ in range(2):
        visit.page.goto(back)
        visit.expect_home()


def cookies_dropped(visit: Visit) -> None:
    back = visit.back()
    visit.context.clear_cookies(name=re.compile("session|browser|asked"))
    visit.page.goto(back)
    visit.expect_heading("Hello world 小明")
    assert not [cookie for cookie in visit.context.cookies() if cookie["name"] == "session"]
    visit.page.reload()  # one more round, and now the browser has the cookie that it began with
    visit.expect_home()


def number(typed: str, words: str) -> Callable[[Visit], None]:
    def case(visit: Visit) -> None:
        visit.open("/account")
        visit.page.get_by_label("手机号").fill(typed)
        visit.page.get_by_role("button", name="获取验证码").click()
        expect(visit.page.get_by_role("alert")).to_contain_text(words)
        expect(visit.page.get_by_label("手机号")).to_have_value(typed)
        visit.page.get_by_label("手机号").fill("13800138000")
        visit.page.get_by_role("button", name="获取验证码").click()
        expect(visit.page.get_by_text("+86 138****8000")).to_be_visible()

    return case


def number_as_people_type_it(typed: str) -> Callable[[Visit], None]:
    def case(visit: Visit) -> None:
        visit.open("/account")
        visit.page.get_by_label("手机号").fill(typed)
        visit.page.get_by_role("button", name="获取验证码").click()
        expect(visit.page.get_by_text("+86 138****8000")).to_be_visible()
        (message,) = visit.weixin.call("GET", "sms")["messages"]
        assert message["phone"] == "+8613800138000"

    return case


def code_guessed(visit: Visit) -> None:
    number_as_people_type_it("13800138000")(visit)
    right = re.search(r"\d{6}", visit.weixin.call("GET", "sms")["messages"][-1]["text"])
    assert right
    for guess in range(1, 6):
        visit.page.get_by_label("6 位验证码").fill(f"{(int(right.group()) + guess) % 1_000_000:06d}")
        with visit.page.expect_navigation():  # the page before it shows the same words
            visit.page.get_by_role("button", name="绑定").click()
        words = "验证码不对，请再看一下短信" if guess < 5 else "错了太多次，这个验证码作废了。请重新获取"
        expect(visit.page.get_by_role("alert")).to_contain_text(words)
    visit.later(61)
    visit.page.get_by_label("手机号").fill("13800138000")
    visit.page.get_by_role("button", name="获取验证码").click()
    expect(visit.page.get_by_text("+86 138****8000")).to_be_visible()


def cookies_of_others(visit: Visit) -> None:
    visit.page.goto(visit.site.url + "/healthz")
    visit.page.evaluate("""() => {
        document.cookie = 'prefs={"theme":"dark", "a": [1]}; path=/';
        document.cookie = 'quote="; path=/';
        document.cookie = '名字="小明; path=/';
        document.cookie = 'session=%7B%22id%22%3A1%7D; path=/healthz';
    }""")
    for _ in range(2):
        visit.open("/")
        visit.expect_home()


def back_to_a_used_link(visit: Visit) -> None:
    back = visit.back()
    visit.page.goto(back)
    visit.expect_home()
    visit.later(61)
    visit.page.goto(back)
    visit.expect_home()


def silent_login_ends_the_fragment(visit: Visit) -> None:
    visit.open("/?a=1")
    visit.expect_heading("Hello world 小明")
    assert visit.page.evaluate("location.hash") == ""
    assert "wechat_redirect" not in visit.page.url


def forwarded_forged(visit: Visit) -> None:
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "Forwarded": "host=evil.example",
    }
    visit.context.set_extra_http_headers(forged)
    visit.open("/")
    visit.expect_home()
    assert "evil" not in visit.page.content()


def login_to_another_site(visit: Visit) -> None:
    assert visit.context.browser
    context = visit.context.browser.new_context(locale="zh-CN", user_agent=PC)
    page = context.new_page()
    page.goto(visit.site.url + "/login?to=//evil")
    expect(page.get_by_role("heading", name="微信登录")).to_be_visible()
    visit.weixin.scan(visit.openid, scene=visit.weixin.state()["qr_codes"][-1]["scene"])
    link = re.search(r"/login/confirm\?id=\w+", str(visit.weixin.chat(visit.openid)[-1]))
    assert link
    visit.open(link.group())
    visit.page.get_by_role("button", name="是我，登录").click()
    visit.expect_heading("已确认")
    expect(page).to_have_url(visit.site.url + "/")
    context.close()


CASES: dict[str, Callable[[Visit], None]] = {
    case.__name__: case
    for case in (
        code_missing, code_used, code_expired, code_foreign, state_missing, state_replayed,
        state_from_another_browser, state_over_long, consent_refused, userinfo_48001, userinfo_40003,
        wechat_times_out, unionid_absent, two_tabs_at_once, redirect_doubled, cookies_dropped, code_guessed,
        forwarded_forged, login_to_another_site, cookies_of_others, back_to_a_used_link,
        silent_login_ends_the_fragment,
    )
} | {
    "a_number_of_another_country": number("+1 202-456-1111", "只支持这些国家和地区"),
    "a_landline": number("010-62345678", "座机"),
    "full_width_digits": number_as_people_type_it("１３８００１３８０００"),
    "plus_86_and_spaces": number_as_people_type_it(" +86 138 0013 8000 "),
}  # fmt: skip


@pytest.fixture
def visit(
    serve: Serve, weixin: Sandbox, browser: Browser, later: Later, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Visit]:
    site = serve(jssdk_src=weixin.url + "/open/js/jweixin-1.6.0.js")
    weixin.set_callback(site.url + "/wechat")
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", user_agent=WECHAT)
    yield Visit(site, weixin, context, later, monkeypatch)
    context.close()


@pytest.mark.parametrize("case", CASES)
def test_bad_input_ends_on_a_page_that_says_what_to_do(visit: Visit, case: str) -> None:
    CASES[case](visit)
