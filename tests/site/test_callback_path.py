"""A callback URL that was typed wrongly into WeChat's console: still 404, and the log names the right
path."""

from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
import requests
import web

from bot.site.application import WebApplication, log_requests
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


def hints(log: pytest.LogCaptureFixture) -> list[str]:
    found = [getattr(record, "facts", {}).get("hint", "") for record in log.records]
    return [hint for hint in found if hint]


@pytest.mark.parametrize("path", NEAR)
@pytest.mark.parametrize("query", ["", SIGNED])
def test_a_path_near_the_callbacks_is_said_with_the_right_one(path: str, query: str) -> None:
    assert "the callback is /wechat, " in CallbackPathHint().facts(path, query)["hint"]


@pytest.mark.parametrize("path", ["/", "/callback", "/api/wx", "/wechatx", "/index.php"])
def test_any_path_is_said_to_which_wechat_delivers(path: str) -> None:
    assert CallbackPathHint().facts(path, "") == {}
    assert CallbackPathHint().facts(path, f"x=1&{SIGNED}&openid=o1&encrypt_type=aes&msg_signature=3")


def test_it_is_said_once_in_a_minute() -> None:
    clock = Clock()
    hint = CallbackPathHint(clock)
    assert [bool(hint.facts(path, SIGNED)) for path in NEAR] == [True] + [False] * (len(NEAR) - 1)
    clock.advance(60)
    assert hint.facts("/wechat/", "")


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_a_wrong_path_is_a_404_all_the_same(serve: Serve, log: pytest.LogCaptureFixture, method: str) -> None:
    site = serve()
    for path in ("/wechat/", "/Wechat", "/wechat/x"):
        url = f"{site.url}{path}?{SIGNED}"
        assert requests.request(method, url, data=b"<xml/>", timeout=60).status_code == 404
    assert len(hints(log)) == 1
    assert len([record for record in log.records if record.name == "bot.request"]) == 3, "a line for each"


def test_two_slashes_are_a_404_too(log: pytest.LogCaptureFixture) -> None:
    """The tests' own server makes one of them."""

    class Site:
        def render(self, *_: Any, **__: Any) -> str:
            return "not found"

    app = WebApplication(Site(), [("/wechat", web.notfound)])  # type: ignore[arg-type]  # shows one page only
    app.add_processor(log_requests(lambda environ: ""))
    environ: dict[str, Any] = {"PATH_INFO": "//wechat", "QUERY_STRING": ""}
    setup_testing_defaults(environ)
    answered: list[str] = []
    app.wsgifunc()(environ, lambda status, _: answered.append(status))
    assert answered == ["404 Not Found"]
    assert len(hints(log)) == 1
