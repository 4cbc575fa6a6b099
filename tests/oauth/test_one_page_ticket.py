"""A visit by a browser that sends no cookie back: one page, by a ticket in its URL."""

from collections.abc import Callable

from tests.conftest import Clock, Served
from tests.oauth.visitor import Phone, query


def test_a_visitor_without_cookies_gets_there_all_the_same(
    site: Served, make_phone: Callable[..., Phone]
) -> None:
    phone = make_phone(keeps_cookies=False)
    answer = phone.visit(site.url + "/?tab=2")
    assert answer.status_code == 200
    assert "Hello world 小刚" in answer.text
    assert {"code", "state"}.isdisjoint(query(answer.url))
    assert query(answer.url)["tab"] == "2"


def test_the_ticket_for_browsers_without_cookies_is_good_once_and_briefly(
    site: Served, make_phone: Callable[..., Phone], wechat_clock: Clock
) -> None:
    first, second = make_phone(keeps_cookies=False), make_phone(keeps_cookies=False)
    used = first.visit(site.url + "/").url
    assert second.open(used).status_code == 302
    lapsed = second.open(second.back(site.url + "/")).headers["Location"]
    wechat_clock.advance(61)
    assert second.open(lapsed).status_code == 302


def test_only_a_login_that_came_back_to_its_own_browser_is_proven(
    site: Served, make_phone: Callable[..., Phone]
) -> None:
    assert "proven=True" in make_phone().visit(site.url + "/quiet").text
    assert "proven=False" in make_phone(keeps_cookies=False).visit(site.url + "/quiet").text
