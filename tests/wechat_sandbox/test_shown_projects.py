"""The projects that docs/sandbox.md shows run as they stand there, but for the ports."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launch import ROOT, Process, Sandbox, free_port
from tests.wechat_sandbox.conftest import Start
from tests.wechat_sandbox.test_peers import PEERS, heavy, node, not_here

__all__ = ["node"]

PAGE = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
MENU = '{"button": [{"type": "click", "name": "歌", "key": "SONG"}]}'


@pytest.fixture
def sandbox(start: Start) -> Iterator[Sandbox]:
    """The account's server goes with the test, so the callback must too: nobody else uses this sandbox."""
    return start("--name", "示例")


def shown(language: str, begins: str, sandbox: Sandbox) -> str:
    """The project of the page, with this sandbox's address in it."""
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    [block] = [block for block in blocks if block.startswith(begins)]
    assert "http://127.0.0.1:9100/" in block
    return block.replace("http://127.0.0.1:9100/", f"{sandbox.url}/")


def chat(sandbox: Sandbox) -> list[str]:
    """What the account answers to a new follower and to a text."""
    openid = sandbox.add_user("小刚")
    said = [*sandbox.subscribe(openid)["shown"], *sandbox.send(openid, content="你好 & <b>")["shown"]]
    return [message["content"] for message in said]


def test_the_flask_project(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(shown("python", "# flask", sandbox), encoding="utf-8")
    argv = (sys.executable, "-m", "flask", "--app", "app", "run", "--port", "0")
    with Process(*argv, ready=" * Running on ", cwd=tmp_path) as flask:
        sandbox.set_callback(f"{flask.url}/wx")
        assert chat(sandbox) == ["你说：event", "你说：你好 & <b>"]
    menu = f"from app import client; client.menu.create({MENU})"
    subprocess.run([sys.executable, "-c", menu], cwd=tmp_path, check=True, timeout=60)
    assert sandbox.state()["menu"]["button"][0]["key"] == "SONG"


@heavy
def test_the_node_project(sandbox: Sandbox, tmp_path: Path, node: str) -> None:
    project = shown("js", "// node", sandbox)
    says_its_port = (
        'const server = app.listen(0, "127.0.0.1", () => '
        "console.log(`ready http://127.0.0.1:${server.address().port}`));"
        f'api.createMenu({MENU}).then(() => console.log("menu installed"));'
    )
    assert "app.listen(8000);" in project
    (tmp_path / "app.js").write_text(project.replace("app.listen(8000);", says_its_port), encoding="utf-8")
    env = {"NODE_PATH": str(PEERS / "node_modules")}
    with Process(node, "app.js", ready="ready ", env=env, cwd=tmp_path) as app:
        sandbox.set_callback(f"{app.url}/wx")
        assert chat(sandbox) == ["你说：subscribe", "你说：你好 & <b>"]
        app.wait_for("menu installed")
    assert sandbox.state()["menu"]["button"][0]["key"] == "SONG"


def test_the_php_project(sandbox: Sandbox, tmp_path: Path) -> None:
    php = shutil.which("php")
    if php is None:
        not_here("PHP is not installed (Debian packages php-cli and php-xml)")
        raise AssertionError
    (tmp_path / "wx.php").write_text(shown("php", "<?php", sandbox), encoding="utf-8")
    argv = (php, "-S", f"127.0.0.1:{free_port()}", "wx.php")
    with Process(*argv, ready="[", cwd=tmp_path) as server:
        [url] = re.findall(r"\((http://[^)]+)\) started", server.output[0])
        sandbox.set_callback(f"{url}/wx")
        assert chat(sandbox) == ["欢迎，来自 ADD_SCENE_SEARCH", "你说：你好 & <b>"]
