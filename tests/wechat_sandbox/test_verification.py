"""Saving a server URL (rule 1)."""

import hashlib
import threading

import pytest

from tests.launch import Sandbox
from tests.wechat_sandbox.callback import Answer, CallbackServer


def test_rule_01_one_get_signed_with_the_token(sandbox: Sandbox, server: CallbackServer) -> None:
    assert sandbox.set_callback(server.url) == {"ok": True}
    [received] = server.received
    assert received.method == "GET"
    assert set(received.query) == {"signature", "timestamp", "nonce", "echostr"}
    parts = sorted(
        [sandbox.state()["account"]["token"], received.query["timestamp"], received.query["nonce"]]
    )
    assert received.query["signature"] == hashlib.sha1("".join(parts).encode()).hexdigest()
    account = sandbox.state()["account"]
    assert (account["callback"], account["callback_ok"]) == (server.url, True)


def test_rule_01_a_query_of_the_url_stays(sandbox: Sandbox, server: CallbackServer) -> None:
    sandbox.set_callback(server.url + "?tenant=7")
    assert server.received[0].query["tenant"] == "7"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda echo: Answer(f"{echo}\n"), "nothing else"),
        (lambda echo: Answer(f'"{echo}"'), "nothing else"),
        (lambda echo: Answer(b"\xef\xbb\xbf" + echo.encode()), "nothing else"),
        (lambda echo: Answer(""), "nothing else"),
        (lambda echo: Answer(echo, status=201), "status 201"),
        (lambda echo: Answer("forbidden", status=403), "token"),
        (lambda echo: Answer(echo, hang_up=True), "closed without an answer"),
    ],
)
def test_rule_01_only_the_exact_echo_is_saved(
    sandbox: Sandbox, server: CallbackServer, answer, reason
) -> None:
    server.verification = lambda received: answer(received.query["echostr"])
    before = sandbox.state()["account"]["callback"]
    with pytest.raises(AssertionError, match=reason):
        sandbox.set_callback(server.url)
    assert sandbox.state()["account"]["callback"] == before


def test_rule_01_too_late_is_refused(hasty: Sandbox, server: CallbackServer) -> None:
    release = threading.Event()
    server.verification = lambda received: Answer(received.query["echostr"], hold=release)
    with pytest.raises(AssertionError, match=r"no answer within 2 s"):
        hasty.set_callback(server.url)
    release.set()


@pytest.mark.parametrize("url", ["", "wechat", "ftp://127.0.0.1/", "http://"])
def test_a_callback_must_be_a_web_address(sandbox: Sandbox, url: str) -> None:
    with pytest.raises(AssertionError, match="url: must be an absolute"):
        sandbox.set_callback(url)
