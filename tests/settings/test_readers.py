"""Readers: a raw value becomes a checked one, or is refused in words."""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings.readers import (
    Reader,
    flag,
    host,
    host_of,
    list_of,
    listen_address,
    matching,
    number,
    one_of,
    parts,
    region,
    site,
    text,
    url,
)

SMALL = number(1, 64, int)
HOSTS = list_of(host, "hosts")
HEX = matching("[0-9a-f]*", "hex digits")


@pytest.mark.parametrize(
    ("read", "raw", "value"),
    [
        (text, " a ", "a"),
        (SMALL, "64", 64),
        (SMALL, 1, 1),
        (number(0, 1), "0.5", 0.5),
        (flag, True, True),
        (flag, " Yes ", True),
        (flag, "", False),
        (flag, 0, False),
        (one_of("a", "b"), "b", "b"),
        (HEX, " 0f ", "0f"),
        (HEX, "", ""),
        (url, " https://a.example/ ", "https://a.example"),
        (url, "https://a.example/wx/", "https://a.example/wx"),
        (url, "", ""),
        (site, "", ""),
        (site, "HTTPS://Bot.Example.COM:443/", "https://bot.example.com"),
        (site, "https://中文.cn", "https://xn--fiq228c.cn"),
        (site, "HTTPS://中文.CN:443/", "https://xn--fiq228c.cn"),
        (site, "https://中文.cn:8443", "https://xn--fiq228c.cn:8443"),
        (site, "https://中文。cn", "https://xn--fiq228c.cn"),
        (site, "https://微信.中文.cn.", "https://xn--vuqz89a.xn--fiq228c.cn"),
        (site, "https://XN--FIQ228C.cn", "https://xn--fiq228c.cn"),
        (site, "https://Bücher.example", "https://xn--bcher-kva.example"),
        (site, "https://faß.de", "https://xn--fa-hia.de"),
        (site, "https://a.example.", "https://a.example"),
        (site, "https://a.example.:8443/", "https://a.example:8443"),
        (url, "https://静态.cn/js/微信.js", "https://xn--t7tw54j.cn/js/微信.js"),
        (url, "https://user@中文.cn:1/x/", "https://user@xn--fiq228c.cn:1/x"),
        (url, "https://a.example/中文", "https://a.example/中文"),
        (HOSTS, "中文.cn, M.Example.com", "xn--fiq228c.cn, m.example.com"),
        (HOSTS, "中文.cn:8443,xn--fiq228c.cn.", "xn--fiq228c.cn:8443, xn--fiq228c.cn"),
        (HOSTS, "m.example.com:443, m.example.com:80", "m.example.com, m.example.com"),
        (listen_address, "localhost:80", "127.0.0.1:80"),
        (listen_address, "0.0.0.0:8080", "0.0.0.0:8080"),
        (listen_address, "[::1]:8080", "[::1]:8080"),
        (HOSTS, " a.example, b.example:8080 ", "a.example, b.example:8080"),
        (HOSTS, "", ""),
        (HOSTS, " , ", ""),
        (list_of(ipaddress.ip_network, "networks"), "127.0.0.1, 10.0.0.0/8", "127.0.0.1, 10.0.0.0/8"),
        (list_of(region, "countries"), "CN,HK", "CN,HK"),
    ],
)
def test_a_good_value_is_read(read: Reader, raw: Any, value: Any) -> None:
    found = read(raw)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("read", "raw", "problem"),
    [
        (text, None, "must be a text"),
        (SMALL, "two", "must be a number, not 'two'"),
        (SMALL, None, "must be a number, not None"),
        (SMALL, float("inf"), "must be a number, not inf"),
        (SMALL, 65, "must be between 1 and 64, not 65"),
        (number(0, 1), "nan", "must be between 0 and 1, not nan"),
        (flag, "perhaps", "must be true or false, not 'perhaps'"),
        (one_of("a", "b"), ["a"], r"must be one of a, b, not \['a'\]"),
        (HEX, "hunter2", "^must be hex digits$"),
        (HEX, "0\n0", "^must be hex digits$"),
        (url, "a.example", "without query"),
        (url, "https://a.example/?q=1", "without query"),
        (url, "https://[::1", "Invalid IPv6 URL"),
        (site, "https://a.example/bot", "must be scheme and host without a path"),
        (site, "https://a.example:x", "Port"),
        (site, "https://中文.cn:99999", "Port"),
        (site, "https://❤.cn", "xn--"),
        (site, "https://-中.cn", "xn--"),
        (url, "https://" + "中" * 70 + ".cn", "xn--"),
        (HOSTS, "❤.cn", "^must be hosts, commas between$"),
        (HOSTS, "中文.cn/x", "^must be hosts, commas between$"),
        (listen_address, "8080", "must be host:port"),
        (listen_address, "host:0", "must be host:port"),
        (listen_address, "host:²", "must be host:port"),
        (listen_address, "::1:8080", "must have brackets round an IPv6 address"),
        (HOSTS, "a.example, hunter2!", "^must be hosts, commas between$"),
        (list_of(region, "countries"), "CN, hk", "^must be countries, commas between$"),
    ],
)
def test_a_bad_value_is_refused_in_words(read: Reader, raw: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read(raw)


ALL = [text, SMALL, number(0, 1), flag, one_of("a"), HEX, url, site, listen_address, HOSTS]
RAW = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.lists(st.text())


@given(st.sampled_from(ALL), RAW)
def test_whatever_is_given_is_a_value_or_a_value_error(read: Reader, raw: Any) -> None:
    try:
        read(raw)
    except ValueError as error:
        assert str(error)  # noqa: PT017  no other error is right


@given(
    st.sampled_from([url, site, listen_address, HOSTS]),
    st.from_regex(r"(https?://)?[\w.\[\]:@中ß-]{0,12}(:\d{1,6})?[/,?#]?", fullmatch=True),
)
def test_a_value_that_was_read_is_read_as_itself(read: Reader, raw: str) -> None:
    try:
        value = read(raw)
    except ValueError:
        return
    assert read(value) == value


@given(st.lists(st.text(st.characters(exclude_characters=","), max_size=5)))
def test_parts_are_the_items_between_commas(items: list[str]) -> None:
    assert parts(",".join(items)) == tuple(item.strip() for item in items if item.strip())


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("https://Bot.Example.com:443/a", "bot.example.com"),
        ("http://bot.example.com:443", "bot.example.com:443"),
        ("http://[2001:DB8::1]:80", "[2001:db8::1]"),
        ("https://bot.example.com@evil.example", "bot.example.com@evil.example"),
        ("https://中文.CN:443/x", "xn--fiq228c.cn"),
        ("https://中文.cn@evil.example", "中文.cn@evil.example"),
        ("https://❤.cn", "❤.cn"),
    ],
)
def test_a_host_is_as_browsers_write_it(written: str, host: str) -> None:
    assert host_of(urlsplit(written)) == host
