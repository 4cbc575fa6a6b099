"""`python -m wechat_sandbox` itself: its one line, its refusals, and the bot beside it."""

import contextlib
import os
import re
import select
import shlex
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.launch import ROOT, Sandbox, start_sandbox

pytestmark = pytest.mark.slow


def run(*args: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "wechat_sandbox", "--port", "0", *args]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_the_ready_line_and_a_clean_end() -> None:
    with start_sandbox() as sandbox:
        assert re.fullmatch(r"sandbox ready http://127\.0\.0\.1:\d+", sandbox.output[0])
    assert sandbox.stop() == 0
    assert len(sandbox.output) == 1


@pytest.mark.parametrize("encoding", ["ascii", "gbk"])
def test_the_help_is_printed_where_characters_are_missing(encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wechat_sandbox", "--help"],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"--with-bot" in done.stdout


def test_a_taken_port_is_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = run("--port", str(taken.getsockname()[1]))
    assert ended.returncode == 2
    assert re.fullmatch(
        r"python -m wechat_sandbox: port \d+ is taken; choose another with --port N.*\n", ended.stderr
    )


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["--host", "0.0.0.0"], "add --allow-remote"),
        (["--host", "example.com"], "add --allow-remote"),
        (["--aes-key", "short"], "--aes-key: must be exactly 43"),
        (["--aes-key", "=" * 43], "--aes-key: must be exactly 43"),
        (["--token", "ab"], "--token: must be 3 to 32"),
        (["--token", "a" * 33], "--token: must be 3 to 32"),
        (["--app-id", "abc"], "--app-id: must be wx"),
        (["--mode", "secret"], "--mode"),
        (["--account-kind", "gold"], "--account-kind"),
        (["--port", "99999"], "must be 0 to 65535"),
        (["--deadline", "0"], "--deadline: more than 0"),
        (["--attempts", "0"], "--attempts: 1 to 10"),
        (["--web-domain", "http://a/"], "--web-domain: must be HOST"),
        (["--web-domain", "a", "--web-domain", "b", "--web-domain", "c"], "at most 2"),
        (["--with-bot", "--callback", "http://127.0.0.1/"], "--with-bot starts the bot itself"),
        (["--callback", "nonsense"], "--callback: must be an http:// or https:// URL"),
        (["--fault", "delivery count=1"], "one of them must say what happens"),
        (["--unknown"], "unrecognized arguments"),
    ],
)
def test_rule_02_bad_options_are_refused_with_their_reason(args: list[str], reason: str) -> None:
    ended = run(*args)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert reason in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_callback_that_is_not_up_yet_is_used_all_the_same() -> None:
    with start_sandbox("--callback", "http://127.0.0.1:9/wechat") as sandbox:
        account = sandbox.state()["account"]
        assert (account["callback"], account["callback_ok"]) == ("http://127.0.0.1:9/wechat", False)
        assert "callback not verified" in sandbox.output[0]


BOT = """
import os, signal, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(parse_qs(urlsplit(self.path).query)["echostr"][0])
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        print("bot got", body, flush=True)
        if "die" in body:
            os._exit(3)
        self.answer("success")
    def answer(self, text):
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
    def log_message(self, *args):
        pass

host, port = os.environ["BOT_LISTEN"].split(":")
server = HTTPServer((host, int(port)), Handler)
for name in sorted(os.environ):
    if name.startswith("BOT_"):
        print("env", name, os.environ[name])
print("runner", os.getppid(), flush=True)
print(f"bot ready http://{host}:{port}", flush=True)
server.serve_forever()
"""

SETUP_MENU = """
import json, os, urllib.request
base = os.environ["BOT_API_BASE"]
def call(path, data=None):
    return json.load(urllib.request.urlopen(base + path, data))
token = call("/cgi-bin/token?grant_type=client_credential&appid=%s&secret=%s" % (
    os.environ["BOT_APP_ID"], os.environ["BOT_APP_SECRET"]))["access_token"]
menu = {"button": [{"type": "click", "name": "a", "key": "K"}]}
call("/cgi-bin/menu/create?access_token=" + token, json.dumps(menu).encode())
"""


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """A directory with a tiny bot in it."""
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "__init__.py").touch()
    (tmp_path / "bot" / "__main__.py").write_text(textwrap.dedent(BOT))
    return tmp_path


@pytest.fixture
def with_bot(beside: Path) -> Iterator[Sandbox]:
    (beside / "setup_menu.py").write_text(SETUP_MENU)
    env = {"PYTHONPATH": str(ROOT), "BOT_TOKEN": "the operator's own", "TMPDIR": str(beside)}
    with start_sandbox("--with-bot", "--bot-port", "0", cwd=beside, env=env) as sandbox:
        yield sandbox


def test_the_bot_is_set_up_as_an_operator_would(with_bot: Sandbox) -> None:
    state = with_bot.state()
    env = dict(line.split(" ", 2)[1:] for line in with_bot.output if line.startswith("env "))
    bot = env["BOT_PUBLIC_URL"]
    assert (state["account"]["callback"], state["account"]["callback_ok"]) == (f"{bot}/wechat", True)
    assert state["menu"]["button"][0]["key"] == "K"
    assert [user["subscribed"] for user in state["users"]] == [True, False]
    account = state["account"]
    assert {
        name: env[f"BOT_{name}"] for name in ("APP_ID", "APP_SECRET", "TOKEN", "ORIGINAL_ID", "MODE")
    } == {
        "APP_ID": account["app_id"],
        "APP_SECRET": account["app_secret"],
        "TOKEN": account["token"],
        "ORIGINAL_ID": account["original_id"],
        "MODE": "plain",
    }
    assert env["BOT_API_BASE"] == env["BOT_OPEN_BASE"] == env["BOT_MP_BASE"] == with_bot.url
    assert env["BOT_JSSDK_SRC"] == f"{with_bot.url}/open/js/jweixin-1.6.0.js"
    assert env["BOT_LISTEN"] == bot.removeprefix("http://")
    assert any("subscribe" in line for line in with_bot.output if line.startswith("bot got"))
    assert with_bot.output[-1].startswith("sandbox ready ")


@pytest.fixture(scope="module")
def with_our_bot() -> Iterator[Sandbox]:
    with start_sandbox("--with-bot", "--bot-port", "0") as sandbox:
        yield sandbox


def test_the_commands_of_this_projects_bot_reach_it(with_our_bot: Sandbox) -> None:
    (line,) = [line for line in with_our_bot.output if line.startswith("[sandbox] the bot's own commands: ")]
    said = subprocess.run(
        ["sh", "-c", line.partition(": ")[2]], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (said.returncode, said.stdout, said.stderr) == (0, "no jobs\n", "")


def test_the_api_of_this_projects_bot_answers_as_is_said(with_our_bot: Sandbox) -> None:
    (line,) = [line for line in with_our_bot.output if line.startswith("[sandbox] the bot's API: ")]
    curl, _, header, _, body, url = shlex.split(line.partition(": ")[2])
    name, _, value = header.partition(": ")
    said = requests.post(url, data=body, headers={name: value}, timeout=60)
    assert (curl, said.json()) == ("curl", {"error": "nobody is bound to that"})


def test_this_projects_bot_works_on_after_resets_and_after_a_journey(with_our_bot: Sandbox) -> None:
    """It keeps its token, its ticket and the media ids of its pictures; nobody tells it of either."""
    openid = with_our_bot.state()["users"][0]["openid"]
    bot = with_our_bot.state()["account"]["callback"].removesuffix("/wechat")

    def works() -> bool:
        (picture,) = with_our_bot.tap(openid, 0)["shown"]
        config = requests.get(f"{bot}/jssdk", params={"url": f"{bot}/"}, timeout=60).json()
        asked = {**config, "url": f"{bot}/"}
        said = requests.post(f"{with_our_bot.url}/_sandbox/jssdk/config", json=asked, timeout=60).json()
        return (picture["type"], said["errMsg"]) == ("image", "config:ok")

    assert works()
    with_our_bot.reset()
    with_our_bot.reset()
    assert works()
    with_our_bot.clock(3 * 86400)
    assert not works()
    with_our_bot.reset()
    assert works()


def test_a_reset_keeps_what_the_bot_had_set_up(with_bot: Sandbox) -> None:
    first = with_bot.state()["users"][0]["openid"]
    with_bot.unsubscribe(first)
    state = with_bot.reset()
    assert [user["subscribed"] for user in state["users"]] == [True, False]
    assert state["menu"]["button"][0]["key"] == "K"


def test_both_end_together(with_bot: Sandbox) -> None:
    directory = directory_of(with_bot)
    port = int(with_bot.state()["account"]["callback"].split(":")[2].partition("/")[0])
    assert directory.is_dir()
    assert with_bot.stop() == 0
    assert not directory.exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_the_death_of_the_bot_ends_the_sandbox(with_bot: Sandbox) -> None:
    first = with_bot.state()["users"][0]["openid"]
    # Whether the sandbox can still answer that call is left open.
    with contextlib.suppress(AssertionError, OSError):
        with_bot.send(first, content="die")
    assert with_bot.wait() == 1
    assert "[sandbox] the bot ended with status 3; the sandbox stops too" in with_bot.output


def directory_of(with_bot: Sandbox) -> Path:
    """Where the bot keeps its store."""
    store = next(line for line in with_bot.output if line.startswith("env BOT_STORE_URL"))
    return Path(store.partition("sqlite:///")[2]).parent


def test_nothing_of_the_bot_outlives_a_sandbox_that_is_killed(with_bot: Sandbox) -> None:
    directory = directory_of(with_bot)
    assert directory.is_dir()
    runner = os.pidfd_open(int(with_bot.wait_for("runner ").split()[1]))
    port = int(with_bot.state()["account"]["callback"].split(":")[2].partition("/")[0])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        with_bot.kill()
        # The bot waits for a request on this line: it is closed by the bot's own end.
        with contextlib.suppress(ConnectionResetError):
            assert line.recv(1) == b""
    # The child runner lives a little longer, for it sweeps up.
    assert select.select([runner], [], [], 60)[0]
    os.close(runner)
    assert not directory.exists()


def test_a_bot_that_does_not_start_is_said_so(beside: Path) -> None:
    (beside / "bot" / "__main__.py").write_text("print('no config'); raise SystemExit(4)")
    with pytest.raises(AssertionError) as caught:
        start_sandbox("--with-bot", "--bot-port", "0", cwd=beside, env={"PYTHONPATH": str(ROOT)})
    assert "no config" in str(caught.value)
    assert "[sandbox] the bot ended with status 4 before it was ready" in str(caught.value)
