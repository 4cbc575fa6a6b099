"""A handler that blocks holds up nobody but its own user: other messages and pages are answered meanwhile.

The blocked handlers wait until the test lets them go on. Everything else is answered before.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from bench.account import Account
from tests.conditions import until
from tests.conftest import RedisServer
from tests.launch import Bot, Sandbox, bot_env

pytestmark = pytest.mark.slow

HANDLERS = """
import os, re
from bot.chat import on
from bot.chat.wording import Wording

def note(text):
    descriptor = os.open("inside", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (text + "\\n").encode())
    os.close(descriptor)

def sometimes(chat):
    if chat.message.content.startswith("block"):
        note(chat.message.content)
        open("gate").close()  # a named pipe: waits until the test opens its other end
    return chat.message.content

class Page:
    def GET(self):
        return "a page"

CHAT = [on.text(re.compile("block slow.*"), sometimes, slow=True), on.message("text", sometimes)]
PAGES = [("/page", Page)]
MENU = {"button": [{"type": "view", "name": "home", "page": "/"}]}
WORDING = Wording(sorry="sorry", still_working="still working", more="more", more_hint="more?")
"""


class Scene:
    """A bot with one worker, whose handlers block until open_gate()."""

    def __init__(self, sandbox: Sandbox, store_url: str, **settings: str) -> None:
        self._account = Account(HANDLERS)
        self._gate = self._account.folder / "gate"
        os.mkfifo(self._gate)
        self._opened: int | None = None
        self._sandbox = sandbox
        self._quick = sandbox.add_user("quick", subscribed=True)
        store_url = store_url or f"sqlite:///{self._account.folder}/bot.db"
        env = bot_env(sandbox) | self._account.env | {"BOT_STORE_URL": store_url, "BOT_WORKERS": "1"}
        env |= {f"BOT_{name}": value for name, value in settings.items()}
        self.bot = Bot(env, cwd=self._account.folder)
        sandbox.set_callback(self.bot.callback)
        self._pool = ThreadPoolExecutor(101)
        self.blocked: list[str] = []  # openids

    def block(self, count: int, text: str = "block") -> None:
        """Send `count` messages whose handlers block, and wait until all handlers run."""
        openids = [self._sandbox.add_user(f"blocked {n}", subscribed=True) for n in range(count)]
        for n, openid in enumerate(openids):
            self._pool.submit(self._sandbox.send, openid, content=f"{text} {n}")
        self.blocked += openids
        until(lambda: self.inside() >= len(self.blocked))

    def send_another(self) -> str:
        """Send a message for which there is no room in this process. Return its user."""
        openid = self._sandbox.add_user("another", subscribed=True)
        self._pool.submit(self._sandbox.send, openid, content="block slow another")
        return openid

    def inside(self) -> int:
        """Return the number of handlers that have blocked."""
        file = self._account.folder / "inside"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def send_quick(self, *texts: str) -> None:
        """Send messages of another user. Each must be answered at once."""
        for text in texts:
            (delivery,) = self._sandbox.send(self._quick, content=text)["deliveries"]
            assert delivery["outcome"] == "reply"
        assert self.said(self._quick)[-len(texts) :] == list(texts)

    def said(self, openid: str) -> list[str]:
        bubbles = self._sandbox.chat(openid)
        return [bubble["content"] for bubble in bubbles if bubble["from"] == "account"]

    def open_gate(self) -> None:
        """Let all handlers go on, and wait until every user has the reply."""
        self._opened = os.open(self._gate, os.O_RDWR)
        for openid in self.blocked:
            until(lambda openid=openid: any(text.startswith("block") for text in self.said(openid)))

    def close(self) -> None:
        if self._opened is None:
            self._opened = os.open(self._gate, os.O_RDWR)
        self._pool.shutdown()
        self.bot.stop()
        os.close(self._opened)
        self._account.close()


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def store_url(request: pytest.FixtureRequest) -> str:
    """The URL of the store; empty: a new SQLite file."""
    if request.param == "sqlite":
        return ""
    server: RedisServer = request.getfixturevalue("redis_server")
    return server.url


@pytest.fixture
def scene(request: pytest.FixtureRequest, wechat: Sandbox, store_url: str) -> Iterator[Scene]:
    scene = Scene(wechat, store_url, **getattr(request, "param", {}))
    yield scene
    scene.close()


@pytest.mark.parametrize("count", [1, 2, 100])
@pytest.mark.parametrize("text", ["block", "block slow"])
def test_messages_and_pages_go_on_while_handlers_are_blocked(scene: Scene, count: int, text: str) -> None:
    scene.block(count, text)
    scene.send_quick("a", "b", "c")
    assert requests.get(f"{scene.bot.url}/page", timeout=60).text == "a page"
    assert not any(map(scene.said, scene.blocked))
    scene.open_gate()


def test_a_handler_that_was_quick_fifty_times_and_then_blocks_delays_nobody(scene: Scene) -> None:
    scene.send_quick(*(f"m{n}" for n in range(60)))
    scene.block(1)
    scene.send_quick(*(f"n{n}" for n in range(10)))
    assert not any(map(scene.said, scene.blocked))
    scene.open_gate()


@pytest.mark.parametrize("scene", [{"HANDLER_THREADS": "2"}], indirect=True)
def test_at_the_limit_handlers_become_jobs_and_the_operator_hears_of_it(scene: Scene) -> None:
    scene.block(2)
    scene.send_quick("a", "b")  # jobs answer them
    metrics = requests.get(f"{scene.bot.url}/metrics", timeout=60).text
    assert "bot_handlers_full_total 2.0" in metrics
    lines = [line for line in scene.bot.output if "(HANDLER_THREADS)" in line]
    assert len(lines) == 1
    scene.open_gate()
    scene.send_quick("c")


@pytest.mark.parametrize("scene", [{"JOB_THREADS": "1"}], indirect=True)
def test_at_the_limit_of_jobs_further_ones_wait_in_the_store(scene: Scene) -> None:
    scene.block(1, "block slow")
    scene.blocked.append(scene.send_another())
    until(lambda: [line for line in scene.bot.output if "(JOB_THREADS)" in line])
    scene.send_quick("a", "b")
    assert scene.inside() == 1
    assert "bot_jobs_full_total 1.0" in requests.get(f"{scene.bot.url}/metrics", timeout=60).text
    scene.open_gate()
    assert scene.inside() == 2
