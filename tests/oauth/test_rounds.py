"""When a visitor is asked, when silently, when not at all; and a phone whose WeChat user has changed."""

import pytest

from bot.site.page import Page
from tests.conftest import Served
from tests.launch import Sandbox
from tests.oauth.visitor import Phone, query
from tests.visiting import Later, MakePhone, Serve, facts, menu_link

pytestmark = pytest.mark.slow


class Named(Page):
    def GET(self) -> str:
        visitor = self.visitor("snsapi_userinfo")
        return f"name={visitor.nickname} scope={visitor.scope}"


class Optional(Page):
    def GET(self) -> str:
        visitor = self.visitor("snsapi_userinfo", or_silent=True)
        return f"openid={visitor.openid} name={visitor.nickname or 'none'}"


class Popup(Page):
    def GET(self) -> str:
        return self.visitor("snsapi_userinfo", popup=True).nickname


class Quiet(Page):
    def GET(self) -> str:
        return f"openid={self.visitor().openid}"


class AtStake(Page):
    def GET(self) -> str:
        visitor = self.person()
        return f"proven={visitor.is_proven} name={visitor.nickname}"


class Members(Page):
    def GET(self) -> str:
        _, binding = self.member()
        return f"phone={binding.phone}"


PAGES = [
    ("/named", Named), ("/optional", Optional), ("/popup", Popup), ("/quiet", Quiet), ("/stake", AtStake),
    ("/members", Members),
]  # fmt: skip
BROWSER = {"Sec-Fetch-Mode": "navigate"}


@pytest.fixture
def site(serve: Serve) -> Served:
    return serve(pages=PAGES)


@pytest.fixture
def phone(people: MakePhone) -> Phone:
    return people("小明")


def count(weixin: Sandbox, prefix: str = "/sns/") -> int:
    return sum(call["path"].startswith(prefix) for call in weixin.calls())


def test_a_first_visit_costs_two_calls_a_silent_one_one_and_a_return_none(
    site: Served, people: MakePhone, weixin: Sandbox
) -> None:
    phone, silent = people(), people()

    def asked(since: int) -> list[str]:
        return [call["path"] for call in weixin.calls()[since:]]

    phone.visit(site.url + "/named")
    assert asked(0) == ["/sns/oauth2/access_token", "/sns/userinfo"]
    silent.visit(site.url + "/quiet")
    assert asked(2) == ["/sns/oauth2/access_token"]
    before = len(weixin.calls())
    for _ in range(3):
        phone.visit(site.url + "/named")
        silent.visit(site.url + "/quiet")
    assert len(weixin.calls()) == before


def test_a_page_may_ask_for_the_popup(site: Served, phone: Phone) -> None:
    link = phone.to_authorize(site.url + "/popup")
    state = query(link.partition("#")[0])["state"]
    assert link.endswith(f"&scope=snsapi_userinfo&state={state}&forcePopup=true#wechat_redirect")
    assert "forcePopup" not in phone.to_authorize(site.url + "/named")


def test_proof_is_silent_and_keeps_the_name(site: Served, phone: Phone, later: Later) -> None:
    phone.visit(site.url + "/named")
    assert phone.open(site.url + "/stake").text == "proven=True name=小明"
    later(1801)
    link = phone.to_authorize(site.url + "/stake")
    assert query(link)["scope"] == "snsapi_base"
    assert phone.visit(phone.agree(link)).text == "proven=True name=小明"


# -- a visitor who would rather not


def test_who_refuses_may_enter_a_page_without_a_name_if_it_admits_them(site: Served, phone: Phone) -> None:
    """Some clients report the refusal as `code=authdeny`."""
    state = query(phone.to_authorize(site.url + "/optional?a=1").partition("#")[0])["state"]
    page = phone.open(f"{site.url}/optional?a=1&code=authdeny&state={state}", **BROWSER)
    assert "你没有同意授权" in page.text
    assert 'href="/optional?a=1&amp;ask=1"' in page.text
    assert 'href="/optional?a=1&amp;ask=0"' in page.text
    assert phone.visit(site.url + "/optional?a=1&ask=0").text == f"openid={phone.openid} name=none"


def test_who_comes_back_without_an_answer_gets_a_page_with_ways_on(site: Served, phone: Phone) -> None:
    """WeChat tells nobody of a refusal: the visitor goes back, or opens the page again."""
    phone.open(site.url + "/optional?a=1", **BROWSER)
    page = phone.open(site.url + "/optional?a=1", **BROWSER)
    assert page.status_code == 403
    assert "还没有完成授权" in page.text
    assert f'href="{site.url}/optional?a=1&amp;ask=1"' in page.text
    assert f'href="{site.url}/optional?a=1&amp;ask=0"' in page.text
    again = phone.open(site.url + "/optional?a=1&ask=1", **BROWSER)
    assert query(again.headers["Location"])["scope"] == "snsapi_userinfo"
    without = phone.visit(site.url + "/optional?a=1&ask=0")
    assert without.text == f"openid={phone.openid} name=none"
    assert without.url == site.url + "/optional?a=1"
    assert phone.open(site.url + "/optional").text == f"openid={phone.openid} name=none", "not asked again"
    asked = phone.visit(site.url + "/optional?ask=1")
    assert asked.text == f"openid={phone.openid} name=小明", "unless they want to be"


def test_a_page_that_needs_a_name_has_no_way_around(site: Served, phone: Phone) -> None:
    phone.open(site.url + "/named", **BROWSER)
    page = phone.open(site.url + "/named", **BROWSER)
    assert page.status_code == 403
    assert "ask=1" in page.text
    assert "ask=0" not in page.text
    assert phone.open(site.url + "/named?ask=0", **BROWSER).status_code == 403


def test_who_has_agreed_is_not_held_up_later(site: Served, phone: Phone) -> None:
    phone.open(site.url + "/named", **BROWSER)
    link = phone.open(site.url + "/named?ask=1", **BROWSER).headers["Location"]
    phone.visit(phone.agree(link))
    phone.http.cookies.pop("session")
    assert phone.open(site.url + "/named", **BROWSER).status_code == 302


# -- another user on the same phone


def switch(phone: Phone, other: Phone) -> None:
    """The phone's WeChat has another user now; the web view keeps its cookies."""
    phone.openid = other.openid


def test_a_switched_user_is_noticed_after_a_while(
    site: Served, people: MakePhone, later: Later, log: pytest.LogCaptureFixture
) -> None:
    phone, other = people("小明"), people("小红")
    assert "小明" in phone.visit(site.url + "/named").text
    switch(phone, other)
    later(7201)
    link = phone.to_authorize(site.url + "/named")
    assert query(link)["scope"] == "snsapi_base", "one silent round tells"
    assert phone.visit(phone.agree(link)).text == "name=小红 scope=snsapi_userinfo"
    assert "switched" in [fact["event"] for fact in facts(log, "bot.audit")]


def test_a_switched_user_is_noticed_at_once_by_a_menu_link(site: Served, people: MakePhone) -> None:
    phone, other = people("小明"), people("小红")
    phone.visit(site.url + "/named")
    old = phone.http.cookies["session"]
    switch(phone, other)
    assert "小红" in phone.visit(phone.agree(menu_link(site, "/named"))).text
    assert site.parts.site.visits.known_visitors.of({"session": old}) is None


def test_anothers_menu_link_takes_no_proven_sessions_place(site: Served, people: MakePhone) -> None:
    victim, attacker = people("小明"), people("小红")
    victim.visit(site.url + "/quiet")
    lure = attacker.agree(menu_link(site, "/quiet", "snsapi_base"))
    assert victim.visit(lure).text == f"openid={victim.openid}"
    visitor = site.parts.site.visits.known_visitors.of(dict(victim.http.cookies))
    assert visitor
    assert (visitor.openid, visitor.is_proven) == (victim.openid, True)


def test_a_member_is_who_has_logged_in_and_not_whose_link_was_opened(site: Served, people: MakePhone) -> None:
    victim, attacker = people("小明"), people("小红")
    bindings = site.parts.site.account.people.bindings
    bindings.bind(victim.openid, "+8613800138000")
    bindings.bind(attacker.openid, "+8613900139000")
    lure = attacker.agree(menu_link(site, "/members", "snsapi_base"))
    assert victim.visit(lure).text == "phone=+8613800138000"


def test_where_something_is_at_stake_an_old_login_is_not_trusted(
    site: Served, people: MakePhone, later: Later
) -> None:
    phone, other = people("小明"), people("小红")
    phone.visit(site.url + "/named")
    switch(phone, other)
    later(1801)
    assert "小明" not in phone.visit(site.url + "/stake").text


def test_the_same_user_is_let_in_again_with_one_call(
    site: Served, phone: Phone, weixin: Sandbox, later: Later
) -> None:
    phone.visit(site.url + "/quiet")
    later(7201)
    before = count(weixin)
    assert phone.visit(site.url + "/quiet").status_code == 200
    assert count(weixin) == before + 1


def test_wechat_being_down_keeps_nobody_out_who_is_known(
    site: Served, phone: Phone, weixin: Sandbox, later: Later
) -> None:
    phone.visit(site.url + "/quiet")
    later(7201)
    back = phone.back(site.url + "/quiet")
    weixin.faults([{"path": "/sns/*", "drop": True}])
    assert phone.visit(back).text == f"openid={phone.openid}"


def test_it_can_be_switched_off(serve: Serve, phone: Phone, later: Later) -> None:
    site = serve(pages=PAGES, recheck_minutes=0)
    phone.visit(site.url + "/quiet")
    later(86400)
    assert phone.open(site.url + "/quiet").status_code == 200


# -- and more


def test_a_page_for_members_sends_others_to_bind_and_back(site: Served, phone: Phone) -> None:
    answer = phone.open(phone.open(phone.back(site.url + "/members?a=1")).headers["Location"])
    assert answer.headers["Location"] == site.url + "/account?to=%2Fmembers%3Fa%3D1"
    site.parts.site.account.people.bindings.bind(phone.openid, "+8613800138000")
    assert phone.open(site.url + "/members").text == "phone=+8613800138000"


def test_the_language_of_the_browser_is_asked_for(site: Served, phone: Phone, weixin: Sandbox) -> None:
    phone.http.headers["Accept-Language"] = "en-US,en"
    phone.visit(site.url + "/named")
    (call,) = [call for call in weixin.calls() if call["path"] == "/sns/userinfo"]
    assert call["query"]["lang"] == "en"


def test_visits_are_limited_by_address(serve: Serve, people: MakePhone) -> None:
    site = serve(pages=PAGES, rate_limit=3)
    phone, other = people(), people()
    statuses = [phone.open(site.url + "/quiet").status_code for _ in range(4)]
    assert statuses == [302, 302, 302, 429]
    assert other.open(site.url + "/quiet").status_code == 302


def test_two_tabs_at_once_both_end_well(site: Served, phone: Phone) -> None:
    first = phone.to_authorize(site.url + "/named?tab=1")
    second = phone.to_authorize(site.url + "/named?tab=2")
    assert "小明" in phone.visit(phone.agree(first)).text
    assert "小明" in phone.visit(phone.agree(second)).text


def test_two_first_tabs_that_overwrite_each_others_cookie_end_on_a_page_with_a_way_on(
    site: Served, phone: Phone
) -> None:
    first = phone.to_authorize(site.url + "/named?tab=1")
    phone.http.cookies.clear()  # sent before the first answer was there
    phone.to_authorize(site.url + "/named?tab=2")
    page = phone.open(phone.agree(first))
    assert page.status_code == 403
    assert 'class="button" href="/named?tab=1&amp;ask=1"' in page.text, "and no reproach for not agreeing"
    on = phone.visit(site.url + "/named?tab=1&ask=1")
    assert "小明" in on.text
    assert on.url == site.url + "/named?tab=1"


def test_a_visitor_without_a_unionid_is_a_visitor(site: Served, phone: Phone, weixin: Sandbox) -> None:
    assert weixin.call("PUT", "settings", {"open_platform": False})
    phone.visit(site.url + "/named")
    visitor = site.parts.site.visits.known_visitors.of(dict(phone.http.cookies))
    assert visitor
    assert (visitor.unionid, visitor.nickname) == ("", "小明")


@pytest.mark.parametrize(("errcode", "status"), [(48001, 403), (40003, 502)])
def test_a_refused_profile_is_a_page_with_a_way_on(
    site: Served, phone: Phone, weixin: Sandbox, errcode: int, status: int
) -> None:
    weixin.faults([{"path": "/sns/userinfo", "errcode": errcode, "count": 1}])
    page = phone.open(phone.back(site.url + "/named"))
    assert page.status_code == status
    assert 'class="button"' in page.text
    assert "小明" in phone.visit(site.url + "/named").text
