"""Test the form of the authorize link, and that every redirect leads to WeChat or to this site."""

import http.client
from collections.abc import Callable
from urllib.parse import quote, urlencode, urlsplit

import pytest

from tests.conftest import Served, StartWeChat, as_account
from tests.oauth.visitor import Phone, query


def test_the_authorize_link_is_wechats_in_its_order(site: Served, phone: Phone) -> None:
    link = phone.to_authorize(site.url + "/?a=1&b=中")
    state = query(link.partition("#")[0])["state"]
    back = quote(f"{site.url}/?" + urlencode({"a": "1", "b": "中"}), safe="")
    assert link == (
        f"{site.config.open_base}/connect/oauth2/authorize?appid={site.config.app_id}&redirect_uri={back}"
        f"&response_type=code&scope=snsapi_userinfo&state={state}#wechat_redirect"
    )
    assert state.isalnum()
    assert len(state) <= 128


def test_every_login_has_a_state_of_its_own(site: Served, make_phone: Callable[..., Phone]) -> None:
    states = {query(make_phone().to_authorize(site.url + "/"))["state"] for _ in range(3)}
    assert len(states) == 3


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "//evil.example/%2e%2e", "/?next=//evil.example", "/https://evil.example",
     "/quiet?code=&state=&//evil.example", "/;//evil.example", "/%0d%0aLocation:%20//evil.example"],
)  # fmt: skip
def test_no_redirect_leaves_for_another_site(site: Served, phone: Phone, target: str) -> None:
    # By hand: requests would tidy the path up.
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=60)
    connection.request("GET", target)
    answer = connection.getresponse()
    place = answer.getheader("Location", "")
    answer.read()
    connection.close()
    assert place == "" or place.startswith(site.config.open_base + "/connect/")
    if place:
        back = phone.agree(place)
        assert back.startswith(site.url + "/")
        final = phone.open(back).headers.get("Location", site.url + "/")
        assert final.startswith(site.url + "/")


def test_a_host_header_changes_nothing(site: Served, phone: Phone) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    answer = phone.open(site.url + "/", **headers)
    assert "evil.example" not in answer.headers["Location"]
    page = phone.visit(site.url + "/")
    assert page.status_code == 200
    known = "; ".join(f"{name}={value}" for name, value in phone.http.cookies.items())
    again = phone.open(site.url + "/", **headers, Cookie=known)
    assert again.status_code == 200
    assert "evil.example" not in again.text


def test_wechats_10003_names_a_domain_that_is_not_set(start_wechat: StartWeChat) -> None:
    """Not ours to mend, but the sandbox must show it: a PUBLIC_URL that the console does not know."""
    wechat = start_wechat("--web-domain", "other.example")
    user = wechat.add_user("x")
    link = f"{wechat.url}/connect/oauth2/authorize?appid={as_account(wechat)['app_id']}"
    link += "&redirect_uri=https%3A%2F%2Fbot.example.com%2F&response_type=code&scope=snsapi_base&state=1"
    assert wechat.authorize(user, link)["page_error"] == 10003
