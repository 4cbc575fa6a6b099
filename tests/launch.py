"""Starts the real processes that the tests talk to, and speaks the sandbox's control API.

Nothing here sleeps: a reader thread watches the child's output and wakes whoever waits for a line.
"""

import contextlib
import itertools
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import requests

ROOT = Path(__file__).resolve().parent.parent

# A test that waits for a condition fails after this many seconds. A slow or busy machine needs far fewer.
PATIENCE = 60.0

Json = dict[str, Any]


class Process:
    """A child process that has said it is ready.

    `ready` is how its line begins; the last word of that line becomes `url`. Raises AssertionError with
    all its output if it ends, or stays silent for `timeout` seconds, before saying so.
    `output` keeps growing until `stop`; standard error is in it too, unless it goes to the file `log`.
    """

    def __init__(
        self,
        *argv: str,
        ready: str,
        env: Mapping[str, str] | None = None,
        timeout: float = PATIENCE,
        cwd: Path = ROOT,
        log: Path | None = None,
    ) -> None:
        self.output: list[str] = []
        self._heard = threading.Condition()
        self._ended = False
        with contextlib.ExitStack() as stack:
            self._child = subprocess.Popen(
                argv,
                cwd=cwd,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stack.enter_context(log.open("wb")) if log else subprocess.STDOUT,
                text=True,
                encoding="utf-8",
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.url = self.wait_for(ready, timeout).split()[-1]
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        return self._child.pid

    def wait_for(self, prefix: str, timeout: float = PATIENCE) -> str:
        """The first line of the output, past or coming, that starts with `prefix`."""

        def found() -> str | None:
            return next((line for line in self.output if line.startswith(prefix)), None)

        with self._heard:
            self._heard.wait_for(lambda: found() is not None or self._ended, timeout)
            line = found()
            if line is None:
                why = "ended" if self._ended else f"said nothing for {timeout} s"
                raise AssertionError(
                    f"{why} before a line {prefix!r}; its output:\n" + "\n".join(self.output)
                )
            return line

    def wait(self, timeout: float = PATIENCE) -> int:
        """The exit status, once it has ended by itself."""
        status = self._child.wait(timeout)
        self._reader.join(timeout)
        return status

    def stop(self, timeout: float = PATIENCE) -> int:
        """SIGTERM, then SIGKILL after `timeout` seconds; returns the exit status. May be called twice."""
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(timeout)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        # A grandchild may hold the pipe open: the reader is a daemon thread and is not waited for long.
        self._reader.join(2.0)
        if not self._reader.is_alive() and self._child.stdout is not None:
            self._child.stdout.close()
        return self._child.returncode

    def kill(self) -> None:
        """SIGKILL, at once."""
        self._child.kill()
        self._child.wait()

    def _read(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            with self._heard:
                self.output.append(line.rstrip("\n"))
                self._heard.notify_all()
        with self._heard:
            self._ended = True
            self._heard.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Sandbox(Process):
    """A running sandbox. Every method is one call of its control API and returns the JSON answer;
    an answer that is not 2xx raises AssertionError with its body."""

    def __init__(
        self, *args: str, env: Mapping[str, str] | None = None, cwd: Path = ROOT, timeout: float = PATIENCE
    ) -> None:
        self._http = requests.Session()
        self._http.trust_env = False
        argv = (sys.executable, "-m", "wechat_sandbox", "--port", "0", *args)
        super().__init__(*argv, ready="sandbox ready ", env=env, cwd=cwd, timeout=timeout)

    def call(self, method: str, path: str, body: Any = None) -> Json:
        """One call of the control API, `path` relative to `/_sandbox/`."""
        kwargs: Json = {} if body is None else {"json": body}
        answer = self._http.request(method, f"{self.url}/_sandbox/{path}", timeout=PATIENCE, **kwargs)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        result: Json = answer.json()
        return result

    def stop(self, timeout: float = PATIENCE) -> int:
        self._http.close()
        return super().stop(timeout)

    # -- the world

    def state(self) -> Json:
        return self.call("GET", "state")

    def reset(self) -> Json:
        return self.call("POST", "reset")

    def clock(self, advance: float) -> Json:
        return self.call("POST", "clock", {"advance_seconds": advance})

    def set_callback(self, url: str) -> Json:
        return self.call("PUT", "callback", {"url": url})

    def settings(self, **changes: Any) -> Json:
        """Changes settings until the next reset; the answer has account and behaviour."""
        return self.call("PUT", "settings", changes)

    def faults(self, faults: list[Json]) -> Json:
        return self.call("PUT", "faults", {"faults": faults})

    def calls(self) -> list[Json]:
        calls: list[Json] = self.call("GET", "calls")["calls"]
        return calls

    def deliveries(self) -> list[Json]:
        deliveries: list[Json] = self.call("GET", "deliveries")["deliveries"]
        return deliveries

    # -- people

    def add_user(self, nickname: str, subscribed: bool = False) -> str:
        """The new user's openid."""
        openid: str = self.call("POST", "users", {"nickname": nickname, "subscribed": subscribed})["openid"]
        return openid

    def send(self, openid: str, type: str = "text", **fields: Any) -> Json:
        return self._act(openid, "send", {"type": type, **fields})

    def subscribe(self, openid: str) -> Json:
        return self._act(openid, "subscribe")

    def unsubscribe(self, openid: str) -> Json:
        return self._act(openid, "unsubscribe")

    def tap(self, openid: str, *path: int, **fields: Any) -> Json:
        return self._act(openid, "tap", {"path": list(path), **fields})

    def scan(self, openid: str, **code: Any) -> Json:
        """`scene=`, `ticket=`, or `text=` for what any code says."""
        return self._act(openid, "scan", code)

    def location(self, openid: str, **fields: Any) -> Json:
        return self._act(openid, "location", fields)

    def enter(self, openid: str) -> Json:
        """Opens the chat."""
        return self._act(openid, "enter")

    def menu(self, openid: str) -> Json:
        """The menu that this user's phone shows."""
        return self.call("GET", f"users/{quote(openid)}/menu")

    def authorize(self, openid: str, url: str, decision: str | None = None) -> Json:
        return self._act(openid, "authorize", {"url": url} | ({"decision": decision} if decision else {}))

    def chat(self, openid: str) -> list[Json]:
        messages: list[Json] = self.call("GET", f"users/{quote(openid)}/chat")["messages"]
        return messages

    def _act(self, openid: str, action: str, body: Json | None = None) -> Json:
        return self.call("POST", f"users/{quote(openid)}/{action}", body or {})


def start_sandbox(*args: str, env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> Sandbox:
    """A sandbox of its own on a free port, ready to be used; stop it, or use it as a context manager."""
    return Sandbox(*args, env=env, cwd=cwd)


class Bot(Process):
    """A running `python -m bot` with one worker, a store of its own and no config.py of anybody's."""

    def __init__(
        self,
        env: Mapping[str, str],
        *arguments: str,
        cwd: Path = ROOT,
        timeout: float = PATIENCE,
        log: Path | None = None,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bot-test-")
        own = Path(self._folder.name)
        (own / "config.py").write_text("")
        port = free_port()
        defaults = {
            "BOT_CONFIG": str(own / "config.py"),
            "BOT_LISTEN": f"127.0.0.1:{port}",
            "BOT_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "BOT_STORE_URL": f"sqlite:///{own}/bot.db",
            "BOT_SECRET_KEY": secrets.token_hex(32),
            "BOT_WORKERS": "1",
        }
        self.http = requests.Session()
        self.http.trust_env = False
        argv = (sys.executable, "-m", "bot", *arguments)
        super().__init__(
            *argv, ready="bot ready ", env=defaults | dict(env), cwd=cwd, timeout=timeout, log=log
        )

    @property
    def callback(self) -> str:
        return f"{self.url}/wechat"

    def log_of(self, act: Callable[[], object]) -> list[str]:
        """The lines that the bot wrote while `act` ran."""
        begin = self._mark()
        act()
        return self.output[begin + 1 : self._mark()]

    def _mark(self, timeout: float = PATIENCE) -> int:
        """Where the line of a request made now stands: one worker writes in order, so every line of an
        earlier request is above it."""
        mark = f"/mark-{secrets.token_hex(6)}"
        self.http.get(self.url + mark, timeout=timeout)

        def found() -> int | None:
            return next((i for i, line in enumerate(self.output) if mark in line), None)

        with self._heard:
            self._heard.wait_for(lambda: found() is not None or self._ended, timeout)
            place = found()
        assert place is not None, "no line for a request; the output:\n" + "\n".join(self.output)
        return place

    def stop(self, timeout: float = PATIENCE) -> int:
        self.http.close()
        try:
            return super().stop(timeout)
        finally:
            self._folder.cleanup()


# Linux gives outgoing connections ports from 32768 on. Each worker of pytest-xdist has its own part of those
# below.
_FIRST_PORT, _END = 10_000, 32_768
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_share = (_END - _FIRST_PORT) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_ports = itertools.count(secrets.randbelow(_share))


def free_port(*, beside: int = 0) -> int:
    """Return a free port of 127.0.0.1. No other test gets it before hundreds more have been returned.

    With `beside`, the port that many numbers higher is free too.
    """
    while True:
        port = _FIRST_PORT + _worker * _share + next(_ports) % _share
        with contextlib.suppress(OSError), socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", port))
            if beside:
                other.bind(("127.0.0.1", port + beside))
            return port


def bot_env(sandbox: Sandbox) -> dict[str, str]:
    """The settings of a bot that is the sandbox's account."""
    account = sandbox.state()["account"]
    return {
        "BOT_APP_ID": account["app_id"],
        "BOT_APP_SECRET": account["app_secret"],
        "BOT_TOKEN": account["token"],
        "BOT_ENCODING_AES_KEY": account["aes_key"],
        "BOT_MODE": account["mode"],
        "BOT_ORIGINAL_ID": account["original_id"],
        "BOT_ACCOUNT_KIND": account["kind"],
        "BOT_API_BASE": sandbox.url,
        "BOT_OPEN_BASE": sandbox.url,
        "BOT_MP_BASE": sandbox.url,
        "BOT_JSSDK_SRC": f"{sandbox.url}/open/js/jweixin-1.6.0.js",
    }


def start_bot(
    sandbox: Sandbox | None = None,
    env: Mapping[str, str] | None = None,
    *,
    save_callback: bool = False,
    cwd: Path = ROOT,
) -> Bot:
    """A bot on a free port: the sandbox's account, changed by `env`; or, without a sandbox, what `env` says.

    `save_callback` makes its URL the sandbox's callback, as an operator would in the console.
    """
    bot = Bot((bot_env(sandbox) if sandbox else {}) | dict(env or {}), cwd=cwd)
    if sandbox and save_callback:
        try:
            sandbox.set_callback(bot.callback)
        except BaseException:
            bot.stop()
            raise
    return bot
