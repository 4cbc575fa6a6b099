"""The server of `python -m bot`: its loop, its workers, and what they do when something goes wrong."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from bench.account import Account
from bot.server import application
from bot.server.wsgi_bridge import Receive, Scope, Send
from tests import on_loop
from tests.conditions import until
from tests.launch import ROOT, Bot, Sandbox, bot_env

pytestmark = pytest.mark.slow

# These settings make every handler count as quick, also on a slow machine. test_handler_threads.py tests
# which ones are.
HANDLERS = """
import pathlib, resource, threading, time
from bot.server import handler_threads
from bot.chat import on
from bot.chat.wording import Wording

handler_threads._QUICK_SECONDS = handler_threads._STALL_SECONDS = 600
resource.getrusage = lambda who: resource.struct_rusage([0] * 16)

def wait(chat):
    pathlib.Path("inside").touch()
    end = time.monotonic() + 60
    while not pathlib.Path("go").exists() and time.monotonic() < end:
        time.sleep(0.01)  # until the test makes the file
    return "waited"

def where(chat):
    return f"{chat.message.content} {threading.current_thread().name}"

CHAT = [on.text("wait", wait), on.message("text", where)]
PAGES = []
MENU = {"button": [{"type": "view", "name": "home", "page": "/"}]}
WORDING = Wording(sorry="sorry", still_working="still working", more="more", more_hint="more?")
"""


@pytest.fixture
def account() -> Iterator[Account]:
    account = Account(HANDLERS)
    yield account
    account.close()


def start(sandbox: Sandbox, account: Account, **settings: str) -> Bot:
    env = bot_env(sandbox) | account.env | {"BOT_STORE_URL": f"sqlite:///{account.folder}/bot.db"}
    bot = Bot(env | {f"BOT_{name}": value for name, value in settings.items()}, cwd=account.folder)
    sandbox.set_callback(bot.callback)
    return bot


def said(sandbox: Sandbox, openid: str) -> list[str]:
    return [bubble["content"] for bubble in sandbox.chat(openid) if bubble["from"] == "account"]


def workers(bot: Bot) -> set[int]:
    return {int(pid) for pid in Path(f"/proc/{bot.pid}/task/{bot.pid}/children").read_text().split()}


def test_a_handler_that_blocks_holds_up_nobody_and_a_quick_one_comes_to_the_loop(
    wechat: Sandbox, account: Account
) -> None:
    """One thread for handlers that are not known to be quick, and it is taken."""
    waiting, quick = (wechat.add_user(name, subscribed=True) for name in ("w", "q"))
    with start(wechat, account, THREADS="1"), ThreadPoolExecutor(1) as pool:
        for n in range(52):
            wechat.send(quick, content=f"m{n}")
        blocked = pool.submit(wechat.send, waiting, content="wait")
        until(lambda: (account.folder / "inside").exists(), bool)
        wechat.send(quick, content="m52")
        assert said(wechat, waiting) == []
        (account.folder / "go").touch()
        blocked.result()
        until(lambda: said(wechat, waiting), lambda texts: texts == ["waited"])
        texts = said(wechat, quick)
    assert [text.split()[0] for text in texts] == [f"m{n}" for n in range(53)]
    on_the_loop = ["handler" not in text for text in texts]
    assert on_the_loop[0] is False
    assert on_the_loop[-1] is True


def test_many_wait_at_once_and_a_quick_message_finds_its_way(wechat: Sandbox, account: Account) -> None:
    """Retries of a message that runs wait for it: forty of them, where there are two threads."""
    openid = wechat.add_user("q", subscribed=True)
    others = [wechat.add_user(f"w{n}", subscribed=True) for n in range(40)]
    with start(wechat, account, THREADS="2"), ThreadPoolExecutor(40) as pool:
        for n in range(60):
            wechat.send(openid, content=f"m{n}")
        waiting = [pool.submit(wechat.send, other, content="wait") for other in others]
        until(lambda: (account.folder / "inside").exists(), bool)
        (delivery,) = wechat.send(openid, content="m60")["deliveries"]
        assert delivery["outcome"] == "reply"
        (account.folder / "go").touch()
        for one in waiting:
            one.result()
        for other in others:
            until(lambda other=other: said(wechat, other), lambda texts: texts == ["waited"])


def test_a_worker_that_is_killed_is_replaced_and_its_connections_are_not_refused(
    wechat: Sandbox, account: Account
) -> None:
    openid = wechat.add_user("u", subscribed=True)
    with start(wechat, account, WORKERS="2") as bot:
        first = workers(bot)
        os.kill(min(first), signal.SIGKILL)
        for n in range(8):
            wechat.send(openid, content=f"m{n}")
        until(lambda: workers(bot), lambda now: len(now) == 2 and now != first)
        until(lambda: said(wechat, openid), lambda texts: len(texts) == 8)
        assert {text.split()[0] for text in said(wechat, openid)} == {f"m{n}" for n in range(8)}
    assert bot.stop() == 0


def test_workers_end_with_their_parent(wechat: Sandbox, account: Account) -> None:
    with start(wechat, account, WORKERS="2") as bot:
        orphans = workers(bot)
        bot.kill()
        until(lambda: [pid for pid in orphans if Path(f"/proc/{pid}").exists()], lambda left: not left)


def one_worker(application: str, then: str = "") -> "subprocess.CompletedProcess[str]":
    """What became of a parent of one worker. `application` defines what it serves, `app`."""
    program = (
        "import os, sys, threading, time\nfrom bot.server import sockets, supervisor\n"
        f"{application}\nsupervisor._APPLICATION = app\n"
        "all_of_them = supervisor.Supervisor([sockets.listen('127.0.0.1', 0)], 1, 5, print)\n"
        f"all_of_them.start()\n{then}\nsys.exit(all_of_them.watch())"
    )
    argv = [sys.executable, "-c", program]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_a_worker_that_cannot_start_ends_the_server() -> None:
    done = one_worker("app = 'bot.nowhere:application'")
    assert done.returncode == 1
    assert "a worker died as soon as it had started" in done.stdout


def test_a_proxy_of_the_environment_is_not_asked_for_our_own_port(wechat: Sandbox, account: Account) -> None:
    env = bot_env(wechat) | account.env | {"http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
    with Bot(env | {"BOT_STORE_URL": f"sqlite:///{account.folder}/bot.db"}, cwd=account.folder) as bot:
        assert bot.stop() == 0


def test_workers_that_are_killed_at_once_are_not_begun_in_a_hurry() -> None:
    killed = (
        "async def app(scope, receive, send): os.kill(os.getpid(), 9)\n"
        "begun, begin = [], supervisor.Supervisor._begin\n"
        "def noted(self, its_socket):\n"
        "    begun.append(time.monotonic())\n"
        "    begin(self, its_socket)\n"
        "supervisor.Supervisor._begin = noted"
    )
    then = (
        "def later():\n"
        "    while len(begun) < 3: time.sleep(0.01)  # until the supervisor has started three\n"
        "    print(*begun[:3]); all_of_them.give_up()\n"
        "threading.Thread(target=later).start()"
    )
    done = one_worker(killed, then)
    first, second, third = map(float, done.stdout.split())
    assert second - first > 0.99
    assert third - second > 0.99


def test_who_gives_up_ends_all_workers_with_status_1() -> None:
    lives = (
        "async def app(scope, receive, send):\n"
        "    for what in ('startup', 'shutdown'):\n"
        "        await receive(); await send({'type': f'lifespan.{what}.complete'})\n"
    )
    done = one_worker(lives, "all_of_them.give_up()")
    assert (done.returncode, done.stderr) == (1, "")


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

    server = application.AsgiApplication("/wechat", None, nobody)  # type: ignore[arg-type]  # neither is reached
    scope: Scope = {"type": "http", "method": "POST", "path": "/wechat", "query_string": b""}
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
