"""Install the peers of `bench.callback` into an environment of the bench, and start them one at a time."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from bench.peers import settings
from tests.launch import free_port

FLOOR = "a bare answer"
_HERE = Path(__file__).parent
_ENV = _HERE / ".env"
_PYTHON = _ENV / "python" / "bin"
_NODE = _ENV / "node"
_FROM_PYPI = (
    "flask==3.1.3", "wechatpy==1.8.18", "cryptography==50.0.2", "werobot==1.13.1", "web.py==0.76",
    "granian==2.8.7", "setuptools==65.5.0",
)  # fmt: skip
_FROM_NPM = ("koa@3.3.0", "co-wechat@2.4.0", "express@5.3.0", "wechat@2.1.0")
_GRANIAN = {
    "WeRoBot": "werobot_echo",
    "web.py + wechatpy": "webpy_wechatpy",
    "Flask + wechatpy": "flask_wechatpy",
    FLOOR: "bare",
}
_OWN_SERVER = {"web.py + wechatpy, web.py's server": "webpy_wechatpy.py"}
_NODES = {"co-wechat on Koa": "koa_co_wechat.js", "wechat on Express": "express_wechat.js"}


def names() -> list[str]:
    """Return the names of the peers that can run here. Some need Node.js."""
    return [*_GRANIAN, *_OWN_SERVER, *(_NODES if _NODE.exists() else ())]


def install() -> None:
    """Install what the peers need, once, and again if the list changes. Needs the package registries."""
    installed, wanted = _ENV / "installed", "\n".join([*_FROM_PYPI, *_FROM_NPM])
    if installed.exists() and installed.read_text() == wanted:
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(_ENV / "python")], check=True)
    subprocess.run([str(_PYTHON / "pip"), "install", "--quiet", *_FROM_PYPI], check=True)
    if shutil.which("npm"):
        _NODE.mkdir(parents=True, exist_ok=True)
        (_NODE / "package.json").write_text('{"name": "bench-peers", "private": true}')
        subprocess.run(["npm", "install", "--silent", *_FROM_NPM], cwd=_NODE, check=True)
    installed.write_text(wanted)


@contextlib.contextmanager
def start(name: str) -> Iterator[tuple[int, int]]:
    """Start a peer and wait until it answers. Yield its port and process id."""
    port = free_port()
    env = {**os.environ, "PYTHONPATH": str(_HERE / "peers"), "NODE_PATH": str(_NODE / "node_modules")}
    env |= {"TOKEN": settings.TOKEN, "APP_ID": settings.APP_ID, "AES_KEY": settings.AES_KEY}
    if name in _GRANIAN:
        argv = [str(_PYTHON / "granian"), "--interface", "wsgi", "--workers", "2", "--host", "127.0.0.1"]
        argv += ["--port", str(port), "--no-access-log", "--log-level", "error"]
        argv += [f"{_GRANIAN[name]}:application"]
    elif name in _OWN_SERVER:
        argv = [str(_PYTHON / "python"), str(_HERE / "peers" / _OWN_SERVER[name]), f"127.0.0.1:{port}"]
    else:
        argv = ["node", str(_HERE / "peers" / _NODES[name]), str(port)]
    with (
        tempfile.TemporaryDirectory() as folder,  # where the peer may store its files
        subprocess.Popen(
            argv, env=env, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as child,
    ):
        try:
            _wait_for(port, child)
            yield port, child.pid
        finally:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(5)
            child.kill()


def _wait_for(port: int, child: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            requests.get(f"http://127.0.0.1:{port}/wechat", timeout=2)
            return
        except requests.RequestException as error:
            if time.monotonic() > end or child.poll() is not None:
                raise AssertionError("a peer does not answer") from error
            time.sleep(0.05)
