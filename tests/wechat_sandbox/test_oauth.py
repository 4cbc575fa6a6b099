"""Web authorization (rules 25 to 31)."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.launch import Sandbox
from tests.wechat_sandbox.callback import Answer, CallbackServer

SITE = "http://127.0.0.1:8080/login?from=menu"


def link(**changes: str) -> str:
    query = {
        "appid": "wx5a5b5c5d5e5f5051",
        "redirect_uri": SITE,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "abc123",
    }
    kept = {name: value for name, value in (query | changes).items() if value != ""}
    return f"https://open.weixin.qq.com/connect/oauth2/authorize?{urlencode(kept)}#wechat_redirect"


@pytest.fixture
def visitor(sandbox: Sandbox) -> str:
    return sandbox.add_user("访客")


def code_of(result: dict[str, Any]) -> str:
    return parse_qs(urlsplit(result["redirect"]).query)["code"][0]


class Sns:
    """The /sns calls of one account."""

    def __init__(self, api) -> None:
        self.api = api

    def __call__(self, path: str, **query: str) -> dict[str, Any]:
        # As text/plain without a charset: who believes that header reads Chinese names as Latin-1.
        return json.loads(self.api.raw("GET", f"/sns/{path}", params=query).content)

    def exchange(self, code: str, /, **changes: str) -> dict[str, Any]:
        account = self.api.account
        query = {"appid": account["app_id"], "secret": account["app_secret"], "code": code}
        return self("oauth2/access_token", **(query | {"grant_type": "authorization_code"} | changes))

    def refresh(self, refresh_token: str, **changes: str) -> dict[str, Any]:
        query = {"appid": self.api.account["app_id"], "grant_type": "refresh_token"}
        return self("oauth2/refresh_token", **(query | {"refresh_token": refresh_token} | changes))


@pytest.fixture
def sns(api) -> Sns:
    return Sns(api)


@pytest.mark.parametrize(
    ("domains", "address", "accepted"),
    [
        (["www.qq.com"], "http://www.qq.com/a/b?c=d", True),
        (["www.qq.com"], "https://www.qq.com/", True),
        (["www.qq.com"], "http://WWW.QQ.COM/", True),
        (["www.qq.com"], "http://pay.www.qq.com/", False),
        (["www.qq.com"], "http://qq.com/", False),
        (["www.qq.com"], "http://music.qq.com/", False),
        (["www.qq.com"], "http://www.qq.com.evil.example/", False),
        (["www.qq.com"], "http://www.qq.com@evil.example/", False),
        (["www.qq.com"], "http://www.qq.com:1@evil.example/", False),
        (["www.qq.com"], "ftp://www.qq.com/", False),
        (["www.qq.com"], "www.qq.com/", False),
        (["www.qq.com"], "http://www.qq.com/\r\nSet-Cookie: a=b", False),
        (["127.0.0.1:8080"], "http://127.0.0.1:8080/", True),
        (["127.0.0.1:8080"], "http://127.0.0.1:8081/", False),
        (["a.example", "b.example"], "http://b.example/", True),
    ],
)
def test_rule_25_the_host_must_be_exactly_a_configured_one(
    start: Callable[..., Sandbox], domains: list[str], address: str, accepted: bool
) -> None:
    options = [option for domain in domains for option in ("--web-domain", domain)]
    sandbox = start(*options)
    result = sandbox.authorize(sandbox.add_user("a"), link(redirect_uri=address))
    assert ("redirect" in result) is accepted
    if not accepted:
        assert result["page_error"] == 10003


def test_rule_25_a_domain_is_saved_only_with_its_proof(sandbox: Sandbox, server: CallbackServer) -> None:
    sandbox.settings(prove_domains="always")
    account = sandbox.state()["account"]
    host = urlsplit(server.url).netloc
    server.verification = lambda received: Answer("somebody else's")
    with pytest.raises(AssertionError, match="must answer 200 with the text"):
        sandbox.settings(web_domains=[host])
    assert sandbox.state()["account"]["web_domains"] == account["web_domains"]
    server.verification = lambda received: Answer(account["verify_text"])
    assert re.fullmatch(r"MP_verify_[0-9a-zA-Z]{16}\.txt", account["verify_file"])
    sandbox.settings(web_domains=[host])
    assert server.received[-1].path == f"/{account['verify_file']}"
    assert sandbox.authorize(sandbox.add_user("a"), link())["page_error"] == 10003
    with pytest.raises(AssertionError, match="at most 2"):
        sandbox.settings(web_domains=["a", "b", "c"])


def test_rule_25_a_loopback_domain_and_a_test_account_need_no_proof(sandbox: Sandbox) -> None:
    sandbox.settings(web_domains=["127.0.0.1:1", "localhost:2"])
    with pytest.raises(AssertionError, match="400"):
        sandbox.settings(web_domains=["nobody.invalid"])
    sandbox.settings(kind="test", web_domains=["nobody.invalid"])
    sandbox.settings(kind="service-verified", prove_domains="never", web_domains=["also.invalid"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"appid": ""}, 10012),
        ({"scope": ""}, 10010),
        ({"redirect_uri": ""}, 10011),
        ({"scope": "snsapi_login"}, 10005),
        ({"response_type": ""}, 10003),
        ({"response_type": "token"}, 10003),
    ],
)
def test_rule_26_what_is_missing_is_a_page_error(
    start: Callable[..., Sandbox], changes: dict[str, str], code: int
) -> None:
    sandbox = start()
    assert sandbox.authorize(sandbox.add_user("a"), link(**changes))["page_error"] == code


def test_rule_26_accounts_without_the_scope_and_test_accounts(start: Callable[..., Sandbox]) -> None:
    for kind in ("subscription", "subscription-verified", "service"):
        sandbox = start("--account-kind", kind)
        assert sandbox.authorize(sandbox.add_user("a"), link())["page_error"] == 10005
    sandbox = start("--account-kind", "test")
    assert sandbox.authorize(sandbox.add_user("stranger"), link())["page_error"] == 10006
    assert "redirect" in sandbox.authorize(sandbox.add_user("follower", subscribed=True), link())


class Browser:
    """A web view, with the cookies of `api`'s session; it follows no redirects by itself."""

    def __init__(self, api) -> None:
        self.api = api

    def own(self, openid: str) -> None:
        self.api.raw("POST", "/_sandbox/webview", json={"openid": openid})

    def open(self, url: str) -> Any:
        parts = urlsplit(url)
        return self.api.raw("GET", f"{parts.path}?{parts.query}")

    def answer(self, page: str, decision: str) -> Any:
        found = re.search(r'name="request" value="([^"]+)"', page)
        assert found, page
        data = {"request": found.group(1), "decision": decision}
        return self.api.raw("POST", "/connect/oauth2/consent", data=data)


@pytest.fixture
def browser(api) -> Browser:
    return Browser(api)


def test_rule_26_outside_wechat_there_is_only_a_notice(browser: Browser) -> None:
    page = browser.open(link())
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "请在微信客户端打开链接" in page.text


def test_rule_26_page_errors_name_their_code(browser: Browser, visitor: str) -> None:
    browser.own(visitor)
    page = browser.open(link(redirect_uri="http://evil.example/<script>"))
    assert "10003" in page.text
    assert "<script>" not in page.text.replace('<script type="module"', "")


def test_rule_27_base_redirects_silently(browser: Browser, visitor: str) -> None:
    browser.own(visitor)
    answer = browser.open(link())
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(SITE + "&code=")


def test_rule_27_userinfo_asks_once_and_then_is_silent_for_a_while(
    sandbox: Sandbox, browser: Browser, visitor: str
) -> None:
    browser.own(visitor)
    page = browser.open(link(scope="snsapi_userinfo"))
    assert page.status_code == 200
    assert "访客" in page.text
    assert "沙盒公众号" in page.text
    answer = browser.answer(page.text, "allow")
    assert (answer.status_code, "code=" in answer.headers["Location"]) == (302, True)
    assert browser.open(link(scope="snsapi_userinfo")).status_code == 302
    assert browser.open(link(scope="snsapi_userinfo", forcePopup="true")).status_code == 200
    sandbox.clock(86400)
    assert browser.open(link(scope="snsapi_userinfo")).status_code == 200


def test_rule_27_a_refusal_goes_nowhere(browser: Browser, visitor: str) -> None:
    browser.own(visitor)
    answer = browser.answer(browser.open(link(scope="snsapi_userinfo")).text, "refuse")
    assert (answer.status_code, "Location" in answer.headers) == (200, False)
    assert browser.open(link(scope="snsapi_userinfo")).status_code == 200


def test_rule_27_a_refusal_ends_an_earlier_agreement(
    sandbox: Sandbox, browser: Browser, visitor: str
) -> None:
    """Lately agreed, the page opens silently; who has been asked again and refuses will be asked again."""
    browser.own(visitor)
    userinfo = link(scope="snsapi_userinfo")
    browser.answer(browser.open(userinfo).text, "allow")
    browser.answer(browser.open(link(scope="snsapi_userinfo", forcePopup="true")).text, "refuse")
    assert browser.open(userinfo).status_code == 200
    assert "redirect" in sandbox.authorize(visitor, userinfo, "allow")
    assert "redirect" in sandbox.authorize(visitor, userinfo)
    refused = sandbox.authorize(visitor, userinfo, "refuse")
    assert refused == {"consent": {"decision": "refuse", "closed": True}}
    assert "consent" in sandbox.authorize(visitor, userinfo)
    # There is nothing to refuse where nobody is asked.
    assert "redirect" in sandbox.authorize(visitor, link(), "refuse")


def test_rule_27_a_consent_page_counts_once_and_for_its_visitor_only(
    sandbox: Sandbox, browser: Browser, visitor: str
) -> None:
    browser.own(visitor)
    page = browser.open(link(scope="snsapi_userinfo")).text
    other = browser.open(link(scope="snsapi_userinfo")).text
    assert browser.answer(page, "allow").status_code == 302
    assert browser.answer(page, "allow").status_code == 200
    browser.own(sandbox.add_user("别人"))
    assert browser.answer(other, "allow").status_code == 200


def test_rule_27_followers_can_be_let_in_silently(start: Callable[..., Sandbox]) -> None:
    sandbox = start("--consent", "silent-for-followers")
    userinfo = link(scope="snsapi_userinfo")
    assert "redirect" in sandbox.authorize(sandbox.add_user("follower", subscribed=True), userinfo)
    assert "consent" in sandbox.authorize(sandbox.add_user("stranger"), userinfo)


def test_the_control_api_decides_for_the_user(sandbox: Sandbox, visitor: str) -> None:
    userinfo = link(scope="snsapi_userinfo")
    asked = sandbox.authorize(visitor, userinfo)["consent"]
    assert (asked["nickname"], asked["account_name"], asked["closed"]) == ("访客", "沙盒公众号", False)
    assert sandbox.authorize(visitor, userinfo, "refuse")["consent"]["closed"] is True
    assert "code=" in sandbox.authorize(visitor, userinfo, "allow")["redirect"]
    with pytest.raises(AssertionError, match="url: must be an authorize link"):
        sandbox.authorize(visitor, "http://127.0.0.1:8080/")
    with pytest.raises(AssertionError, match="decision: must be"):
        sandbox.authorize(visitor, userinfo, "maybe")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://127.0.0.1/a", r"http://127\.0\.0\.1/a\?code=[\w-]+&state=abc123"),
        ("http://127.0.0.1/a?b=c%2Fd", r"http://127\.0\.0\.1/a\?b=c%2Fd&code=[\w-]+&state=abc123"),
        (
            "http://127.0.0.1/主页?a=b",
            r"http://127\.0\.0\.1/%E4%B8%BB%E9%A1%B5\?a=b&code=[\w-]+&state=abc123",
        ),
        ("http://127.0.0.1/a#top", r"http://127\.0\.0\.1/a\?code=[\w-]+&state=abc123#top"),
    ],
)
def test_rule_28_code_and_state_are_appended(
    sandbox: Sandbox, visitor: str, address: str, expected: str
) -> None:
    assert re.fullmatch(expected, sandbox.authorize(visitor, link(redirect_uri=address))["redirect"])


@pytest.mark.parametrize(("state", "accepted"), [("a" * 128, True), ("a" * 129, False), ("a-b", False)])
def test_rule_28_the_state_is_letters_and_digits(
    sandbox: Sandbox, visitor: str, state: str, accepted: bool
) -> None:
    assert ("redirect" in sandbox.authorize(visitor, link(state=state))) is accepted


def test_rule_28_a_strict_state_is_disputed_and_an_option(start: Callable[..., Sandbox]) -> None:
    sandbox = start("--lenient-state")
    redirect = sandbox.authorize(sandbox.add_user("a"), link(state="a-b_c.d/é"))["redirect"]
    assert parse_qs(urlsplit(redirect).query)["state"] == ["a-b_c.d/é"]


def test_rule_29_a_code_is_used_once(sandbox: Sandbox, visitor: str, sns: Sns) -> None:
    code = code_of(sandbox.authorize(visitor, link()))
    tokens = sns.exchange(code)
    assert set(tokens) == {"access_token", "expires_in", "refresh_token", "openid", "scope"}
    assert (tokens["openid"], tokens["scope"], tokens["expires_in"]) == (visitor, "snsapi_base", 7200)
    again = sns.exchange(code)
    assert again["errcode"] == 40163
    assert again["errmsg"].startswith("code been used, rid: ")


def test_rule_29_a_code_lives_five_minutes(sandbox: Sandbox, visitor: str, sns: Sns) -> None:
    early, late = (code_of(sandbox.authorize(visitor, link())) for _ in range(2))
    sandbox.clock(270)
    assert "openid" in sns.exchange(early)
    sandbox.clock(31)
    assert sns.exchange(late)["errcode"] == 42003


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"appid": "wx0000000000000000"}, 40013),
        ({"secret": ""}, 41004),
        ({"secret": "wrong"}, 40125),
        ({"grant_type": "client_credential"}, 40002),
        ({"code": ""}, 41008),
        ({"code": "unknown"}, 40029),
    ],
)
def test_rule_29_wrong_exchanges(sandbox: Sandbox, visitor: str, sns: Sns, changes, errcode: int) -> None:
    code = code_of(sandbox.authorize(visitor, link()))
    assert sns.exchange(code, **changes)["errcode"] == errcode
    assert "openid" in sns.exchange(code)


def test_rule_30_refreshing(sandbox: Sandbox, visitor: str, sns: Sns) -> None:
    tokens = sns.exchange(code_of(sandbox.authorize(visitor, link())))
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    sandbox.clock(7000)
    refreshed = sns.refresh(refresh)
    assert (refreshed["access_token"], refreshed["refresh_token"]) == (access, refresh)
    sandbox.clock(7000)
    assert sns("auth", access_token=access, openid=visitor)["errcode"] == 0
    sandbox.clock(300)
    assert sns("auth", access_token=access, openid=visitor)["errcode"] == 42001
    renewed = sns.refresh(refresh)
    assert (renewed["access_token"] == access, renewed["refresh_token"]) == (False, refresh)
    sandbox.clock(30 * 86400 - 14300 - 60)
    assert "errcode" not in sns.refresh(refresh)
    sandbox.clock(61)
    assert sns.refresh(refresh)["errcode"] == 42002


def test_rule_30_wrong_refreshes_and_tokens(sandbox: Sandbox, visitor: str, sns: Sns, api) -> None:
    tokens = sns.exchange(code_of(sandbox.authorize(visitor, link())))
    access = tokens["access_token"]
    assert sns.refresh("unknown")["errcode"] == 40030
    assert sns.refresh("")["errcode"] == 41003
    assert sns.refresh(tokens["refresh_token"], grant_type="code")["errcode"] == 40002
    assert sns("auth", access_token=access, openid="oOther")["errcode"] == 40003
    assert sns("auth", access_token=access)["errcode"] == 41009
    assert sns("auth", access_token="unknown", openid=visitor)["errcode"] == 40001
    # Neither side takes the other's token.
    assert sns("auth", access_token=api.token, openid=visitor)["errcode"] == 40001
    assert api.raw("GET", "/cgi-bin/menu/get", params={"access_token": access}).json()["errcode"] == 40001


def test_rule_30_userinfo_needs_its_scope(sandbox: Sandbox, visitor: str, sns: Sns) -> None:
    tokens = sns.exchange(code_of(sandbox.authorize(visitor, link())))
    answer = sns("userinfo", access_token=tokens["access_token"], openid=visitor)
    assert answer["errcode"] == 48001
    assert answer["errmsg"].startswith("api unauthorized, rid: ")


def test_rule_31_userinfo(sandbox: Sandbox, visitor: str, sns: Sns, api) -> None:
    code = code_of(sandbox.authorize(visitor, link(scope="snsapi_userinfo"), "allow"))
    tokens = sns.exchange(code)
    assert tokens["scope"] == "snsapi_userinfo"
    info = sns("userinfo", access_token=tokens["access_token"], openid=visitor, lang="zh_CN")
    assert (info["openid"], info["nickname"], info["sex"], info["privilege"]) == (visitor, "访客", 0, [])
    assert (info["province"], info["city"], info["country"]) == ("", "", "")
    assert "unionid" not in info
    avatar = api.raw("GET", urlsplit(info["headimgurl"]).path)
    assert (avatar.status_code, avatar.headers["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    assert "客" in avatar.text


def test_rule_31_unionid_only_with_an_open_platform(start: Callable[..., Sandbox], apis: Callable) -> None:
    sandbox = start("--open-platform")
    visitor, sns = sandbox.add_user("a"), Sns(apis(sandbox))
    tokens = sns.exchange(code_of(sandbox.authorize(visitor, link(scope="snsapi_userinfo"), "allow")))
    info = sns("userinfo", access_token=tokens["access_token"], openid=visitor)
    assert len(tokens["unionid"]) == 28
    assert info["unionid"] == tokens["unionid"]
    refreshed = sns.refresh(tokens["refresh_token"])
    assert "unionid" not in refreshed


def test_rule_31_d_a_silent_login_tells_no_unionid_where_the_setting_says_so(
    start: Callable[..., Sandbox], apis: Callable
) -> None:
    sandbox = start("--open-platform", "--base-without-unionid")
    visitor, sns = sandbox.add_user("a"), Sns(apis(sandbox))
    for scope, told in (("snsapi_base", False), ("snsapi_userinfo", True)):
        tokens = sns.exchange(code_of(sandbox.authorize(visitor, link(scope=scope), "allow")))
        assert ("unionid" in tokens) is told


def test_rule_31_openids_differ_between_accounts(start: Callable[..., Sandbox]) -> None:
    one, other = start(), start("--app-id", "wx0000000000000001")
    here, there = (sandbox.state()["users"][0]["openid"] for sandbox in (one, other))
    assert here != there
    assert re.fullmatch(r"o[\w-]{27}", here)


def test_rule_31_a_snapshot_has_a_virtual_identity(sandbox: Sandbox, visitor: str, sns: Sns) -> None:
    url = link(scope="snsapi_userinfo", forceSnapShot="true")
    tokens = sns.exchange(code_of(sandbox.authorize(visitor, url)))
    assert tokens["is_snapshotuser"] == 1
    assert tokens["openid"] != visitor
    info = sns("userinfo", access_token=tokens["access_token"], openid=tokens["openid"])
    assert info["nickname"] == "微信用户"


def test_rule_31_a_snapshots_picture_is_nobodys(sandbox: Sandbox, visitor: str, sns: Sns) -> None:
    url = link(scope="snsapi_userinfo", forceSnapShot="true")
    tokens = sns.exchange(code_of(sandbox.authorize(visitor, url)))
    info = sns("userinfo", access_token=tokens["access_token"], openid=tokens["openid"])
    assert info["headimgurl"] not in {user["avatar"] for user in sandbox.state()["users"]}
    assert requests.get(info["headimgurl"], timeout=60).status_code == 200


def test_rule_31_who_agreed_lately_gets_no_snapshot(sandbox: Sandbox, visitor: str, sns: Sns) -> None:
    sandbox.authorize(visitor, link(scope="snsapi_userinfo"), decision="allow")
    url = link(scope="snsapi_userinfo", forceSnapShot="true")
    tokens = sns.exchange(code_of(sandbox.authorize(visitor, url)))
    assert (tokens["openid"], tokens.get("is_snapshotuser")) == (visitor, None)


def test_rule_31_d_snapshots_come_first_where_the_setting_says_so(
    sandbox: Sandbox, visitor: str, sns: Sns
) -> None:
    sandbox.settings(snapshots=True)
    tokens = sns.exchange(code_of(sandbox.authorize(visitor, link(scope="snsapi_userinfo"))))
    assert tokens["is_snapshotuser"] == 1
    full = link(scope="snsapi_userinfo", forcePopup="true")
    tokens = sns.exchange(code_of(sandbox.authorize(visitor, full, decision="allow")))
    assert tokens["openid"] == visitor
