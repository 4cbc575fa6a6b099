"""A callback URL that was typed wrongly into WeChat's console: still 404, and the log names the right
path."""

import logging
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
import requests
import web

from bot.site.application import WebApplication
from bot.site.callback_path import CallbackPathHint
from tests.conftest import Clock
from tests.visiting import Serve

SIGNED = "signature=0&timestamp=1&nonce=2"
NEAR = [
    "/wechat/",
    "/Wechat",
    "/WECHAT/",
    "//wechat",
    "/wechat//",
    "//Wechat//x",
    "/wechat/x",
    "/wechat.",
    "/wechat ",
]


def lines(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log.records if "[callback]" in record.getMessage()]


@pytest.mark.parametrize("path", NEAR)
@pytest.mark.parametrize("query", ["", SIGNED])
def test_a_path_near_the_callbacks_is_said_with_the_right_one(
    log: pytest.LogCaptureFixture, path: str, query: str
) -> None:
    CallbackPathHint().note(path, query)
    (line,) = lines(log)
    assert repr(path) in line
    assert "it is /wechat, " in line


@pytest.mark.parametrize("path", ["/", "/callback", "/api/wx", "/wechatx", "/index.php"])
def test_any_path_is_said_to_which_wechat_delivers(log: pytest.LogCaptureFixture, path: str) -> None:
    CallbackPathHint().note(path, "")
    assert lines(log) == []
    CallbackPathHint().note(path, f"x=1&{SIGNED}&openid=o1&encrypt_type=aes&msg_signature=3")
    (line,) = lines(log)
    assert "openid" not in line


def test_it_is_said_once_in_a_minute(log: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    hint = CallbackPathHint(clock)
    for path in NEAR:
        hint.note(path, SIGNED)
    assert len(lines(log)) == 1
    clock.advance(60)
    hint.note("/wechat/", "")
    assert len(lines(log)) == 2


def test_a_path_cannot_write_lines_of_its_own(log: pytest.LogCaptureFixture) -> None:
    CallbackPathHint().note("/wechat/\nERROR\u2028\x1b[2J" + "x" * 1000, "")
    (line,) = lines(log)
    assert line.isascii()
    assert line.isprintable()
    assert len(line) < 300


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_a_wrong_path_is_a_404_all_the_same(serve: Serve, log: pytest.LogCaptureFixture, method: str) -> None:
    site = serve()
    for path in ("/wechat/", "/Wechat", "/wechat/x"):
        url = f"{site.url}{path}?{SIGNED}"
        assert requests.request(method, url, data=b"<xml/>", timeout=60).status_code == 404
    (line,) = lines(log)
    assert "it is /wechat, " in line
    assert [record.levelno for record in log.records if "[callback]" in record.getMessage()] == [
        logging.WARNING
    ]


def test_two_slashes_are_a_404_too(log: pytest.LogCaptureFixture) -> None:
    """The tests' own server makes one of them."""

    class Site:
        def render(self, *_: Any, **__: Any) -> str:
            return "not found"

    app = WebApplication(Site(), [("/wechat", web.notfound)])  # type: ignore[arg-type]  # shows one page only
    environ: dict[str, Any] = {"PATH_INFO": "//wechat", "QUERY_STRING": ""}
    setup_testing_defaults(environ)
    answered: list[str] = []
    app.wsgifunc()(environ, lambda status, _: answered.append(status))
    assert answered == ["404 Not Found"]
    assert len(lines(log)) == 1
