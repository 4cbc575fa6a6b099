"""The worker processes: they are replaced when they die, more slowly if they die often, and end with their
parent, whatever they do."""

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
from bot.server.running_handlers import RunningHandlers
from tests.conditions import until
from tests.launch import ROOT, Bot, Sandbox, bot_env
from tests.server.own_account import start

pytestmark = pytest.mark.slow

HANDLERS = """
import os, pathlib, re, threading, time
from bot.chat import on
from bot.chat.wording import Wording

def inside(chat):
    with open("inside", "a") as file:
        file.write(chat.message.content + "\\n")

def block(chat):
    inside(chat)
    threading.Event().wait()

def compute(chat):
    inside(chat)
    re.fullmatch("(a+)+", 60 * "a" + "b")  # takes years, and never gives up the interpreter lock

def leave(chat):
    os._exit(7)

def echo(chat):
    return chat.message.content

CHAT = [
    on.text(re.compile("block.*"), block),
    on.text(re.compile("slow.*"), block, slow=True),
    on.text("loop", block, inline=True),
    on.text("compute", compute),
    on.text("leave", leave),
    on.text("leave inline", leave, inline=True),
    on.message("text", echo),
]
PAGES = []
MENU = {"button": [{"type": "view", "name": "home", "page": "/"}]}
WORDING = Wording(sorry="sorry", still_working="still working", more="more", more_hint="more?")
"""


@pytest.fixture
def account() -> Iterator[Account]:
    account = Account(HANDLERS)
    yield account
    account.close()


def said(sandbox: Sandbox, openid: str) -> list[str]:
    return [bubble["content"] for bubble in sandbox.chat(openid) if bubble["from"] == "account"]


def workers(bot: Bot) -> set[int]:
    return {int(pid) for pid in Path(f"/proc/{bot.pid}/task/{bot.pid}/children").read_text().split()}


def port_of(bot: Bot) -> int:
    return int(bot.url.rpartition(":")[2])


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
        assert set(said(wechat, openid)) == {f"m{n}" for n in range(8)}
    assert bot.stop() == 0


@pytest.mark.parametrize(
    "messages",
    [[], ["loop"], ["compute"], [f"block {n}" for n in range(20)], [f"slow {n}" for n in range(20)]],
    ids=["idle", "blocked loop", "interpreter lock held", "blocked threads", "blocked jobs"],
)
def test_workers_end_with_their_killed_parent_and_free_the_port(
    wechat: Sandbox, account: Account, messages: list[str]
) -> None:
    openids = [wechat.add_user(f"u{n}", subscribed=True) for n in range(len(messages))]
    with start(wechat, account, WORKERS="1") as bot, ThreadPoolExecutor(21) as pool:
        for openid, text in zip(openids, messages, strict=True):
            pool.submit(wechat.send, openid, content=text)
        if messages:
            until(lambda: (account.folder / "inside").exists())
            until(lambda: set((account.folder / "inside").read_text().split("\n")[:-1]) == set(messages))
        orphans = workers(bot)
        bot.kill()
        until(lambda: not [pid for pid in orphans if Path(f"/proc/{pid}").exists()])
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port_of(bot)))


@pytest.mark.parametrize("text", ["leave", "leave inline"])
def test_a_handler_that_ends_its_process_again_and_again_is_named_and_the_server_stays(
    wechat: Sandbox, account: Account, text: str
) -> None:
    senders = [wechat.add_user(f"u{n}", subscribed=True) for n in range(12)]
    culprit = wechat.add_user("culprit", subscribed=True)
    with start(wechat, account, WORKERS="2") as bot, ThreadPoolExecutor(13) as pool:
        leaving = pool.submit(wechat.send, culprit, content=text)
        sent = [pool.submit(wechat.send, one, content=f"m{n}") for n, one in enumerate(senders)]
        for one in [leaving, *sent]:
            one.result()

        def deaths() -> list[str]:
            return [line for line in bot.output if "handlers.leave" in line and "exit status 7" in line]

        until(lambda: len(deaths()) >= 3)  # the sandbox delivers a message three times
        until(lambda: len(workers(bot)) == 2)
        wechat.send(senders[0], content="after")
        until(lambda: "after" in said(wechat, senders[0]))
        assert requests.get(f"{bot.url}/healthz", timeout=60).text == "ok"
    assert bot.stop() == 0


def one_worker(application: str, then: str = "", count: int = 1) -> "subprocess.CompletedProcess[str]":
    """What became of a parent of `count` workers. `application` defines what they serve, `app`."""
    program = (
        "import os, sys, threading, time\nfrom bot.server import supervisor\n"
        "from bot.server.sockets import listen\n"
        f"{application}\nsupervisor._APPLICATION = app\n"
        f"sockets = [listen('127.0.0.1', 0) for _ in range({count})]\n"
        "all_of_them = supervisor.Supervisor(sockets, 1, 5, print)\n"
        f"all_of_them.start()\n{then}\nsys.exit(all_of_them.watch())"
    )
    argv = [sys.executable, "-c", program]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


LIVES = (
    "async def app(scope, receive, send):\n"
    "    for what in ('startup', 'shutdown'):\n"
    "        await receive(); await send({'type': f'lifespan.{what}.complete'})\n"
)


def test_a_worker_that_cannot_start_ends_the_server() -> None:
    done = one_worker("app = 'bot.nowhere:application'")
    assert done.returncode == 1
    assert "a worker died before it could serve" in done.stdout


CRASHES = "async def app(scope, receive, send): os.kill(os.getpid(), 9)\n"
CRASHES_LATER = LIVES + (
    "startup = supervisor._Server.startup\n"
    "async def then_end(self, sockets=None): await startup(self, sockets); os.kill(os.getpid(), SIGNAL)\n"
    "supervisor._Server.startup = then_end\n"
)


@pytest.mark.parametrize(
    ("app", "pauses"),
    [
        pytest.param(CRASHES, [0, 0.25, 0.5, 1, 2, 2, 2], id="before it serves"),
        pytest.param(CRASHES_LATER.replace("SIGNAL", "11"), [0, 0.25, 0.5, 1, 2, 2, 2], id="a fault in C"),
        pytest.param(CRASHES_LATER.replace("SIGNAL", "9"), [0] * 7, id="killed from outside"),
    ],
)
def test_workers_that_crash_often_are_begun_more_and_more_slowly(app: str, pauses: list[float]) -> None:
    noted = (
        "pauses, note = [], supervisor.Supervisor._note_death\n"
        "def noted(self, place, now):\n"
        "    note(self, place, now)\n"
        "    pauses.append(place.due - now)\n"
        "    place.due = now  # the test does not wait\n"
        "    if len(pauses) == 7: print(*pauses); self.give_up()\n"
        "supervisor.Supervisor._note_death = noted"
    )
    printed = one_worker(app + noted).stdout.splitlines()[-1].split()
    assert [round(float(pause), 2) for pause in printed] == pauses


def test_while_one_worker_serves_another_that_cannot_start_is_tried_again() -> None:
    starts = (
        "begun = []\n"
        "begin = supervisor.Supervisor._begin\n"
        "def noted(self, place):\n"
        "    begun.append(place)\n"
        "    supervisor._APPLICATION = app if len(begun) in (1, 4) else 'bot.nowhere:application'\n"
        "    while len(begun) == 2 and not begun[0].running.is_serving: time.sleep(0.01)  # until it serves\n"
        "    begin(self, place)\n"
        "    if len(begun) == 4: self.give_up()\n"
        "supervisor.Supervisor._begin = noted"
    )
    done = one_worker(LIVES + starts, count=2)
    assert done.stdout.count("a worker died (exit status 3)") == 2
    assert "before it could serve" not in done.stdout


def test_who_gives_up_ends_all_workers_with_status_1() -> None:
    done = one_worker(LIVES, "all_of_them.give_up()")
    assert (done.returncode, done.stderr) == (1, "")


def test_a_proxy_of_the_environment_is_not_asked_for_our_own_port(wechat: Sandbox, account: Account) -> None:
    env = bot_env(wechat) | account.env | {"http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
    with Bot(env | {"BOT_STORE_URL": f"sqlite:///{account.folder}/bot.db"}, cwd=account.folder) as bot:
        assert bot.stop() == 0


def test_the_names_of_running_handlers_are_seen_by_the_parent_after_a_fork() -> None:
    running = RunningHandlers()
    child = os.fork()
    if child == 0:
        running.begin_to_serve()
        running.note("text.ended", lambda: None)
        running.note("text.outer", running.note, "长" * 40, os._exit, 0)
    os.waitpid(child, 0)
    assert running.is_serving
    outer, long = running.names()
    assert outer == "text.outer"
    assert long.startswith("长" * 20)
    running.reset()
    assert (running.names(), running.is_serving) == ([], False)


def test_more_handlers_than_can_be_noted_run_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    running = RunningHandlers()
    running._free.clear()
    assert running.note("text.echo", lambda: running.names()) == []
