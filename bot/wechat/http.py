"""One JSON call to WeChat: with a timeout, read as UTF-8, errcodes as errors. No token, no retry."""

import json
import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

from bot import metrics
from bot.errors import WeChatError, WeChatUnreachable

# What others take over from a machine that has lost its network (after 3 s: bot/jobs) must not leave it once
# the network is back; but the kernel repeats packets for minutes, even those of connections that are closed.
_UNHEARD_SECONDS = 2.0

Timeout = tuple[float, float]


def session() -> requests.Session:
    """One that gives up a connection when the other side's machine is silent for two seconds."""
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter())
    return session


def timeouts(seconds: float) -> Timeout:
    """To connect, and to wait for an answer."""
    return min(_UNHEARD_SECONDS, seconds), seconds


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        options = list(HTTPConnection.default_socket_options)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(_UNHEARD_SECONDS * 1000)))
        super().init_poolmanager(*args, socket_options=options, **kwargs)


class Http:
    """Keeps connections open between calls; may be shared by threads. `timeout` in seconds."""

    def __init__(self, timeout: float) -> None:
        self._session = session()
        self._timeout = timeouts(timeout)

    def get(self, url: str, params: dict[str, str]) -> dict[str, Any]:
        """Raises WeChatError for an errcode, WeChatUnreachable where there is no answer that can be read."""
        return self._call("GET", url, params=params)

    def post(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        """As get(). The body goes out as raw UTF-8: WeChat shows \\uXXXX literally in some places."""
        data = json.dumps(body, ensure_ascii=False).encode()
        return self._call("POST", url, data=data, headers={"Content-Type": "application/json"})

    def close(self) -> None:
        self._session.close()

    def _call(self, method: str, url: str, **kwargs: Any) -> dict[str, Any]:
        try:
            answer = self._ask(method, url, **kwargs)
        except WeChatError as error:
            metrics.wechat_calls.labels(error.errcode).inc()
            raise
        metrics.wechat_calls.labels(0).inc()
        return answer

    def _ask(self, method: str, url: str, **kwargs: Any) -> dict[str, Any]:
        try:
            response = self._session.request(method, url, timeout=self._timeout, **kwargs)
        except requests.RequestException as error:
            # Only the type: the text of some holds the URL, and with it the secret.
            raise WeChatUnreachable(f"{type(error).__name__} in {self._timeout[1]:g} s") from None
        if response.status_code != 200:
            raise WeChatUnreachable(f"HTTP status {response.status_code}")
        try:
            # Bytes as UTF-8: the header often says `encoding=` where it means `charset=`.
            answer = json.loads(response.content.decode("utf-8", "replace"), strict=False)
        except ValueError:
            raise WeChatUnreachable("the answer is not JSON") from None
        if not isinstance(answer, dict):
            raise WeChatUnreachable("the answer is not a JSON object")
        if answer.get("errcode"):
            raise WeChatError(int(answer["errcode"]), str(answer.get("errmsg", "")))
        return answer
