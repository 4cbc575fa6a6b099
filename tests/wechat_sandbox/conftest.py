"""Sandboxes are started once for each set of options and put back to their start before each test."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.launch import Sandbox, start_sandbox
from tests.wechat_sandbox.callback import CallbackServer

Start = Callable[..., Sandbox]


@pytest.fixture(scope="session")
def running() -> Iterator[dict[tuple[str, ...], Sandbox]]:
    sandboxes: dict[tuple[str, ...], Sandbox] = {}
    yield sandboxes
    for sandbox in sandboxes.values():
        sandbox.stop()


@pytest.fixture
def start(running: dict[tuple[str, ...], Sandbox]) -> Start:
    """A sandbox with these options, at its start. The callback survives a reset: set one, or rely on none."""

    def started(*options: str) -> Sandbox:
        # Nobody waits for the pause before the next delivery but the test of that pause.
        options = options if "--resend-pause" in options else (*options, "--resend-pause", "0")
        if options not in running:
            running[options] = start_sandbox(*options)
        running[options].reset()
        return running[options]

    return started


@pytest.fixture
def sandbox(start: Start) -> Sandbox:
    return start()


@pytest.fixture
def hasty(start: Start) -> Sandbox:
    """A sandbox with a deadline of 2 s: a test can wait for its end, and a quick answer is in time."""
    return start("--deadline", "2")


@pytest.fixture
def server() -> Iterator[CallbackServer]:
    with CallbackServer() as server:
        yield server


@pytest.fixture
def openid(sandbox: Sandbox, server: CallbackServer) -> str:
    """A follower of the account, whose callback is `server`."""
    sandbox.set_callback(server.url)
    return sandbox.add_user("小刚", subscribed=True)


class Api:
    """Calls WeChat's paths as a server would, with a token of its own."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.base = sandbox.url
        self.account = sandbox.state()["account"]
        self._http = requests.Session()
        self._http.trust_env = False
        self._token: str | None = None

    @property
    def token(self) -> str:
        if self._token is None:
            self._token = self.new_token()
        return self._token

    def renew(self) -> None:
        """After the clock has run past the life of the token."""
        self._token = None

    def new_token(self, **changes: str) -> str:
        token: str = self.token_call(**changes)["access_token"]
        return token

    def token_call(self, **changes: str) -> dict[str, Any]:
        query = {
            "grant_type": "client_credential",
            "appid": self.account["app_id"],
            "secret": self.account["app_secret"],
        }
        return self.raw("GET", "/cgi-bin/token", params=query | changes).json()

    def stable(self, **changes: Any) -> dict[str, Any]:
        body = {
            "grant_type": "client_credential",
            "appid": self.account["app_id"],
            "secret": self.account["app_secret"],
        }
        return self.post("stable_token", body | changes, access_token=None)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return self.raw("GET", f"/cgi-bin/{path}", params={"access_token": self.token} | query).json()

    def post(self, path: str, body: Any, **query: Any) -> dict[str, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        token = {} if "access_token" in query else {"access_token": self.token}
        return self.raw("POST", f"/cgi-bin/{path}", params=token | query, data=data).json()

    def raw(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        return self._http.request(method, self.base + path, timeout=60, allow_redirects=False, **kwargs)

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def apis() -> Iterator[Callable[[Sandbox], Api]]:
    opened: list[Api] = []

    def open_api(sandbox: Sandbox) -> Api:
        opened.append(Api(sandbox))
        return opened[-1]

    yield open_api
    for api in opened:
        api.close()


@pytest.fixture
def api(sandbox: Sandbox, apis: Callable[[Sandbox], Api]) -> Api:
    return apis(sandbox)
