"""The ASGI application of `python -m bot`: what it does when something goes wrong."""

import socket
from collections.abc import Iterator

import pytest
import requests

from bench.account import Account
from bot.server import application
from bot.server.wsgi_bridge import Receive, Scope, Send
from tests import on_loop
from tests.launch import Sandbox
from tests.server.own_account import start

pytestmark = pytest.mark.slow

HANDLERS = """
from bot.chat import on
from bot.chat.wording import Wording

CHAT = [on.message("text", lambda chat: chat.message.content)]
PAGES = []
MENU = {"button": [{"type": "view", "name": "home", "page": "/"}]}
WORDING = Wording(sorry="sorry", still_working="still working", more="more", more_hint="more?")
"""


@pytest.fixture
def account() -> Iterator[Account]:
    account = Account(HANDLERS)
    yield account
    account.close()


def test_half_a_body_is_refused() -> None:
    coming: list[Scope] = [
        {"type": "http.request", "body": b"<xml>", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Scope] = []

    async def receive() -> Scope:
        return coming.pop(0)

    async def send(message: Scope) -> None:
        sent.append(message)

    async def nobody(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError

    server = application.AsgiApplication("/wechat", None, nobody, lambda environ: "192.0.2.7")  # type: ignore[arg-type]  # neither is reached
    scope: Scope = {
        "type": "http", "http_version": "1.1", "scheme": "http", "method": "POST", "path": "/wechat",
        "raw_path": b"/wechat", "query_string": b"", "headers": [],
    }  # fmt: skip
    on_loop.run(server(scope, receive, send))
    assert sent[0]["status"] == 400


def test_what_is_not_http_or_too_large_is_refused(wechat: Sandbox, account: Account) -> None:
    with start(wechat, account) as bot:
        port = int(bot.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(b"nonsense\r\n\r\n")
            assert b" 400 " in connection.recv(1000)
        answer = requests.post(f"{bot.url}/wechat", data=b"x" * 2_000_000, timeout=60)
        assert (answer.status_code, answer.content) == (403, b"")
        assert requests.get(f"{bot.url}/healthz", timeout=60).text == "ok"
