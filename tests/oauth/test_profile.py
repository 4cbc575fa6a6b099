"""A profile that is an hour old: WeChat is asked whether the token is good, then for the profile."""

from tests.conftest import Served
from tests.launch import Sandbox
from tests.oauth.conftest import asked
from tests.oauth.visitor import Phone
from tests.visiting import Later


def test_a_stale_profile_is_checked_with_wechat_and_renewed(
    site: Served, phone: Phone, wechat: Sandbox, time_passes: Later
) -> None:
    phone.visit(site.url + "/")
    time_passes(3601)
    assert "Hello world 小刚" in phone.open(site.url + "/").text
    assert asked(wechat, "/sns/auth") == 1
    assert asked(wechat, "/sns/oauth2/refresh_token") == 0
    assert asked(wechat, "/sns/userinfo") == 2
    phone.open(site.url + "/")
    assert asked(wechat, "/sns/userinfo") == 2, "fresh again for an hour"


def test_a_dead_token_is_refreshed(site: Served, phone: Phone, wechat: Sandbox, time_passes: Later) -> None:
    phone.visit(site.url + "/quiet")
    phone.visit(site.url + "/")
    time_passes(3600)
    phone.open(site.url + "/quiet")
    time_passes(3700)
    assert "Hello world 小刚" in phone.open(site.url + "/").text
    assert asked(wechat, "/sns/oauth2/refresh_token") == 1
    assert asked(wechat) == 2, "no new login"


def test_a_token_that_wechat_has_withdrawn_is_refreshed(
    site: Served, phone: Phone, wechat: Sandbox, time_passes: Later
) -> None:
    phone.visit(site.url + "/")
    time_passes(3601)
    wechat.faults([{"path": "/sns/auth", "errcode": 40001, "count": 1}])
    assert "Hello world 小刚" in phone.open(site.url + "/").text
    assert asked(wechat, "/sns/oauth2/refresh_token") == 1


def test_a_dead_refresh_token_means_a_new_login(
    site: Served, phone: Phone, wechat: Sandbox, time_passes: Later
) -> None:
    phone.visit(site.url + "/")
    time_passes(7300)
    wechat.faults([{"path": "/sns/oauth2/refresh_token", "errcode": 42002}])
    assert phone.to_authorize(site.url + "/")


def test_wechat_being_down_costs_a_known_visitor_nothing(
    site: Served, phone: Phone, wechat: Sandbox, time_passes: Later
) -> None:
    phone.visit(site.url + "/")
    time_passes(3601)
    wechat.faults([{"path": "/sns/*", "drop": True}])
    assert "Hello world 小刚" in phone.open(site.url + "/").text
