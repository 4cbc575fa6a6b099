"""Back from WeChat: code and state of a login or of a menu link, and all that can be wrong with them."""

from collections.abc import Callable

import pytest
import requests

from tests.conftest import Clock, Served
from tests.launch import Sandbox
from tests.oauth.conftest import Trouble, asked, result_of
from tests.oauth.visitor import Phone, query
from tests.visiting import Later, menu_link


def test_the_menus_link_leads_to_the_page_and_recognises_the_visitor(site: Served, phone: Phone) -> None:
    back = phone.agree(menu_link(site))
    answer = phone.visit(back)
    assert "Hello world 小刚" in answer.text
    assert {"code", "state"}.isdisjoint(query(answer.url))
    assert phone.visit(site.url + "/").status_code == 200
    assert "proven=False" in phone.visit(site.url + "/quiet").text


def test_the_menus_link_works_for_everybody_and_again(site: Served, make_phone: Callable[..., Phone]) -> None:
    for nickname in ("小红", "小明"):
        phone = make_phone(nickname)
        assert nickname in phone.visit(phone.agree(menu_link(site))).text
        assert nickname in phone.visit(phone.agree(menu_link(site))).text


def test_the_menus_state_is_good_for_its_own_page_only(site: Served, phone: Phone, trouble: Trouble) -> None:
    code = query(phone.agree(menu_link(site)))["code"]
    state = site.parts.states.for_menu("/")
    trouble.expect(phone.open(f"{site.url}/quiet?code={code}&state={state}"), 400, "old-state")


def test_a_wrong_code_is_a_page_with_a_way_on(site: Served, phone: Phone, trouble: Trouble) -> None:
    state = query(phone.to_authorize(site.url + "/"))["state"]
    trouble_of = phone.open(f"{site.url}/?code=wrong&state={state}")
    lines = [record.getMessage() for record in trouble._log.records if record.name == "bot.oauth"]
    assert lines == ["[oauth] code not exchanged: errcode=40029"]
    trouble._log.clear()
    again = phone.open(f"{site.url}/?code=wrong&state={state}")
    trouble.expect(again, 400, "bad-code")
    assert trouble_of.status_code == 400


def test_a_refusal_is_a_page_with_a_way_on(site: Served, phone: Phone, trouble: Trouble) -> None:
    state = query(phone.to_authorize(site.url + "/"))["state"]
    trouble._log.clear()
    trouble.expect(phone.open(f"{site.url}/?state={state}"), 403, "refused")
    assert "Hello world" in phone.visit(site.url + "/").text


REFUSALS = ["code=authdeny", "code=AuthDeny", "code=", "code=%20", "code=&reason=denied", "reason=denied"]


@pytest.mark.parametrize("said", REFUSALS)
def test_a_refusal_may_arrive_in_several_forms(
    site: Served, phone: Phone, wechat: Sandbox, trouble: Trouble, said: str
) -> None:
    state = query(phone.to_authorize(site.url + "/"))["state"]
    for known in (state, site.parts.states.for_menu("/")):
        trouble._log.clear()
        answer = phone.open(f"{site.url}/?{said}&state={known}")
        trouble.expect(answer, 403, "refused")
        assert "你没有同意授权" in answer.text
    assert asked(wechat) == 0
    assert "Hello world" in phone.visit(site.url + "/").text


# -- a visitor goes back to a return that is done


def open_back(phone: Phone, back: str) -> requests.Response:
    """Open a return again, and follow its redirect by one step."""
    answer = phone.open(back)
    assert answer.status_code == 302, answer.text
    return phone.open(answer.headers["Location"])


def test_who_goes_back_to_a_used_return_and_is_logged_in_gets_the_page(
    site: Served, phone: Phone, wechat: Sandbox, time_passes: Later
) -> None:
    back = phone.back(site.url + "/?a=1")
    phone.visit(back)
    for seconds in (61, 600, 3000):
        time_passes(seconds)
        page = open_back(phone, back)
        assert "Hello world 小刚" in page.text
        assert page.url == site.url + "/?a=1"
    assert asked(wechat) == 1


@pytest.mark.parametrize("seconds", [61, 301])
def test_who_goes_back_to_a_menu_link_and_is_logged_in_gets_the_page(
    site: Served, phone: Phone, time_passes: Later, seconds: int
) -> None:
    """WeChat says that the code is used, or that it is too old."""
    back = phone.agree(menu_link(site))
    phone.visit(back)
    time_passes(seconds)
    assert "Hello world 小刚" in open_back(phone, back).text


def test_who_goes_back_without_a_session_reads_that_the_link_is_used(
    site: Served, phone: Phone, time_passes: Later, trouble: Trouble
) -> None:
    back = phone.back(site.url + "/")
    phone.visit(back)
    time_passes(61)
    del phone.http.cookies["session"]
    trouble._log.clear()
    trouble.expect(phone.open(back), 400, "old-state")


def test_a_code_that_wechat_refuses_does_not_send_a_visitor_round_for_ever(
    site: Served, phone: Phone, wechat: Sandbox, trouble: Trouble
) -> None:
    """The visitor is known, and the page needs more. With every code refused, another login would fail
    too."""
    phone.visit(site.url + "/quiet")
    wechat.faults([{"path": "/sns/oauth2/access_token", "errcode": 40029}])
    back = phone.back(site.url + "/")
    trouble._log.clear()
    phone.open(back)
    trouble._log.clear()
    trouble.expect(phone.open(back), 400, "bad-code")


# -- the fragment of the authorize link


@pytest.mark.parametrize("path", ["/", "/quiet", "/quiet?a=1"])
def test_the_redirect_of_a_login_ends_the_fragment(
    site: Served, make_phone: Callable[..., Phone], path: str
) -> None:
    """A browser keeps `#wechat_redirect` over a redirect without a fragment: silent, with consent, by a menu
    link, for a browser without cookies, and when the visitor goes back."""
    phone, other = make_phone("小红"), make_phone("小明", keeps_cookies=False)
    backs = [phone.back(site.url + path), phone.agree(menu_link(site, path))]
    for back in (*backs, *backs):
        assert phone.open(back).headers["Location"] == f"{site.url}{path}#"
    ticket = other.open(other.back(site.url + path)).headers["Location"]
    assert "visit=" in ticket
    assert ticket.endswith("#")


def test_a_used_link_with_a_new_code_is_old(site: Served, phone: Phone, trouble: Trouble) -> None:
    back = phone.back(site.url + "/")
    phone.open(back)
    code = query(phone.agree(menu_link(site)))["code"]
    trouble._log.clear()
    trouble.expect(phone.open(f"{site.url}/?code={code}&state={query(back)['state']}"), 400, "old-state")


def test_an_expired_code_is_a_page_with_a_way_on(
    site: Served, phone: Phone, time_passes: Later, log: pytest.LogCaptureFixture
) -> None:
    back = phone.back(site.url + "/")
    time_passes(301)
    assert phone.open(back).status_code == 400
    assert result_of(log) == "bad-code"


@pytest.mark.parametrize("state", ["", "x", "A" * 600, "menu" + "0" * 40, "%00%ff", "'--"])
def test_a_state_that_is_not_ours_is_refused_and_spends_no_code(
    site: Served, phone: Phone, wechat: Sandbox, state: str, log: pytest.LogCaptureFixture
) -> None:
    code = query(phone.agree(menu_link(site)))["code"]
    answer = phone.open(f"{site.url}/?code={code}&state={state}")
    assert answer.status_code in (400, 403)
    assert result_of(log) in ("foreign-state", "old-state")
    assert "session" not in answer.cookies
    assert asked(wechat) == 0


def test_a_login_that_another_browser_began_is_refused(
    site: Served, make_phone: Callable[..., Phone], wechat: Sandbox, trouble: Trouble
) -> None:
    attacker, victim = make_phone("attacker"), make_phone("victim")
    victim.to_authorize(site.url + "/")  # the victim's browser has a cookie of its own
    lure = attacker.back(site.url + "/")
    trouble._log.clear()
    trouble.expect(victim.open(lure), 403, "foreign-state")
    assert asked(wechat) == 0


def test_a_foreign_browser_does_not_spoil_the_login_for_its_owner(
    site: Served, make_phone: Callable[..., Phone]
) -> None:
    owner, other = make_phone("小红"), make_phone("other")
    other.to_authorize(site.url + "/")
    back = owner.back(site.url + "/")
    other.open(back.replace("code=", "code=x"))
    assert "Hello world 小红" in owner.visit(back).text


def test_a_state_lapses_after_ten_minutes(
    site: Served, phone: Phone, wechat_clock: Clock, trouble: Trouble
) -> None:
    back = phone.back(site.url + "/")
    wechat_clock.advance(600)
    trouble._log.clear()
    trouble.expect(phone.open(back), 400, "old-state")
