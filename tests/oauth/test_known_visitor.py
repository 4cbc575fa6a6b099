"""A visit of somebody whom the bot knows, or only seems to know."""

from urllib.parse import quote

import pytest
import requests

from tests.conftest import Served
from tests.launch import Sandbox
from tests.oauth.visitor import Phone


def test_a_known_visitor_is_not_sent_to_wechat_again(site: Served, phone: Phone, wechat: Sandbox) -> None:
    phone.visit(site.url + "/")
    before = len(wechat.calls())
    again = phone.open(site.url + "/")
    assert (again.status_code, len(wechat.calls())) == (200, before)
    assert "Hello world 小刚" in again.text


@pytest.mark.parametrize("session", ["", "x", "é", "a" * 5000, "../../etc", "%00"])
def test_a_made_up_session_is_nobody(site: Served, session: str) -> None:
    headers = {"Cookie": f"session={quote(session)}; browser={quote(session)}"}
    answer = requests.get(site.url + "/quiet", headers=headers, allow_redirects=False, timeout=60)
    assert answer.status_code == 302


@pytest.mark.parametrize("cookie", ["session", "=", 'session="', "a b c; session=x; ;;", "session=\xe9"])
def test_a_misshapen_cookie_header_is_nobody(site: Served, cookie: str) -> None:
    answer = requests.get(
        site.url + "/quiet",
        headers={"Cookie": cookie.encode("latin-1")},
        allow_redirects=False,
        timeout=60,
    )
    assert answer.status_code == 302
