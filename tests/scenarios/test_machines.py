"""Several machines for real: three bot hosts in network namespaces, with one Redis. One is cut off and
another killed in the middle of slow messages."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench import machines, netns
from bench.account import Account
from tests.conditions import until
from tests.launch import ROOT, start_sandbox
from tests.scenarios.phone_checks import was_exactly_once


@pytest.fixture
def need_machines(need_redis: None) -> Iterator[None]:
    problem = netns.why_not()
    if problem and os.environ.get("CI") == "true" and "forbids" not in problem and "root" not in problem:
        pytest.fail(f"{problem}, and CI may skip nothing that it could have")
    if problem:
        pytest.skip(f"NOT TESTED: {problem}")
    with netns.own_network():
        yield


@pytest.mark.redis
def test_one_machine_cut_off_and_one_killed_lose_and_repeat_nothing(
    need_machines: None, account: Account
) -> None:
    with start_sandbox("--mode", "safe", "--allow-remote") as sandbox:
        result = machines.run(sandbox, account, messages=150, users=75, clients=40)
    assert was_exactly_once(result), result
    assert result.failure_lines == 0


_CALLER = """
import sys
import requests
from bot.wechat.client import TcpUserTimeoutAdapter
session = requests.Session()
session.mount("http://", TcpUserTimeoutAdapter())
for line in sys.stdin:
    try:
        session.post(sys.argv[1], json={"push": line}, timeout=8)
        print("taken", flush=True)
    except requests.RequestException:
        print("not taken", flush=True)
"""


class _Taker(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open, as WeChat does

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        return


def test_what_a_machine_could_not_send_does_not_leave_it_when_its_network_is_back(
    need_machines: None,
) -> None:
    """By then others may have sent it: closing a connection does not stop the kernel from repeating."""
    with netns.Network(1) as network, ThreadingHTTPServer((network.host, 0), _Taker) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://{network.host}:{server.server_port}/"
        inside = network.inside(0)
        with subprocess.Popen(
            [*inside, sys.executable, "-c", _CALLER, url],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        ) as caller:  # fmt: skip
            stdin, stdout = caller.stdin, caller.stdout
            assert stdin is not None
            assert stdout is not None

            def push() -> str:
                stdin.write("x\n")
                return stdout.readline()

            until(push, lambda said: said == "taken\n")  # a network that was just made may lose a packet
            network.cut_off(0)
            assert push() == "not taken\n"
            sockets = subprocess.run([*inside, "ss", "-Htan"], capture_output=True, text=True, check=True)
            unsent = [line for line in sockets.stdout.splitlines() if int(line.split()[2]) > 0]
            assert unsent == []
            network.reconnect(0)
            until(push, lambda said: said == "taken\n")
            stdin.close()
        server.shutdown()
