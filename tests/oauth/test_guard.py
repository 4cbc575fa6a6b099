"""A visit to the home page by HTTP, with the sandbox as WeChat: the whole way.

The bot runs inside the test's process, so that its clock can be turned; tests/scenarios has it as a process.
"""

import pytest

from tests.conftest import Served
from tests.launch import Sandbox
from tests.oauth.visitor import Phone, query
from tests.visiting import menu_link


def test_a_visitor_agrees_and_reads_their_name_on_a_clean_url(site: Served, phone: Phone) -> None:
    answer = phone.visit(site.url + "/")
    assert answer.status_code == 200
    assert "Hello world 小刚" in answer.text
    assert answer.url == site.url + "/"


def test_the_pages_own_query_comes_back_and_wechats_does_not(site: Served, phone: Phone) -> None:
    answer = phone.visit(site.url + "/?tab=2&name=%E4%B8%AD%26")
    assert answer.status_code == 200
    assert query(answer.url) == {"tab": "2", "name": "中&"}


def test_a_page_that_needs_only_the_openid_asks_nobody(site: Served, phone: Phone) -> None:
    link = phone.to_authorize(site.url + "/quiet")
    assert query(link)["scope"] == "snsapi_base"
    answer = phone.visit(site.url + "/quiet")
    assert f"openid={phone.openid} proven=True snapshot=False" in answer.text


def test_a_page_that_needs_the_profile_asks_although_the_openid_is_known(site: Served, phone: Phone) -> None:
    phone.visit(site.url + "/quiet")
    assert query(phone.to_authorize(site.url + "/"))["scope"] == "snsapi_userinfo"
    assert "小刚" in phone.visit(site.url + "/").text


def test_a_snapshot_visitor_may_look_and_is_known_as_one(site: Served, phone: Phone) -> None:
    link = phone.to_authorize(site.url + "/").replace("#", "&forceSnapShot=true#")
    page = phone.visit(phone.agree(link)).text
    assert "快照页" in page
    assert "snapshot=True" in phone.visit(site.url + "/quiet").text


def test_a_snapshot_visitor_whose_profile_wechat_refuses_may_look_without_a_name(
    site: Served, phone: Phone, wechat: Sandbox
) -> None:
    """WeChat answers 48001 for them now and then. It says nothing about the account's rights."""
    wechat.faults([{"path": "/sns/userinfo", "errcode": 48001}])
    link = phone.to_authorize(site.url + "/").replace("#", "&forceSnapShot=true#")
    page = phone.visit(phone.agree(link))
    assert page.status_code == 200
    assert "快照页" in page.text
    assert "没有网页授权的权限" not in page.text
    assert phone.open(site.url + "/").status_code == 200, "and is not sent to WeChat again at once"


def test_a_snapshot_visitor_can_log_in_for_real(site: Served, phone: Phone) -> None:
    phone.visit(phone.agree(phone.to_authorize(site.url + "/").replace("#", "&forceSnapShot=true#")))
    assert "Hello world 小刚" in phone.visit(phone.agree(menu_link(site))).text


def test_no_log_line_holds_a_code_a_state_or_a_session(
    site: Served, phone: Phone, log: pytest.LogCaptureFixture
) -> None:
    back = phone.back(site.url + "/")
    phone.visit(back)
    secrets = [query(back)["code"], query(back)["state"], *phone.http.cookies.values()]
    lines = [str(record.__dict__) for record in log.records]
    assert lines
    assert not [secret for secret in secrets for line in lines if secret in line]
