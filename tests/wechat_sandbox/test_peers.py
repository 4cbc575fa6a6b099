"""Whatever speaks WeChat's protocol runs against the sandbox: servers and clients of other authors, in two
languages, changed in nothing but where WeChat is. They run as processes of their own."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.launch import ROOT, Process, Sandbox

PEERS = Path(__file__).parent / "peers"
SONG = {"button": [{"type": "click", "name": "歌", "key": "SONG"}]}
heavy = pytest.mark.heavy  # needs Node.js packages, which npm downloads
SERVERS = (
    pytest.param("wechat_server.js", marks=heavy),
    pytest.param("easywechat_server.js", marks=heavy),
    "werobot_server.py",
)


def not_here(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and CI may skip nothing")
    pytest.skip(f"NOT TESTED: {reason}")


@pytest.fixture(scope="session")
def node() -> str:
    """Return the path of Node.js. Skip the test if it or peers/package.json's packages are missing."""
    node = shutil.which("node")
    if node is None or not (PEERS / "node_modules").is_dir():
        not_here("Node.js or the packages of these peers are missing: `make test-heavy` installs them")
        raise AssertionError
    return node


Command = Callable[[str], list[str]]


@pytest.fixture
def command(request: pytest.FixtureRequest) -> Command:
    """How a script of a peer is run. Node.js is asked for only by what needs it."""

    def words(script: str) -> list[str]:
        program = request.getfixturevalue("node") if script.endswith(".js") else sys.executable
        return [program, str(PEERS / script)]

    return words


def account_of(sandbox: Sandbox, **more: str) -> dict[str, str]:
    account = sandbox.state()["account"]
    names = {"APP_ID": "app_id", "APP_SECRET": "app_secret", "TOKEN": "token", "AES_KEY": "aes_key"}
    return {**{name: account[key] for name, key in names.items()}, "SANDBOX": sandbox.url, **more}


@pytest.fixture(scope="module")
def running_peers() -> Iterator[dict[tuple[str, bool], Process]]:
    peers: dict[tuple[str, bool], Process] = {}
    yield peers
    for peer in peers.values():
        peer.stop()


StartPeer = Callable[[str, str], None]


@pytest.fixture
def start_peer(
    sandbox: Sandbox, running_peers: dict[tuple[str, bool], Process], command: Command
) -> StartPeer:
    """Makes a server of that script the account's callback, in that mode."""

    def start(script: str, mode: str) -> None:
        sandbox.settings(mode=mode)
        encrypted = mode != "plain"
        if (script, encrypted) not in running_peers:
            # Some encrypt their replies whenever they have a key.
            env = account_of(sandbox) | ({} if encrypted else {"AES_KEY": ""})
            running_peers[script, encrypted] = Process(*command(script), ready="peer ready ", env=env)
        sandbox.set_callback(running_peers[script, encrypted].url)

    return start


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
@pytest.mark.parametrize("script", SERVERS)
def test_a_server(sandbox: Sandbox, start_peer: StartPeer, script: str, mode: str) -> None:
    start_peer(script, mode)
    openid = sandbox.state()["users"][0]["openid"]
    assert [message["content"] for message in sandbox.subscribe(openid)["shown"]] == ["欢迎"]
    result = sandbox.send(openid, content="你好 & <b>再见</b>")
    assert [delivery["outcome"] for delivery in result["deliveries"]] == ["reply"], result["deliveries"]
    assert [message["content"] for message in result["shown"]] == ["你说：你好 & <b>再见</b>"]
    [sent] = sandbox.unsubscribe(openid)["deliveries"]
    assert sent["outcome"] in ("success", "empty")


@heavy
def test_an_article_of_npm_wechat(sandbox: Sandbox, start_peer: StartPeer) -> None:
    start_peer("wechat_server.js", "plain")
    [shown] = sandbox.send(sandbox.add_user("a", subscribed=True), content="图文")["shown"]
    assert (shown["type"], shown["articles"][0]["title"]) == ("news", "题")


@pytest.mark.parametrize("tamper", ["signature", "receiver"])
@pytest.mark.parametrize("script", SERVERS)
def test_a_server_is_shown_a_forgery(
    sandbox: Sandbox, start_peer: StartPeer, script: str, tamper: str
) -> None:
    """Whatever it makes of it, the sandbox says in words."""
    start_peer(script, "safe")
    sandbox.settings(bad_status_attempts=1, attempts=1)
    sandbox.send(sandbox.add_user("a", subscribed=True), content="hi")
    last = sandbox.deliveries()[-1]["id"]
    result = sandbox.call("POST", f"deliveries/{last}/resend", {"tamper": tamper})
    [delivery] = result["deliveries"]
    assert delivery["outcome"] in ("bad-status", "bad-reply", "success", "reply", "refused", "timeout")
    assert (delivery["error"] is None) is (delivery["outcome"] in ("success", "reply"))


@pytest.fixture
def talking(sandbox: Sandbox, openid: str) -> str:
    """A follower who has just written, so that custom messages may be sent."""
    sandbox.send(openid, content="hi")
    return openid


def run(argv: list[str], env: dict[str, str]) -> dict[str, Any]:
    ended = subprocess.run(
        argv, cwd=ROOT, env=os.environ | env, capture_output=True, text=True, timeout=60, encoding="utf-8"
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return told


@heavy
def test_the_client_co_wechat_api(sandbox: Sandbox, command: Command, talking: str) -> None:
    told = run(command("co_wechat_api_client.js"), account_of(sandbox, OPENID=talking))
    assert (told["early"], told["menu"], told["user"]) == (46003, "SONG", 1)
    assert told["followers"] == [talking]
    assert told["ip"] == ["127.0.0.1"]
    assert sandbox.state()["menu"] == SONG
    assert sandbox.state()["qr_codes"][0]["ticket"] == told["ticket"]
    shown = [bubble["type"] for bubble in sandbox.chat(talking) if bubble["from"] == "account"]
    assert shown == ["text", "image", "template"]
    config = {**told["config"], "url": "http://127.0.0.1/a?b=1"}
    assert sandbox.call("POST", "jssdk/config", signed(config))["errMsg"] == "config:ok"


def test_the_client_werobot(sandbox: Sandbox, command: Command, talking: str) -> None:
    told = run(command("werobot_client.py"), account_of(sandbox, OPENID=talking))
    assert "46003" in told["early"]
    assert (told["menu"], told["match"], told["subscribe"]) == ("SONG", "SONG", 1)
    assert (told["downloaded"], told["followers"], told["tags"]) == (28, 1, True)
    assert sandbox.chat(talking)[-1]["content"] == "来自 werobot"


@heavy
def test_the_client_easywechat(sandbox: Sandbox, command: Command, talking: str, tmp_path: Path) -> None:
    # It keeps its tokens in files of the folder where it runs.
    env = os.environ | account_of(sandbox, OPENID=talking)
    argv = command("easywechat_client.js")
    pipe = subprocess.PIPE
    with subprocess.Popen(
        argv, cwd=tmp_path, env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True, encoding="utf-8"
    ) as client:
        watchdog = threading.Timer(60, client.kill)
        watchdog.start()
        assert client.stdout is not None
        line = client.stdout.readline()
        assert line, client.stderr.read() if client.stderr else ""
        told = json.loads(line)
        assert (told["created"], told["menu"], told["sent"]) == (0, "http://127.0.0.1/", 0)
        assert sandbox.chat(talking)[-1]["content"] == "来自 easywechat"
        config = {**told["config"], "url": "http://127.0.0.1/a?b=1"}
        assert sandbox.call("POST", "jssdk/config", signed(config))["errMsg"] == "config:ok"
        redirect = sandbox.authorize(talking, told["authorize"], "allow")["redirect"]
        user = json.loads(client.communicate(code_of(redirect) + "\n")[0])
        watchdog.cancel()
    assert user == {"id": talking, "nickname": "小刚"}


@heavy
def test_the_client_wechat_oauth(sandbox: Sandbox, command: Command, openid: str) -> None:
    argv = command("wechat_oauth_client.js")
    link = run(argv, account_of(sandbox))["url"]
    redirect = sandbox.authorize(openid, link, "allow")["redirect"]
    other = sandbox.state()["users"][0]["openid"]
    told = run(argv, account_of(sandbox, CODE=code_of(redirect), OPENID=other))
    assert (told["openid"], told["nickname"]) == (openid, "小刚")
    assert (told["refreshed"], told["valid"]) == (True, "ok")
    assert (told["again"], told["other"]) == (40163, 40003)


def code_of(redirect: str) -> str:
    return parse_qs(urlsplit(redirect).query)["code"][0]


def signed(config: dict[str, Any]) -> dict[str, Any]:
    names = ("appId", "timestamp", "nonceStr", "signature", "url", "jsApiList")
    return {name: config[name] for name in names if name in config}
