"""Login links opened by a browser that sends no cookie: the attacker's in a victim's, the victim's in an
attacker's, and those of people whose browser keeps none."""

import pytest
import requests

from bot.site.page import Page
from tests.account.pages import Home
from tests.conftest import Served
from tests.launch import Sandbox
from tests.visiting import PC, WECHAT, MakePhone, Serve, facts, menu_link


class Mine(Page):
    """A page on which something is at stake."""

    def GET(self) -> str:
        return f"openid={self.person().openid}"


@pytest.fixture
def site(serve: Serve) -> Served:
    return serve([("/", Home), ("/mine", Mine)])


SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
)


def fresh(url: str, agent: str = WECHAT, **cookies: str) -> requests.Response:
    """Open it in a browser that has never been anywhere, or has these cookies."""
    headers = {"User-Agent": agent}
    return requests.get(url, allow_redirects=False, headers=headers, cookies=cookies, timeout=60)


def test_an_attackers_login_in_a_fresh_browser_is_one_page_and_no_login(
    site: Served, people: MakePhone, log: pytest.LogCaptureFixture
) -> None:
    attacker = people("攻击者")
    opened = fresh(attacker.back(site.url + "/"))
    assert dict(opened.cookies) == {}
    assert "攻击者" in fresh(opened.headers["Location"]).text
    assert "/connect/oauth2/authorize" in fresh(site.url + "/").headers["Location"], "nobody is logged in"
    assert facts(log, "bot.audit")[-1] == {
        "event": "one-page",
        "openid": attacker.openid,
        "address": "127.0.0.1",
    }


def test_an_attackers_login_does_not_even_show_a_page_with_something_at_stake(
    site: Served, people: MakePhone
) -> None:
    opened = fresh(people("攻击者").back(site.url + "/mine"))
    page = fresh(opened.headers["Location"])
    assert page.status_code == 403
    assert "浏览器没有保存 Cookie" in page.text


def test_an_attackers_login_on_a_fresh_pc_is_refused(
    site: Served, people: MakePhone, weixin: Sandbox
) -> None:
    attacker = people("攻击者")
    for back in (attacker.back(site.url + "/"), attacker.agree(menu_link(site))):
        opened = fresh(back, PC)
        assert opened.status_code == 403
        assert "这个链接不是给你的" in opened.text
        assert dict(opened.cookies) == {}
    for agent in (PC, SAFARI):
        opened = fresh(attacker.agree(menu_link(site)), agent, browser="a" * 22)
        assert (opened.status_code, dict(opened.cookies)) == (403, {}), "nor where we know the browser"
    assert not [call for call in weixin.calls() if call["path"].startswith("/sns/")], "no code was spent"


def test_a_ticket_is_for_browsers_that_send_no_cookie(site: Served, people: MakePhone) -> None:
    lure = fresh(people("攻击者").back(site.url + "/")).headers["Location"]
    victim = people("小红")
    victim.open(site.url + "/")
    assert "小红" in victim.visit(lure).text, "theirs is the way by WeChat"
    assert fresh(lure, PC).headers["Location"] == site.url + "/login?to=%2F"
    assert "攻击者" in fresh(lure).text, "and it is not spent thereby"


def test_a_login_that_its_owner_has_used_is_nobody_elses(site: Served, people: MakePhone) -> None:
    victim = people("小红")
    back = victim.back(site.url + "/")
    assert victim.open(back).cookies["session"]
    stolen = fresh(back)
    assert stolen.status_code == 403
    assert dict(stolen.cookies) == {}
    assert "小红" in victim.visit(back).text, "its owner's doubled redirect is as good as ever"


def test_a_thief_who_is_quicker_gets_no_session_and_the_owner_gets_theirs(
    site: Served, people: MakePhone
) -> None:
    victim = people("小红")
    back = victim.back(site.url + "/")
    assert dict(fresh(back).cookies) == {}
    assert "小红" in victim.visit(back).text
    assert victim.http.cookies["session"]
    assert fresh(back).status_code == 403, "from now on it is the owner's alone"


def test_a_browser_that_keeps_no_cookies_sees_each_page_it_opens(site: Served, people: MakePhone) -> None:
    phone = people("小刚", keeps_cookies=False)
    back = phone.back(site.url + "/")
    for answer in (phone.visit(back), phone.visit(back), phone.visit(site.url + "/")):
        assert "Hello world 小刚" in answer.text, "a doubled redirect, too"


def test_a_menu_link_logs_a_browser_in_that_has_never_been_here(site: Served, people: MakePhone) -> None:
    phone = people("小刚")
    assert "小刚" in phone.visit(phone.agree(menu_link(site))).text
    assert phone.http.cookies["session"]
    assert phone.open(site.url + "/").status_code == 200
