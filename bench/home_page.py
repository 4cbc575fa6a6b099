"""A returning visitor's home page (session, JS-SDK signature, template), here and in Flask + wechatpy + Jinja2.

Both run under Granian with one process and as many threads, both keep session and ticket in this project's SQLite
store, both send the same HTML. The peer sets no security headers, asks for no generation and has no second
language: what it leaves out makes it faster. Runs alternate; medians count. The peer's packages go into a venv of
their own that is thrown away.

    .venv/bin/python bench/home_page.py [--seconds 4] [--runs 5] [--connections 16]

Needs wrk (Debian package; installed if we may).
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import venv
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.launch import Sandbox, free_port, start_bot, start_sandbox  # noqa: E402

PEER_PACKAGES = ("flask>=3,<4", "wechatpy==1.8.18", "cryptography", "granian>=2.5,<3", "jinja2>=3,<4")

PEER = '''
import json, os, time, secrets
from flask import Flask, render_template, request, redirect
from wechatpy import WeChatClient
from wechatpy.session import SessionStorage
from bot.store import open_store

store = open_store(os.environ["PEER_STORE"])


class Kept(SessionStorage):
    """wechatpy's session, in the store."""

    def get(self, key, default=None):
        found = store.get("peer:" + key)
        return json.loads(found) if found else default

    def set(self, key, value, ttl=None):
        store.put("peer:" + key, json.dumps(value).encode(), ttl or 7200)

    def delete(self, key):
        store.delete("peer:" + key)


client = WeChatClient(os.environ["PEER_APP_ID"], os.environ["PEER_SECRET"], session=Kept())
app = Flask(__name__, template_folder=os.environ["PEER_TEMPLATES"])


@app.get("/login-for-the-benchmark")
def login():
    session_id = secrets.token_urlsafe(24)
    visitor = {"openid": "o1", "nickname": "Ming", "avatar": "https://thirdwx.qlogo.cn/mmopen/x/132"}
    store.put("session:" + session_id, json.dumps(visitor).encode(), 86400)
    client.session.set(client.appid + "_jsapi_ticket", "T" * 86, 7200)
    client.session.set(client.appid + "_jsapi_ticket_expires_at", int(time.time()) + 7200, 7200)
    return session_id


@app.get("/")
def home():
    found = store.get("session:" + request.cookies.get("session", ""))
    if found is None:
        return redirect("/oauth")
    visitor = json.loads(found)
    nonce, timestamp = secrets.token_hex(8), int(time.time())
    ticket = client.jsapi.get_jsapi_ticket()
    signature = client.jsapi.get_jsapi_signature(nonce, ticket, timestamp, os.environ["PEER_URL"] + "/")
    apis = ["getNetworkType", "updateAppMessageShareData", "updateTimelineShareData"]
    config = {"debug": False, "appId": client.appid, "timestamp": timestamp, "nonceStr": nonce,
              "signature": signature, "jsApiList": apis}
    return render_template("home.html", visitor=visitor, config=config, page_url=os.environ["PEER_URL"] + "/")
'''


def as_jinja(html: str) -> str:
    """Our page, as a visitor gets it, with Jinja2 where the values are."""
    html = re.sub(r'(src=")[^"]*(" alt="" width="88")', r"\1{{ visitor.avatar }}\2", html)
    html = re.sub(r"(<h1>Hello world )[^<]*", r"\1{{ visitor.nickname }}", html)
    html = re.sub(r"(<dd>)http://[^<]*", r"\1{{ page_url }}", html)
    html = re.sub(r'(id="jssdk-config">).*?(</script>)', r"\1{{ config|tojson }}\2", html)
    return re.sub(r' nonce="[^"]*"', "", html)


def make_peer(folder: Path) -> Path:
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    quiet = ["-q", "--disable-pip-version-check"]
    subprocess.run([python, "-m", "pip", "install", *quiet, *PEER_PACKAGES], check=True)
    (folder / "peer.py").write_text(PEER, encoding="utf-8")
    return python


def start_peer(python: Path, folder: Path, template: str, threads: int) -> tuple[subprocess.Popen[str], str]:
    (folder / "templates").mkdir()
    (folder / "templates" / "home.html").write_text(template, encoding="utf-8")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    env = os.environ | {
        "PYTHONPATH": f"{ROOT}:{folder}",
        "PEER_STORE": f"sqlite:///{folder}/peer.db",
        "PEER_APP_ID": "wx0123456789abcdef",
        "PEER_SECRET": "secret",
        "PEER_TEMPLATES": str(folder / "templates"),
        "PEER_URL": url,
    }
    command = [python, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--log-level", "info"]
    command += ["--blocking-threads", str(threads), "--backpressure", str(4 * threads), "--port", str(port)]
    child = subprocess.Popen(
        [*command, "peer:app"],
        env=env,
        cwd=folder,
        stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    said = []
    for line in child.stdout or ():
        said.append(line)
        if "Started worker" in line:
            threading.Thread(target=child.stdout.read, daemon=True).start()  # type: ignore[union-attr]
            return child, url
    raise SystemExit("the peer did not start:\n" + "".join(said))


def our_session(sandbox: Sandbox, url: str) -> str:
    """Visit the home page as somebody who agrees; the session cookie."""
    openid = sandbox.add_user("Ming")
    http = requests.Session()
    back = sandbox.authorize(
        openid, http.get(url, allow_redirects=False, timeout=10).headers["Location"], "allow"
    )
    http.get(back["redirect"], timeout=10)
    return str(http.cookies["session"])


def rate(url: str, session: str, seconds: float, connections: int) -> float:
    """Requests per second, by wrk. Anything but 200 is an error."""
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds:g}s",
        "-H",
        f"Cookie: session={session}",
        url + "/",
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(said)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))  # type: ignore[union-attr]


def need_wrk() -> None:
    if shutil.which("wrk"):
        return
    if os.geteuid() == 0:
        subprocess.run(["apt-get", "install", "-qq", "-y", "wrk"], check=True, stdout=subprocess.DEVNULL)
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing; on Debian: apt-get install wrk")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--threads", type=int, default=16)
    options = parser.parse_args()
    need_wrk()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, start_sandbox() as sandbox:
        folder = Path(name)
        python = make_peer(folder)
        with start_bot(sandbox, {"BOT_THREADS": str(options.threads)}) as bot:
            ours = our_session(sandbox, bot.url)
            page = requests.get(bot.url, cookies={"session": ours}, timeout=10)
            calls = len(sandbox.calls())
            peer, peer_url = start_peer(python, folder, as_jinja(page.text), options.threads)
            try:
                theirs = requests.get(peer_url + "/login-for-the-benchmark", timeout=10).text
                same = requests.get(peer_url, cookies={"session": theirs}, timeout=10)
                print(f"bytes of the page: {len(page.content)} here, {len(same.content)} there")
                for url, session in ((bot.url, ours), (peer_url, theirs)):
                    rate(url, session, 1, options.connections)  # warm
                rates: dict[str, list[float]] = {"here": [], "Flask": []}
                for _ in range(options.runs):
                    rates["here"].append(rate(bot.url, ours, options.seconds, options.connections))
                    rates["Flask"].append(rate(peer_url, theirs, options.seconds, options.connections))
            finally:
                peer.terminate()
                peer.wait()
            asked = len(sandbox.calls()) - calls
    medians = {name: statistics.median(found) for name, found in rates.items()}
    for name, found in rates.items():
        print(f"{name:>6}: {medians[name]:8.0f} requests/s  ({', '.join(f'{one:.0f}' for one in found)})")
    print(f"ratio: {medians['here'] / medians['Flask']:.2f}; calls to WeChat meanwhile: {asked}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
