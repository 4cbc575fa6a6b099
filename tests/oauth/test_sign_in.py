"""A session begins: its cookies, and the end of the session before it."""

from collections.abc import Callable

import requests

from tests.conftest import Clock, MakeConfig, Served, as_account
from tests.launch import Sandbox
from tests.oauth.conftest import PAGES
from tests.oauth.visitor import Phone


def cookies_of(answer: requests.Response) -> dict[str, str]:
    lines = answer.raw.headers.getlist("Set-Cookie")
    return {line.partition("=")[0]: line for line in lines}


def test_cookies_are_hidden_from_scripts_and_other_sites(site: Served, phone: Phone) -> None:
    answer = phone.open(phone.back(site.url + "/"))
    cookies = cookies_of(answer)
    assert set(cookies) == {"session", "browser"}
    for line in cookies.values():
        words = {word.strip().lower() for word in line.split(";")}
        assert {"httponly", "samesite=lax", "path=/"} <= words
        assert "secure" not in words, "this site is http"
    assert "小刚" not in cookies["session"]
    assert phone.openid not in cookies["session"]


def test_cookies_of_an_https_site_are_secure(
    make_config: MakeConfig, wechat: Sandbox, wechat_clock: Clock
) -> None:
    account = as_account(wechat)
    with (
        Served(
            lambda url: make_config(**account, public_url="https://bot.example.com"), wechat_clock
        ) as site,
        requests.Session() as http_client,
    ):
        cookies = cookies_of(http_client.get(site.url + "/", allow_redirects=False, timeout=60))
    assert set(cookies) == {"__Host-browser", "__Host-asked"}
    for line in cookies.values():
        words = {word.strip().lower() for word in line.split(";")}
        assert {"secure", "path=/"} <= words
        assert not [word for word in words if word.startswith("domain")]


def test_a_neighbour_under_the_same_domain_cannot_put_in_their_cookies(
    make_config: MakeConfig, wechat: Sandbox, wechat_clock: Clock, make_phone: Callable[..., Phone]
) -> None:
    """A sibling subdomain can set `session` for the whole domain; browsers refuse it `__Host-session`."""
    account = as_account(wechat) | {"login_way": "off"}
    public = "https://127.0.0.1"
    with Served(lambda url: make_config(**account, public_url=public), wechat_clock, pages=PAGES) as site:
        attacker, victim = make_phone("攻击者"), make_phone("小红")

        def open_(phone: Phone, url: str, cookies: dict[str, str]) -> requests.Response:
            header = "; ".join(f"{name}={value}" for name, value in cookies.items())
            return phone.open(url.replace(public, site.url), Cookie=header)

        def logged_in(phone: Phone, tossed: dict[str, str]) -> dict[str, str]:
            answer = open_(phone, site.url + "/quiet", tossed)
            own = values_of(answer)
            return own | values_of(open_(phone, phone.agree(answer.headers["Location"]), own | tossed))

        stolen = logged_in(attacker, {})
        assert "proven=True" in open_(attacker, site.url + "/quiet", stolen).text
        tossed = {name.removeprefix("__Host-"): value for name, value in stolen.items()}
        assert open_(victim, site.url + "/quiet", tossed).status_code == 302, "nobody is logged in by them"
        own = logged_in(victim, tossed)
        assert victim.openid in open_(victim, site.url + "/quiet", own | tossed).text


def values_of(answer: requests.Response) -> dict[str, str]:
    lines = cookies_of(answer).values()
    return dict(line.partition(";")[0].partition("=")[::2] for line in lines)


def test_a_login_gets_a_session_of_its_own_and_ends_the_one_before(site: Served, phone: Phone) -> None:
    phone.visit(site.url + "/quiet")
    old = phone.http.cookies["session"]
    phone.visit(site.url + "/")
    assert phone.http.cookies["session"] != old
    stolen = requests.get(site.url + "/quiet", cookies={"session": old}, allow_redirects=False, timeout=60)
    assert stolen.status_code == 302
