"""Measure the home page of a returning visitor here and in Flask: `python -m bench.home_page [--store both]`

The page has a session, a JS-SDK signature and a template. The peer is Flask + Flask-Session + wechatpy +
Jinja2 (bench/home_page_peer.py), on Granian, its fastest server that we know, or on our server. Both sides
have one process and the same number of threads, the same kind of store for session and ticket, the same HTML,
and one log line for each request.

The two sides take turns of two seconds. Each turn is compared with its neighbour, so that other load on the
machine affects both. Goal: twice the requests. The peer's packages go into a temporary venv. Needs wrk
(Debian package; installed if this process is root).
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import venv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from bench.machine import machine, need, redis_server
from tests.launch import ROOT, Sandbox, bot_env, free_port, start_sandbox

PEER_PACKAGES = (
    "flask>=3,<4", "flask-session[redis,sqlalchemy]>=0.8,<1", "wechatpy==1.8.18", "cryptography", "hiredis",
    "granian>=2.5,<3", "uvicorn", "uvloop", "httptools",
)  # fmt: skip
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Place:
    """One of the two servers that are measured. `session` is the cookie of a visitor whom it knows."""

    name: str
    url: str
    child: subprocess.Popen[str]
    session: str = ""
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of the server and its worker processes since their start."""
        pids = [self.child.pid]
        for task in Path(f"/proc/{self.child.pid}/task").iterdir():
            pids += [int(pid) for pid in (task / "children").read_text().split()]
        used = 0
        for pid in pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used += int(fields[11]) + int(fields[12])
        return used / _TICK

    def measure(self, seconds: int, connections: int) -> None:
        """Measure one turn. Any answer but 200 ends the program."""
        before = self.cpu_seconds()
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "-H",
            f"Cookie: session={self.session}",
        ]
        said = subprocess.run([*command, self.url + "/"], capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in said or "Socket errors" in said:
            raise SystemExit(said)
        self.rates.append(float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1)))  # type: ignore[union-attr]  # wrk always prints it
        number = int(re.search(r"(\d+) requests in", said).group(1))  # type: ignore[union-attr]  # as above
        self.cpu.append((self.cpu_seconds() - before) / number)

    def forget(self) -> None:
        self.rates.clear()
        self.cpu.clear()


def as_jinja(html: str) -> str:
    """Return our page as a Jinja2 template: the values of the visitor are replaced by Jinja2 expressions."""
    html = re.sub(r'(src=")[^"]*(" alt="" width="88")', r"\1{{ visitor.avatar }}\2", html)
    html = re.sub(r"(<h1>Hello world )[^<]*", r"\1{{ visitor.nickname }}", html)
    html = re.sub(r"(<dd>)http://[^<]*", r"\1{{ page_url }}", html)
    html = re.sub(r'(id="jssdk-config">).*?(</script>)', r"\1{{ config|tojson }}\2", html)
    return re.sub(r' nonce="[^"]*"', "", html)


def make_peer(folder: Path) -> Path:
    """Make a venv with the peer's packages. Return the path of its Python."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    quiet = ["-q", "--disable-pip-version-check"]
    subprocess.run(
        [python, "-m", "pip", "install", *quiet, *PEER_PACKAGES], check=True, stderr=subprocess.DEVNULL
    )
    return python


@contextmanager
def peer(
    python: Path, folder: Path, template: str, store: str, options: argparse.Namespace
) -> Iterator[Place]:
    (folder / "templates").mkdir()
    (folder / "templates" / "home.html").write_text(template, encoding="utf-8")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    env = os.environ | {
        "PYTHONPATH": f"{Path(__file__).parent}:{ROOT}",
        "PEER_STORE": store,
        "PEER_REFRESH": "no" if options.lenient else "yes",
        "PEER_APP_ID": "wx0123456789abcdef",
        "PEER_SECRET": "secret",
        "PEER_TEMPLATES": str(folder / "templates"),
        "PEER_URL": url,
        "PEER_LOG": str(folder / "peer.log"),
    }
    threads = options.threads
    if options.server == "ours":
        command, sign = ["home_page_server", str(port), str(threads)], "running"
    else:
        command, sign = (
            ["granian", "--interface", "wsgi", "--workers", "1", "--log-level", "info"],
            "Started worker",
        )
        command += ["--blocking-threads", str(threads), "--backpressure", str(4 * threads)]
        command += ["--port", str(port), "home_page_peer:app"]
    child = subprocess.Popen(
        [str(python), "-m", *command], env=env, cwd=folder,
        stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with running(child, sign):
        place = Place("Flask", url, child)
        http = requests.Session()
        # Granian says that its worker has started before the worker listens.
        http.mount("http://", HTTPAdapter(max_retries=Retry(connect=20, backoff_factor=0.05)))
        place.session = http.get(url + "/login-for-the-benchmark", timeout=10).cookies["session"]
        yield place


@contextmanager
def ours(sandbox: Sandbox, folder: Path, store: str, threads: int) -> Iterator[Place]:
    """Start `python -m bot`. The log goes to a file, as the log of the peer does, so that no process spends
    time reading it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    (folder / "config.py").write_text("")
    settings = {
        "BOT_CONFIG": str(folder / "config.py"),
        "BOT_LISTEN": f"127.0.0.1:{port}",
        "BOT_PUBLIC_URL": url,
        "BOT_STORE_URL": store,
        "BOT_SECRET_KEY": "benchmark" * 4,
        "BOT_WORKERS": "1",
        "BOT_THREADS": str(threads),
    }
    with (folder / "bot.log").open("w") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "bot"], env=os.environ | bot_env(sandbox) | settings, cwd=ROOT,
            stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    with running(child, "bot ready"):
        place = Place("here", url, child)
        place.session = session_of(sandbox, url)
        yield place


@contextmanager
def running(child: subprocess.Popen[str], sign: str) -> Iterator[None]:
    """Wait until the server prints `sign`. Stop the server when the `with` block ends."""
    said = []
    try:
        for line in child.stdout or ():
            said.append(line)
            if sign in line:
                break
        else:
            raise SystemExit("the server did not start:\n" + "".join(said))
        threading.Thread(target=child.stdout.read, daemon=True).start()  # type: ignore[union-attr]  # a pipe
        yield
    finally:
        child.terminate()
        child.wait()


def session_of(sandbox: Sandbox, url: str) -> str:
    """Visit the home page as a user who consents. Return the session cookie."""
    openid = sandbox.add_user("Ming")
    http = requests.Session()
    start = http.get(url, allow_redirects=False, timeout=10).headers["Location"]
    http.get(sandbox.authorize(openid, start, "allow")["redirect"], timeout=10)
    return str(http.cookies["session"])


def compare(kind: str, sandbox: Sandbox, python: Path, options: argparse.Namespace) -> float:
    """Measure both sides on one kind of store, print the figures, and return the ratio."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        if kind == "redis":
            stores = [stack.enter_context(redis_server(folder))] * 2
        else:
            stores = [f"sqlite:///{folder}/bot.db", f"{folder}/peer.db"]
        here = stack.enter_context(ours(sandbox, folder, stores[0], options.threads))
        page = requests.get(here.url, cookies={"session": here.session}, timeout=10)
        template = as_jinja(page.text)
        there = stack.enter_context(peer(python, folder, template, stores[1], options))
        same = requests.get(there.url, cookies={"session": there.session}, timeout=10)
        for place in (here, there):
            place.measure(1, options.connections)  # warm
            place.forget()
        calls = len(sandbox.calls())
        for number in range(options.rounds):
            for place in (here, there) if number % 2 else (there, here):
                place.measure(options.seconds, options.connections)
        asked = len(sandbox.calls()) - calls
    ratio = statistics.median(a / b for a, b in zip(here.rates, there.rates, strict=True))
    print(f"{kind}: {len(page.content)} bytes of page here, {len(same.content)} there")
    for place in (here, there):
        rate, cpu = statistics.median(place.rates), statistics.median(place.cpu)
        spread = f"{min(place.rates):.0f}-{max(place.rates):.0f}"
        print(f"  {place.name:>5}: {rate:6.0f} requests/s ({spread}), {cpu * 1e6:5.0f} us of CPU each")
    print(f"  ratio: {ratio:.2f}; calls to WeChat meanwhile: {asked}", flush=True)
    return ratio


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", choices=("redis", "sqlite", "both"), default="both")
    parser.add_argument("--server", choices=("granian", "ours"), default="granian", help="server of Flask")
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument(
        "--lenient", action="store_true", help="Flask-Session on Redis writes no session back"
    )
    options = parser.parse_args()
    need("wrk")
    print(f"the home page of a returning visitor, {options.connections} connections; {machine()}")
    kinds = ("redis", "sqlite") if options.store == "both" else (options.store,)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, start_sandbox() as sandbox:
        python = make_peer(Path(name))
        for kind in kinds:
            compare(kind, sandbox, python, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
