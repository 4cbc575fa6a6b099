"""Which browser asks: its address behind proxies, its kind and name, its language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.oauth import browser

LOCAL = "127.0.0.1, ::1, 10.0.0.0/8"


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("198.51.100.1", "", "198.51.100.1"),
        ("198.51.100.1", "203.0.113.7", "198.51.100.1"),
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
        ("127.0.0.1", "203.0.113.7, nonsense", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", ",,,", "127.0.0.1"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("", "203.0.113.7", ""),
        ("unix:", "203.0.113.7", "unix:"),
        # with a port, in brackets, in quotes
        ("127.0.0.1", "198.51.100.7:4411", "198.51.100.7"),
        ("127.0.0.1", "6.6.6.6:1, 198.51.100.7:4411, 10.1.2.3:80", "198.51.100.7"),
        ("127.0.0.1:5000", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "[2001:db8::7]:4411", "2001:db8::7"),
        ("127.0.0.1", "[2001:DB8:0::7]", "2001:db8::7"),
        ("127.0.0.1", "2001:0db8::0007", "2001:db8::7"),
        ("127.0.0.1", '"[2001:db8::7]:4411"', "2001:db8::7"),
        ("[::1]:5000", "[2001:db8::7]:4411", "2001:db8::7"),
        # an IPv4 address in IPv6 form, as the client and as the proxy
        ("127.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "[::ffff:198.51.100.7]:4411", "198.51.100.7"),
        ("::ffff:127.0.0.1", "198.51.100.7, ::ffff:10.1.2.3", "198.51.100.7"),
        ("::ffff:198.51.100.1", "203.0.113.7", "198.51.100.1"),
        ("127.0.0.1", "::ffff:198.51.100.7:4411", "198.51.100.7"),
        ("127.0.0.1", "2001:db8:0:0:0:0:0:7:4411", "2001:db8::7"),
        # a zone
        ("127.0.0.1", "fe80::1%eth0", "fe80::1"),
        ("127.0.0.1", "[fe80::1%25eth0]:80", "fe80::1"),
        # blanks and empty parts
        ("127.0.0.1", " 198.51.100.7 ", "198.51.100.7"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.7, , 10.1.2.3,", "198.51.100.7"),
        ("127.0.0.1", "\t198.51.100.7:4411\t", "198.51.100.7"),
        # what a proxy does not tell stays untold: the part before it may be forged
        ("127.0.0.1", "6.6.6.6, unknown", "127.0.0.1"),
        ("127.0.0.1", "6.6.6.6, unknown, 10.1.2.3", "10.1.2.3"),
        ("127.0.0.1", "6.6.6.6, _hidden", "127.0.0.1"),
        # no addresses
        ("127.0.0.1", "6.6.6.6, 198.51.100.7:port", "127.0.0.1"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.777", "127.0.0.1"),
        ("127.0.0.1", "6.6.6.6, []:80", "127.0.0.1"),
        ("127.0.0.1", "6.6.6.6, [198.51.100.7", "127.0.0.1"),
        ("127.0.0.1", "6.6.6.6, 1", "127.0.0.1"),
    ],
)
def test_an_address_is_believed_from_our_own_proxies_only(peer: str, forwarded: str, seen: str) -> None:
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}
    assert browser.address(environ, LOCAL) == seen


WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"


@pytest.mark.parametrize(
    ("agent", "pc", "name"),
    [
        (WINDOWS, True, "Chrome · Windows"),
        (WINDOWS + " Edg/126.0", True, "Edge · Windows"),
        (MAC, True, "Safari · macOS"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", True, "Firefox · Linux"),
        (WINDOWS + " MicroMessenger/7.0.20.1781 WindowsWechat", False, "WeChat · Windows"),
        (IPHONE + " MicroMessenger/8.0.44", False, "WeChat · iPhone"),
        (IPHONE, False, "iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537.36", False, "Chrome · Android"),
        ("python-requests/2.32", False, ""),
        ("", False, ""),
        ("<script>alert(1)</script>", False, ""),
    ],
)  # fmt: skip
def test_a_browser_is_told_by_its_name(agent: str, pc: bool, name: str) -> None:
    environ = {"HTTP_USER_AGENT": agent}
    assert browser.is_pc(environ) is pc
    assert browser.name(environ) == name


def test_the_sandboxs_web_view_is_no_pc() -> None:
    assert not browser.is_pc({"HTTP_USER_AGENT": WINDOWS, "HTTP_SEC_FETCH_DEST": "iframe"})


@pytest.mark.parametrize(
    ("wished", "language"),
    [
        ("", "zh"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("en-US,en;q=0.9", "en"), ("fr-FR,fr;q=0.9", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"), ("fr,en;q=0.5", "en"), ("zh;q=0.4,en;q=0.6", "en"),
        ("en;q=0,zh;q=0.1", "zh"),
        ("en;q=0", "zh"), ("en;q=x", "zh"), ("EN", "en"), ("*", "zh"),
    ],
)  # fmt: skip
def test_the_language_is_the_first_wish_of_the_two(wished: str, language: str) -> None:
    assert browser.language({"HTTP_ACCEPT_LANGUAGE": wished}) == language


@given(st.text(), st.text(), st.text())
def test_any_header_is_read(agent: str, forwarded: str, wished: str) -> None:
    environ = {
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_USER_AGENT": agent,
        "HTTP_X_FORWARDED_FOR": forwarded,
        "HTTP_ACCEPT_LANGUAGE": wished,
    }
    assert browser.address(environ, LOCAL)
    assert browser.language(environ) in ("zh", "en")
    assert len(browser.name(environ)) < 40


def test_visitors_behind_a_proxy_that_adds_ports_have_limits_of_their_own() -> None:
    seen = {
        browser.address(
            {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": f"198.51.100.{n}:{4000 + n}"}, LOCAL
        )
        for n in range(200)
    }
    assert len(seen) == 200


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::10", "2001:db8:1:2::/64"),
        ("2001:0db8:1:2:ffff::20", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("203.0.113.7:4411", "203.0.113.7"),
        ("[2001:db8:1:2::10]:80", "2001:db8:1:2::/64"),
        ("unix:", "unix:"),
        ("2001:db8:1:3::10", "2001:db8:1:3::/64"),
        ("", ""),
    ],
)
def test_limits_count_ipv6_by_its_64(address: str, seen: str) -> None:
    assert browser.network(address) == seen
