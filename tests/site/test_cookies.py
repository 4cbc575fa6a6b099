"""Our cookies are found whatever stands beside them in the browser's Cookie header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.oauth.request import ASKED_COOKIE, BROWSER_COOKIE, SESSION_COOKIE
from bot.site.cookies import cookies_of
from tests.launch import Sandbox
from tests.oauth.conftest import PAGES
from tests.visiting import MakePhone, Serve

OURS = {SESSION_COOKIE: "s" * 32, BROWSER_COOKIE: "b" * 22, ASKED_COOKIE: "a" * 32}
# What other applications set on the same host, and what scripts make of it.
NEIGHBOURS = {
    "JSON": 'prefs={"theme":"dark"}',
    "JSON with blanks": 'prefs={"a": "b, c", "d": [1, 2]}',
    "one quote": 'a="',
    "a quote in the middle": 'a=b"c',
    "quotes that are not closed": 'a="b; c="d',
    "a semicolon in quotes": 'a="b;c"',
    "ours in quotes of another": 'a="b; session=forged"',
    "escaped quotes": r'a="b\"c"',
    "blanks": "a=b c d",
    "commas": "a=1,2, 3",
    "Chinese": "名字=小明".encode().decode("latin-1"),
    "Chinese as GBK": "名字=小明".encode("gbk").decode("latin-1"),
    "bytes": "a=" + bytes(range(128, 256)).decode("latin-1"),
    "control characters": "a=\x01\x7f",
    "percent signs": "a=%zz%",
    "no value": "a",
    "no value but an equals sign": "a=",
    "no name": "=a",
    "nothing": "",
    "only an equals sign": "=",
    "names that SimpleCookie refuses": "a[b]=1; a:b=2; (a)=3; a@b=4; a/b=5",
    "names that are reserved": "path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; secure; httponly; $Version=1",
    "names like ours": "Session=x; session2=y; xsession=z; session.id=w",
    "ours without a value": "session; browser; asked",
    "ours empty": "session=; browser=; asked=",
    "ours of another application": "session=eyJ1c2VyIjoxfQ; browser=Chrome; asked=1",
    "ours as JSON": 'session={"id": 1}; browser="Chrome"',
    "very many": "; ".join(f"c{number}=v{number}" for number in range(3000)),
    "a very long one": "a=" + "x" * 50_000,
}


@pytest.mark.parametrize("prefix", ["", "__Host-"])
@pytest.mark.parametrize("neighbour", NEIGHBOURS.values(), ids=NEIGHBOURS)
@pytest.mark.parametrize("separator", ["; ", ";", " ;\t"])
def test_our_cookies_are_found_beside_those_of_others(prefix: str, neighbour: str, separator: str) -> None:
    own = separator.join(f"{prefix}{name}={value}" for name, value in OURS.items())
    before_and_after = separator.join((neighbour, own, neighbour))
    for header in (f"{neighbour}{separator}{own}", f"{own}{separator}{neighbour}", before_and_after):
        found = cookies_of(header, prefix)
        assert {name: found.get(name) for name in OURS} == OURS


@given(st.lists(st.text(st.characters(max_codepoint=255, exclude_characters=";"))), st.integers(0, 9))
def test_any_bytes_beside_ours_are_read(others: list[str], place: int) -> None:
    own = [f"__Host-{name}={value}" for name, value in OURS.items()]
    others = [other for other in others if "__Host-" not in other]
    found = cookies_of("; ".join([*others[:place], *own, *others[place:]]), "__Host-")
    assert found == OURS


def test_only_cookies_with_the_prefix_are_read() -> None:
    assert cookies_of("session=a; __host-session=b; __Host-session=c", "__Host-") == {"session": "c"}


def test_a_page_may_set_any_value() -> None:
    assert cookies_of('a=%E4%B8%AD%3B; b="x y"', "") == {"a": "中;", "b": "x y"}


@pytest.mark.parametrize("public", ["", "https://127.0.0.1"])
@pytest.mark.parametrize("name", ["JSON", "one quote", "Chinese as GBK", "ours of another application"])
def test_a_login_ends_beside_cookies_of_others(
    serve: Serve, weixin: Sandbox, people: MakePhone, public: str, name: str
) -> None:
    phone = people("小红")
    site = serve(pages=PAGES, login_way="off", **({"public_url": public} if public else {}))
    jar: dict[str, str] = {}
    url = site.url + "/quiet"
    for _ in range(4):
        header = "; ".join([NEIGHBOURS[name], *(f"{key}={value}" for key, value in jar.items())])
        answer = phone.open(url, Cookie=header)
        lines = answer.raw.headers.getlist("Set-Cookie")
        jar |= dict(line.partition(";")[0].partition("=")[::2] for line in lines)
        if answer.status_code == 200:
            break
        target = answer.headers["Location"]
        at_wechat = target.startswith(weixin.url)
        url = (phone.agree(target) if at_wechat else target).replace(public or site.url, site.url)
    assert f"openid={phone.openid} proven=True" in answer.text
