"""/login by a website app of the Open Platform, by HTTP: the jump, the embedded code, and strangers."""

import base64
import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.conftest import Served
from tests.launch import Sandbox
from tests.oauth.visitor import Phone, query
from tests.visiting import Later, MakePhone, Serve, facts

MakePc = Callable[..., requests.Session]


def settings(weixin: Sandbox, **more: Any) -> dict[str, Any]:
    account = weixin.state()["account"]
    return {
        "login_way": "website",
        "site_app_id": account["site_app_id"],
        "site_app_secret": account["site_app_secret"],
        "wxlogin_src": weixin.url + "/connect/zh_CN/htmledition/js/wxLogin.js",
    } | more


@pytest.fixture
def site(serve: Serve, weixin: Sandbox) -> Served:
    return serve(**settings(weixin))


def to_wechat(site: Served, pc: requests.Session, to: str = "/account") -> str:
    answer = pc.get(site.url + "/login", params={"go": "1", "to": to}, allow_redirects=False, timeout=60)
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def confirmed(weixin: Sandbox, openid: str, qrconnect: str) -> str:
    """Scan WeChat's page and agree; where the browser is sent back to."""
    page = requests.get(qrconnect.partition("#")[0], timeout=60).text
    found = re.search(r"/connect/qrcode/([\w-]+)", page)
    assert found, page
    uuid = found.group(1)
    weixin.call("POST", f"users/{openid}/login/scan", {"uuid": uuid})
    weixin.call("POST", f"users/{openid}/login/confirm", {"uuid": uuid})
    said = requests.get(
        f"{weixin.url}/connect/l/qrconnect", params={"uuid": uuid, "last": "404"}, timeout=60
    ).text
    code = re.search(r"wx_code='([^']+)'", said)
    assert code, said
    asked = query(qrconnect.partition("#")[0])
    return f"{asked['redirect_uri']}?code={code.group(1)}&state={asked['state']}"


def test_the_button_keeps_the_whole_way_back(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox
) -> None:
    computer, phone = pc(), people()
    page = computer.get(site.url + "/account?change=1&x=2", timeout=60)
    found = re.search(r'class="button" href="([^"]+)"', page.text)
    assert found
    link = computer.get(site.url + unescape(found.group(1)), allow_redirects=False, timeout=60)
    back = confirmed(weixin, phone.openid, link.headers["Location"])
    done = computer.get(back, allow_redirects=False, timeout=60)
    assert done.headers["Location"] == site.url + "/account?change=1&x=2"


def test_the_whole_way(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox, log: pytest.LogCaptureFixture
) -> None:
    computer, phone = pc(), people("小明")
    assert "微信扫码登录" in computer.get(site.url + "/login?to=/account", timeout=60).text
    link = to_wechat(site, computer)
    state = query(link.partition("#")[0])["state"]
    back = quote(site.url + "/login", safe="")
    assert link == (
        f"{weixin.url}/connect/qrconnect?appid={site.config.site_app_id}&redirect_uri={back}"
        f"&response_type=code&scope=snsapi_login&state={state}#wechat_redirect"
    )
    done = computer.get(confirmed(weixin, phone.openid, link), allow_redirects=False, timeout=60)
    assert done.headers["Location"] == site.url + "/account"
    assert "小明" in computer.get(site.url + "/", timeout=60).text
    visitor = site.parts.site.visits.known_visitors.of(dict(computer.cookies))
    assert visitor
    assert (visitor.via, visitor.is_proven, visitor.nickname) == ("website", True, "小明")
    assert visitor.openid != phone.openid, "a website app's openid is its own"
    assert visitor.unionid
    assert facts(log, "bot.audit")[-1]["way"] == "website"


def bound(site: Served, phone: Phone, weixin: Sandbox, number: str = "13800138000") -> None:
    """Bind it on the phone, silently as /account does it."""
    page = phone.follow(phone.submit(phone.visit(site.url + "/account"), phone=number, do="send"))
    code = re.search(r"\d{6}", weixin.call("GET", "sms")["messages"][-1]["text"])
    assert code
    assert phone.submit(page, code=code.group(), do="verify").status_code == 303


def account_on_a_pc(site: Served, pc: requests.Session, phone: Phone, weixin: Sandbox) -> str:
    """Log in there, and read /account."""
    pc.get(confirmed(weixin, phone.openid, to_wechat(site, pc)), allow_redirects=False, timeout=60)
    return pc.get(site.url + "/account", timeout=60).text


def test_a_follower_who_bound_silently_is_found_by_the_website_app(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox
) -> None:
    weixin.settings(open_platform=True, base_without_unionid=True)
    phone = people()
    bound(site, phone, weixin)
    page = account_on_a_pc(site, pc(), phone, weixin)
    assert "+86 138****8000" in page
    assert 'value="unbind"' not in page


def test_who_bound_before_wechat_told_their_unionid_is_found_once_it_does(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox
) -> None:
    weixin.settings(open_platform=False)
    phone = people()
    bound(site, phone, weixin)
    weixin.settings(open_platform=True, base_without_unionid=True)
    assert "请在手机微信里打开公众号" in account_on_a_pc(site, pc(), phone, weixin)
    phone.visit(site.url + "/account")
    assert "请在手机微信里打开公众号" in account_on_a_pc(site, pc(), phone, weixin), (
        "a silent visit tells none"
    )
    phone.visit(site.url + "/")  # with the profile comes the unionid
    assert "+86 138****8000" in account_on_a_pc(site, pc(), phone, weixin)


def test_a_phone_is_bound_though_wechat_does_not_tell_the_unionid(
    site: Served, people: MakePhone, weixin: Sandbox
) -> None:
    weixin.faults([{"path": "/cgi-bin/user/info", "errcode": 48001}])
    phone = people()
    bound(site, phone, weixin)
    assert "+86 138****8000" in phone.visit(site.url + "/account").text


def reason(log: pytest.LogCaptureFixture) -> str:
    return str(facts(log, "bot.request")[-1]["result"])


def test_another_browser_gets_nothing(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox, log: pytest.LogCaptureFixture
) -> None:
    """Login CSRF: an attacker's own code and state, opened by a victim."""
    attacker, victim, fresh = pc(), pc(), pc()
    link = confirmed(weixin, people().openid, to_wechat(site, attacker))
    to_wechat(site, victim)
    assert victim.get(link, timeout=60).status_code == 403
    assert reason(log) == "foreign-state"
    assert fresh.get(link, timeout=60).status_code == 403
    assert reason(log) == "no-cookies"
    assert "session" not in {**victim.cookies, **fresh.cookies}


@pytest.mark.parametrize(
    ("back", "status", "result"),
    [
        ("?code=x", 403, "foreign-state"),
        ("?state=x", 403, "refused"),
        ("?code=x&state=unknown", 400, "old-state"),
        ("?code=x&state=" + "y" * 600, 403, "foreign-state"),
        ("?code=" + "x" * 600 + "&state=y", 403, "foreign-state"),
    ],
)
def test_what_is_not_wechats_answer_is_a_page_with_a_way_on(
    site: Served, pc: MakePc, log: pytest.LogCaptureFixture, back: str, status: int, result: str
) -> None:
    computer = pc()
    to_wechat(site, computer)
    answer = computer.get(site.url + "/login" + back, timeout=60)
    assert (answer.status_code, reason(log)) == (status, result)
    assert 'class="button" href="/login"' in answer.text


@pytest.mark.parametrize("back", ["", "&code=nonsense"])
def test_who_did_not_agree_or_brings_a_bad_code_begins_again_on_the_same_way(
    site: Served, pc: MakePc, back: str
) -> None:
    computer = pc()
    to = quote("/account?change=1&x=2", safe="")
    begun = computer.get(f"{site.url}/login?go=1&to={to}", timeout=60, allow_redirects=False)
    state = query(begun.headers["Location"].partition("#")[0])["state"]
    answer = computer.get(f"{site.url}/login?state={state}{back}", timeout=60)
    assert answer.status_code in (400, 403)
    assert f'class="button" href="/login?to={to}"' in answer.text


def test_a_state_or_code_of_the_accounts_own_pages_is_none_here(
    site: Served, people: MakePhone, pc: MakePc, log: pytest.LogCaptureFixture
) -> None:
    phone = people()
    back = query(phone.back(site.url + "/"))
    answer = phone.open(f"{site.url}/login?code={back['code']}&state={back['state']}")
    assert (answer.status_code, reason(log)) == (400, "old-state")
    computer = pc()
    state = query(to_wechat(site, computer).partition("#")[0])["state"]
    answer = computer.get(f"{site.url}/login?code={back['code']}&state={state}", timeout=60)
    assert (answer.status_code, reason(log)) == (400, "bad-code")


def test_a_doubled_redirect_is_one_login(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox
) -> None:
    computer = pc()
    link = confirmed(weixin, people().openid, to_wechat(site, computer))
    answers = [computer.get(link, allow_redirects=False, timeout=60).status_code for _ in range(2)]
    assert answers == [302, 302]
    assert sum(call["path"] == "/sns/oauth2/access_token" for call in weixin.calls()) == 1


def test_who_goes_back_to_a_used_return_and_is_logged_in_reads_so(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox, later: Later
) -> None:
    computer = pc()
    link = confirmed(weixin, people("小明").openid, to_wechat(site, computer))
    computer.get(link, timeout=60)
    later(61)
    answer = computer.get(link, allow_redirects=False, timeout=60)
    assert answer.headers["Location"] == site.url + "/login"
    assert "小明" in computer.get(site.url + "/login", timeout=60).text
    computer.cookies.pop("session")
    assert computer.get(link, timeout=60).status_code == 400


@pytest.mark.parametrize("said", ["code=authdeny", "code=AuthDeny", "code=", "code=&reason=x", "code=%20"])
@pytest.mark.parametrize("has_state", [True, False])
def test_a_refusal_may_arrive_in_several_forms(
    site: Served, pc: MakePc, weixin: Sandbox, log: pytest.LogCaptureFixture, said: str, has_state: bool
) -> None:
    computer = pc()
    state = query(to_wechat(site, computer).partition("#")[0])["state"]
    answer = computer.get(f"{site.url}/login?{said}{'&state=' + state if has_state else ''}", timeout=60)
    assert (answer.status_code, reason(log)) == (403, "refused")
    assert not [call for call in weixin.calls() if call["path"].startswith("/sns/")]


def test_in_a_frame_it_first_breaks_out_with_the_code_unused(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox
) -> None:
    computer = pc()
    link = confirmed(weixin, people().openid, to_wechat(site, computer))
    page = computer.get(link, headers={"Sec-Fetch-Dest": "iframe"}, timeout=60)
    assert "window.top.location.replace" in page.text
    assert computer.get(link, allow_redirects=False, timeout=60).headers["Location"] == site.url + "/account"


# -- embedded


def options(page: str) -> dict[str, Any]:
    found = re.search(r'id="wxlogin-options">(.*?)</script>', page)
    assert found
    given: dict[str, Any] = json.loads(found.group(1))
    return given


def test_the_embedded_code_gets_wechats_options(serve: Serve, weixin: Sandbox, pc: MakePc) -> None:
    site, computer = serve(**settings(weixin, login_way="embedded")), pc()
    answer = computer.get(site.url + "/login?to=/account", timeout=60)
    given = options(answer.text)
    href = given.pop("href")
    assert base64.b64decode(href.removeprefix("data:text/css;base64,")).decode().count(".impowerBox") > 2
    state = given.pop("state")
    assert state.isalnum()
    assert given == {
        "self_redirect": False,
        "id": "wxlogin",
        "appid": site.config.site_app_id,
        "scope": "snsapi_login",
        "redirect_uri": quote(site.url + "/login", safe=""),
        "style": "black",
        "color_scheme": "light",
    }
    policy = answer.headers["Content-Security-Policy"]
    assert f"frame-src 'self' {weixin.url}" in policy
    assert weixin.url in policy.partition("script-src")[2].partition(";")[0]


def test_the_settings_change_the_options(serve: Serve, weixin: Sandbox, pc: MakePc) -> None:
    site = serve(
        **settings(
            weixin,
            login_way="embedded",
            wxlogin_style="white",
            wxlogin_stylelite=True,
            wxlogin_fast=False,
            wxlogin_color_scheme="dark",
            wxlogin_self_redirect=True,
        )
    )
    computer = pc()
    computer.headers["Accept-Language"] = "en-GB,en;q=0.9"
    given = options(computer.get(site.url + "/login", timeout=60).text)
    expected = {
        "style": "white", "stylelite": 1, "fast_login": 0, "color_scheme": "dark", "self_redirect": True,
        "lang": "en",
    }  # fmt: skip
    assert expected.items() <= given.items()
    assert "href" not in given, "it has no effect with stylelite"


@pytest.mark.parametrize("way", ["logout", "unsubscribe"])
def test_logging_out_everywhere_and_unsubscribing_reach_the_pc(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox, way: str
) -> None:
    """The website app knows the person by another openid; the unionid is the same."""
    weixin.set_callback(site.url + "/wechat")
    computer, phone = pc(), people("小明")
    weixin.settings(open_platform=True)
    phone.visit(site.url + "/")  # with the profile comes the unionid
    computer.get(confirmed(weixin, phone.openid, to_wechat(site, computer)), timeout=60)
    assert site.parts.site.visits.known_visitors.of(dict(computer.cookies))
    if way == "logout":
        phone.submit(phone.visit(site.url + "/logout"), everywhere="yes")
    else:
        weixin.call("POST", f"users/{phone.openid}/unsubscribe", {})
    assert site.parts.site.visits.known_visitors.of(dict(computer.cookies)) is None
