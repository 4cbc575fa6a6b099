"""What all tests share: a clock that stands still, settings, a real redis-server, sandboxes, and a bot served
over HTTP inside the test's own process, so that its clock can be turned."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
import redis
import requests
from hypothesis import HealthCheck, settings

from bot.account_package import AccountPackage
from bot.app import Parts, build, build_wsgi
from bot.chat.router import Route
from bot.config import Config
from bot.telemetry import request_log
from tests import account
from tests.launch import ROOT, Bot, Sandbox, start_bot, start_sandbox

pytest_plugins = ["tests.chat.desk", "tests.chromium", "tests.visiting"]

APP_ID = "wx0123456789abcdef"
TOKEN = "testtoken"
AES_KEY = "TestsTestsTestsTestsTestsTestsTestsTests012"
ORIGINAL_ID = "gh_0123456789ab"
SECRET = "secret-0123456789abcdef0123456789"
SECRET_KEY = "key-0123456789abcdef0123456789abcdef"
NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody listens, so a call to WeChat fails at once

# The account of every bot that a test starts, whatever the operator has set.
os.environ["BOT_HANDLERS"] = "tests.account"


# Hypothesis must not fail a test because an example took long.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

_LONGEST_FIRST = {"scenarios": 0, "browser": 1, "pages": 2}


@pytest.hookimpl(optionalhook=True)  # the hook does not exist under `pytest -p no:xdist`
def pytest_xdist_auto_num_workers() -> int:
    """Return the number of workers for `-n auto`: two for each core, because tests often wait."""
    return min(8, 2 * (os.cpu_count() or 1))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the folders with the longest tests first. Begun last, they would make the whole run longer."""

    def place(item: pytest.Item) -> int:
        folder = item.nodeid.removeprefix("tests/").partition("/")[0]
        return _LONGEST_FIRST.get(folder, len(_LONGEST_FIRST))

    items.sort(key=place)


class Clock:
    """Unix seconds that pass only when told to."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


MakeConfig = Callable[..., Config]


@pytest.fixture
def make_config(tmp_path: Path) -> MakeConfig:
    """Settings of a plain-mode account with a store of the test's own and no WeChat to be reached."""

    def make(**changes: Any) -> Config:
        settings: dict[str, Any] = {
            "app_id": APP_ID,
            "app_secret": SECRET,
            "token": TOKEN,
            "encoding_aes_key": AES_KEY,
            "original_id": ORIGINAL_ID,
            "public_url": "https://bot.example.com",
            "secret_key": SECRET_KEY,
            "store_url": f"sqlite:///{tmp_path}/bot.db",
            "api_base": NOWHERE,
            "open_base": NOWHERE,
            "mp_base": NOWHERE,
        }
        return Config(**(settings | changes))

    return make


# -- Redis


class RedisServer:
    """A redis-server on a unix socket in `folder`, nothing written to disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "redis.sock"
        self.url = f"unix://{self._socket}"
        self.client = redis.Redis(unix_socket_path=str(self._socket))
        self.start()

    def start(self) -> None:
        options = {"port": "0", "unixsocket": str(self._socket), "save": "", "appendonly": "no"}
        argv = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._child = subprocess.Popen(
            ["redis-server", *argv, "--dir", str(self._folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._child.stdout is not None
        written = []
        for line in self._child.stdout:
            written.append(line)
            if "ready to accept connections" in line:
                return
        self.kill()
        raise AssertionError("redis-server ended before it was ready:\n" + "".join(written))

    def kill(self) -> None:
        self._child.kill()
        self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()

    def pause(self) -> None:
        """From now on it hears nothing, as behind a pulled cable, and forgets nothing."""
        self._child.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._child.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.client.close()
        self.kill()


@pytest.fixture(scope="session")
def need_redis() -> None:
    if shutil.which("redis-server") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("redis-server is not installed, and CI may skip nothing")
        pytest.skip("NOT TESTED: redis-server is not installed (Debian package redis-server)")


@pytest.fixture(scope="session")
def shared_redis(need_redis: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.close()


@pytest.fixture
def redis_server(shared_redis: RedisServer) -> RedisServer:
    """The session's server, empty."""
    shared_redis.client.flushall()
    return shared_redis


@pytest.fixture
def mortal_redis(need_redis: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server of the test's own, to be killed."""
    server = RedisServer(tmp_path_factory.mktemp("r"))
    yield server
    server.close()


# -- sandboxes and bots

StartWeChat = Callable[..., Sandbox]


@pytest.fixture(scope="session")
def running_wechats() -> Iterator[dict[tuple[str, ...], Sandbox]]:
    sandboxes: dict[tuple[str, ...], Sandbox] = {}
    yield sandboxes
    for sandbox in sandboxes.values():
        sandbox.stop()


@pytest.fixture
def start_wechat(running_wechats: dict[tuple[str, ...], Sandbox]) -> StartWeChat:
    """A sandbox with these options, put back to its start; one process for each set of options."""

    def start(*options: str) -> Sandbox:
        if options not in running_wechats:
            running_wechats[options] = start_sandbox(*options)
        outlast_delays(running_wechats[options])
        running_wechats[options].reset()
        return running_wechats[options]

    return start


def outlast_delays(sandbox: Sandbox) -> None:
    """A call that a fault delays, whose caller has hung up, is written into the journal when its delay is
    over: one that is made now and delayed as long ends after it."""
    longest = max((fault.get("delay", 0) for fault in sandbox.call("GET", "faults")["faults"]), default=0)
    if longest:
        sandbox.faults([{"path": "/cgi-bin/nothing", "delay": longest}])
        requests.get(f"{sandbox.url}/cgi-bin/nothing", timeout=longest + 10)


@pytest.fixture
def wechat(start_wechat: StartWeChat) -> Sandbox:
    """WeChat itself, for a verified service account in plain mode."""
    return start_wechat()


def as_account(sandbox: Sandbox) -> dict[str, Any]:
    """Settings, for `make_config`, of a bot that is the sandbox's account."""
    account = sandbox.state()["account"]
    return {
        "app_id": account["app_id"],
        "app_secret": account["app_secret"],
        "token": account["token"],
        "encoding_aes_key": account["aes_key"],
        "mode": account["mode"],
        "original_id": account["original_id"],
        "account_kind": account["kind"],
        "api_base": sandbox.url,
        "open_base": sandbox.url,
        "mp_base": sandbox.url,
    }


@pytest.fixture(scope="module")
def bots() -> Iterator[Callable[..., Bot]]:
    """Starts bots that live as long as the test module."""
    started: list[Bot] = []

    def start(*args: Any, **kwargs: Any) -> Bot:
        started.append(start_bot(*args, **kwargs))
        return started[-1]

    yield start
    for bot in started:
        bot.stop()


def in_processes(count: int, code: str, *argv: str, env: Mapping[str, str] | None = None) -> list[str]:
    """What `count` Pythons printed that run `code`, which says ready, reads a line, and goes on."""
    with ExitStack() as stack:
        children = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", code, *argv],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env={**os.environ, **(env or {})},
                )
            )
            for _ in range(count)
        ]
        for child in children:
            stack.callback(child.kill)
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        return [child.communicate(timeout=60)[0] for child in children]


# -- the application inside the test's process


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = False
    block_on_close = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """The test's output is for the test."""


class Served:
    """A bot's whole WSGI application over real HTTP, in a thread of this process.

    `settings` is called with the URL, which is known only now. `parts` are the built parts.
    """

    def __init__(
        self,
        settings: Callable[[str], Config],
        clock: Callable[[], float],
        chat: Sequence[Route] = account.CHAT,
        pages: Sequence[tuple[str, type]] = account.PAGES,
    ) -> None:
        self._server = make_server("127.0.0.1", 0, _not_yet, server_class=_Server, handler_class=_Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        try:
            self.config = settings(self.url)
            package = AccountPackage(chat, account.WORDING, pages, account.MENU)
            self.parts: Parts = build(self.config, package, clock)
            self.parts.start(jobs=True)
        except BaseException:
            self._server.server_close()
            raise
        self._server.set_app(build_wsgi(self.parts))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.parts.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _not_yet(environ: Any, start_response: Any) -> Any:
    raise AssertionError("asked before it was built")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The bot's log lines of this process."""
    caplog.set_level(logging.INFO, logger="bot")
    request_log.refusal_lines.counts.clear()  # those of the test before
    return caplog
