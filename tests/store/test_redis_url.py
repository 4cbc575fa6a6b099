"""The URL of a store in Redis: what it means, and that its faults are named without a piece of the
password."""

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import load_config
from bot.errors import ConfigError
from bot.store.redis_url import RedisUrl

HOST = ("redis.example.com", 6379)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("redis://redis.example.com", RedisUrl((HOST,))),
        ("redis://my_redis:6380/3", RedisUrl((("my_redis", 6380),), database=3)),
        ("redis://[::1]:6380/3", RedisUrl((("::1", 6380),), database=3)),
        ("redis://redis.example.com?db=3", RedisUrl((HOST,), database=3)),
        ("redis://:a%23b%2Fc%25@redis.example.com/0", RedisUrl((HOST,), password="a#b/c%")),
        ("redis://bot:a:b@redis.example.com/", RedisUrl((HOST,), username="bot", password="a:b")),
        (
            "redis://redis.example.com?username=bot&password=a%26b+c",
            RedisUrl((HOST,), username="bot", password="a&b+c"),
        ),
        (
            "rediss://redis.example.com/0?ssl_ca_certs=/etc/ca.pem&ssl_check_hostname=no",
            RedisUrl((HOST,), is_tls=True, tls={"ssl_ca_certs": "/etc/ca.pem", "ssl_check_hostname": False}),
        ),
        ("unix:///run/redis@1.sock", RedisUrl(socket="/run/redis@1.sock")),
        ("unix://:pw@/run/r.sock?db=2", RedisUrl(socket="/run/r.sock", password="pw", database=2)),
        (
            "redis+sentinel://:pw@a,b:26380/mymaster/1?sentinel_password=x",
            RedisUrl((("a", 26379), ("b", 26380)), "mymaster", "", 1, password="pw", sentinel_password="x"),
        ),
        ("rediss+sentinel://a/mymaster", RedisUrl((("a", 26379),), "mymaster", is_tls=True)),
    ],
)
def test_a_url_is_read(text: str, wanted: RedisUrl) -> None:
    assert RedisUrl.parse(text) == wanted


@pytest.mark.parametrize(
    "scheme", ["redis://{}host:6379/0", "unix://{}/run/redis.sock", "redis+sentinel://{}a,b/m/0"]
)
@pytest.mark.parametrize(
    "login",
    [
        ":hun#zwei",
        ":hun/zwei",
        ":hun?zwei",
        ":hun@zwei",
        ":hun%zwei",
        ":hun zwei",
        "bot:hun#zwei",
        "bot:hun/zwei?a=1#@zwei",
        ":hun%ffzwei",
    ],
)
def test_a_password_that_is_not_encoded_is_refused_and_not_quoted(scheme: str, login: str) -> None:
    with pytest.raises(ValueError, match="percent-encode the password") as error:
        RedisUrl.parse(scheme.format(login + "@"))
    assert not re.search("hun|zwei", str(error.value))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("redis://", "no host"),
        ("redis:///0", "no host"),
        ("redis://:hunter@/0", "no host"),
        ("redis+sentinel://a,,b/m", "no host"),
        ("redis://host:hunter", "port from 1 to 65535"),
        ("redis://host:0", "port from 1 to 65535"),
        ("redis://host:65536", "port from 1 to 65535"),
        ("redis://host:/0", "port from 1 to 65535"),
        ("redis://[::1", "neither a name nor an address"),
        ("redis://[hunter]", "neither a name nor an address"),
        ("redis://a,b/0", "neither a name nor an address"),
        ("redis://host/hunter", "number of a database"),
        ("redis://host/-1", "number of a database"),
        ("redis://host/0/1", "number of a database"),
        ("redis://host?db=hunter", "number of a database"),
        ("redis+sentinel://a,b", "name of the master"),
        ("redis://hunter@host", "colon before the password"),
        ("redis://bot:@host", "user without a password"),
        ("unix://", "no path of a socket"),
        ("redis://host?hunter", "not name=value"),
        (
            "redis://host?decode_responses=True",
            "the option decode_responses, which this kind of URL does not",
        ),
        ("redis://host?socket_timeout=9", "the option socket_timeout"),
        ("rediss://host?ssl_ca_cert=/x", "did you mean ssl_ca_certs"),
        ("redis://host?ssl_ca_certs=/x", "the option ssl_ca_certs"),
        ("redis://host?db=1&db=2", "more than once"),
        ("rediss://host?ssl_check_hostname=hunter", "ssl_check_hostname=true"),
    ],
)
def test_a_fault_is_named_and_not_quoted(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as error:
        RedisUrl.parse(text)
    assert "hunter" not in str(error.value)


@given(st.text(min_size=8, max_size=20))
def test_an_encoded_password_is_what_it_was(password: str) -> None:
    assert RedisUrl.parse(f"redis://:{quote(password, safe='')}@host").password == password


@given(st.text(alphabet="ab#/@?%:[]&= 0", min_size=3, max_size=12))
def test_a_raw_password_is_read_as_it_is_or_refused(password: str) -> None:
    try:
        url = RedisUrl.parse(f"redis://:{password}@redis.example.com:6379/0")
    except ValueError:
        return
    assert url.nodes == (HOST,)
    assert url.database == 0
    if "%" not in password:
        assert url.password == password


def test_the_password_is_in_no_representation() -> None:
    assert "hunter" not in repr(RedisUrl.parse("redis+sentinel://:hunter@a/m?sentinel_password=hunter"))


def test_the_settings_name_the_fault() -> None:
    with pytest.raises(ConfigError) as error:
        load_config(env={"BOT_STORE_URL": "redis://:hun#zwei@host/0"})
    assert [fault for fault in error.value.faults if fault.startswith("STORE_URL has a # or a space")]
