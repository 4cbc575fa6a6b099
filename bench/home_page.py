"""A returning visitor's home page (session, JS-SDK signature, template), here and in another framework.

The peer is Flask + wechatpy + Jinja2. Both run under Granian with one process and as many threads, both keep
session and ticket in one Redis, both send the same HTML, both write one log line for each request.
Runs alternate; medians count. The peer's packages go into a venv of their own that is thrown away.

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

from tests.conftest import RedisServer  # noqa: E402
from tests.launch import Sandbox, bot_env, free_port, start_sandbox  # noqa: E402

PEER_PACKAGES = (
    "flask>=3,<4", "flask-session[redis]>=0.8,<1", "wechatpy==1.8.18", "cryptography", "granian>=2.5,<3",
)  # fmt: skip

# By the book: Flask-Session on Redis, wechatpy's RedisStorage, wechatpy's own signature, render_template.
PEER = """
import logging, os, secrets, time
import redis
from flask import Flask, g, redirect, render_template, request, session
from flask_session import Session
from wechatpy import WeChatClient
from wechatpy.session.redisstorage import RedisStorage

store = redis.Redis.from_url(os.environ["PEER_STORE"])
client = WeChatClient(os.environ["PEER_APP_ID"], os.environ["PEER_SECRET"], session=RedisStorage(store))
app = Flask(__name__, template_folder=os.environ["PEER_TEMPLATES"])
app.config.update(SESSION_TYPE="redis", SESSION_REDIS=store)
Session(app)
logging.basicConfig(filename=os.environ["PEER_LOG"], level=logging.INFO, format="%(asctime)s %(message)s")


@app.before_request
def begin():
    g.began = time.perf_counter()


@app.after_request
def log(response):
    ms = (time.perf_counter() - g.began) * 1000
    app.logger.info("%s %s %d %.1f", request.method, request.path, response.status_code, ms)
    return response


@app.get("/login-for-the-benchmark")
def login():
    session["visitor"] = {"openid": "o1", "nickname": "Ming", "avatar": "https://thirdwx.qlogo.cn/mmopen/x/132"}
    client.session.set(client.appid + "_jsapi_ticket", "T" * 86, 7200)
    client.session.set(client.appid + "_jsapi_ticket_expires_at", int(time.time()) + 7200, 7200)
    return "ok"


@app.get("/")
def home():
    if "visitor" not in session:
        return redirect("/oauth")
    nonce, timestamp, url = secrets.token_hex(8), int(time.time()), os.environ["PEER_URL"] + "/"
    signature = client.jsapi.get_jsapi_signature(nonce, client.jsapi.get_jsapi_ticket(), timestamp, url)
    apis = ["getNetworkType", "updateAppMessageShareData", "updateTimelineShareData"]
    config = {"debug": False, "appId": client.appid, "timestamp": timestamp, "nonceStr": nonce,
              "signature": signature, "jsApiList": apis}
    return render_template("home.html", visitor=session["visitor"], config=config, page_url=url)
"""


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
    subprocess.run(
        [python, "-m", "pip", "install", *quiet, *PEER_PACKAGES], check=True, stderr=subprocess.DEVNULL
    )
    (folder / "peer.py").write_text(PEER, encoding="utf-8")
    return python


def start_peer(
    python: Path, folder: Path, template: str, store: str, threads: int
) -> tuple[subprocess.Popen[str], str]:
    (folder / "templates").mkdir()
    (folder / "templates" / "home.html").write_text(template, encoding="utf-8")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    env = os.environ | {
        "PYTHONPATH": str(folder),
        "PEER_STORE": store,
        "PEER_APP_ID": "wx0123456789abcdef",
        "PEER_SECRET": "secret",
        "PEER_TEMPLATES": str(folder / "templates"),
        "PEER_URL": url,
        "PEER_LOG": str(folder / "peer.log"),
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


def start_ours(sandbox: Sandbox, folder: Path, store: str, threads: int) -> tuple[subprocess.Popen[str], str]:
    """Its log into a file, as the peer's: nobody shall spend time reading it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    (folder / "config.py").write_text("")
    env = (
        os.environ
        | bot_env(sandbox)
        | {
            "BOT_CONFIG": str(folder / "config.py"),
            "BOT_LISTEN": f"127.0.0.1:{port}",
            "BOT_PUBLIC_URL": url,
            "BOT_STORE_URL": store,
            "BOT_SECRET_KEY": "benchmark" * 4,
            "BOT_WORKERS": "1",
            "BOT_THREADS": str(threads),
        }
    )
    log = (folder / "bot.log").open("w")
    child = subprocess.Popen(
        [sys.executable, "-m", "bot"], env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
    )
    for line in child.stdout or ():
        if line.startswith("bot ready"):
            return child, url
    raise SystemExit("the bot did not start:\n" + (folder / "bot.log").read_text())


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
        store = RedisServer(folder)
        bot, url = start_ours(sandbox, folder, store.url, options.threads)
        try:
            ours = our_session(sandbox, url)
            page = requests.get(url, cookies={"session": ours}, timeout=10)
            calls = len(sandbox.calls())
            peer, peer_url = start_peer(python, folder, as_jinja(page.text), store.url, options.threads)
            try:
                theirs = requests.get(peer_url + "/login-for-the-benchmark", timeout=10).cookies["session"]
                same = requests.get(peer_url, cookies={"session": theirs}, timeout=10)
                print(f"bytes of the page: {len(page.content)} here, {len(same.content)} there")
                for place, session in ((url, ours), (peer_url, theirs)):
                    rate(place, session, 1, options.connections)  # warm
                rates: dict[str, list[float]] = {"here": [], "Flask": []}
                for _ in range(options.runs):
                    rates["here"].append(rate(url, ours, options.seconds, options.connections))
                    rates["Flask"].append(rate(peer_url, theirs, options.seconds, options.connections))
            finally:
                peer.terminate()
                peer.wait()
            asked = len(sandbox.calls()) - calls
        finally:
            bot.terminate()
            bot.wait()
            store.close()
    medians = {name: statistics.median(found) for name, found in rates.items()}
    for name, found in rates.items():
        print(f"{name:>6}: {medians[name]:8.0f} requests/s  ({', '.join(f'{one:.0f}' for one in found)})")
    print(f"ratio: {medians['here'] / medians['Flask']:.2f}; calls to WeChat meanwhile: {asked}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
