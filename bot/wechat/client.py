"""The client for WeChat's API: wechatpy's client with our tokens, timeouts, a single retry and our errors."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import DEFAULT_POOLSIZE, HTTPAdapter
from urllib3.connection import HTTPConnection
from wechatpy import WeChatClient

from bot.errors import WeChatError, WeChatUnreachable
from bot.telemetry import metrics
from bot.wechat.answers import read_download, read_json
from bot.wechat.endpoints import Endpoints
from bot.wechat.http import FAILURES, unreachable
from bot.wechat.tokens import SharedValue

PUSH = "message/custom/send"
_UNACKNOWLEDGED_SECONDS = 2
# The calls whose answer is a file. All other calls are answered with JSON.
_DOWNLOADS = (
    "/media/get",
    "/media/get/jssdk",
    "/material/get_material",
    "/wxa/getwxacode",
    "/wxa/getwxacodeunlimit",
    "/wxa/get_qrcode",
    "/wxaapp/createwxaqrcode",
    "/showqrcode",
)
_TOKEN_ERRCODES = (40001, 40014, 42001)  # the token is wrong or superseded, malformed, expired


class TcpUserTimeoutAdapter(HTTPAdapter):
    """A transport adapter for `requests` that sets TCP_USER_TIMEOUT to two seconds (Linux only).

    If the other side acknowledges nothing for two seconds, the kernel closes the connection and drops unsent
    data. Without it, the kernel would repeat packets for minutes, even for connections that are closed. A
    machine that has lost its network would then send a message when the network is back, although another
    machine has taken over the job (after 3 seconds, see bot/jobs/liveness.py) and sent the message, too.
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, socket_options=_socket_options(), **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, socket_options=_socket_options(), **kwargs)


def _socket_options() -> list[tuple[int, int, int]]:
    options: list[Any] = list(HTTPConnection.default_socket_options)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_SECONDS * 1000))
    return options


class Client(WeChatClient):
    """wechatpy's WeChatClient: `client.user.get(openid)`, `client.post("message/custom/send", data=…)`.

    Threads may share it; up to `at_once` connections are kept open. `timeout` is in seconds.

    A call returns WeChat's JSON object. A download returns the Response, whose `content` is the file. Every
    failure is raised as a WeChatError that names the call. After a token error the call is repeated once with
    another token and the same body. wechatpy's own retry is not used: it repeats without end and uses up the
    day's quota of tokens, and its reader lets other errors through.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        app_id: str,
        secret: str,
        tokens: SharedValue,
        timeout: float,
        at_once: int = DEFAULT_POOLSIZE,
    ) -> None:
        self.API_BASE_URL = endpoints.api("/cgi-bin/")
        self._tokens = tokens
        super().__init__(app_id, secret, timeout=timeout, auto_retry=False)
        # The longest prefix is used, so only pushes have the two-second limit, and slow uploads do not.
        self._http.mount(self.API_BASE_URL, HTTPAdapter(pool_maxsize=at_once))
        self._http.mount(self.API_BASE_URL + PUSH, TcpUserTimeoutAdapter(pool_maxsize=at_once))

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    @property
    def access_token(self) -> str:
        """Return the current access_token. Raises WeChatError if there is none and none can be fetched."""
        return self._tokens.get()

    def fetch_access_token(self) -> dict[str, Any]:
        """Raise an error. wechatpy calls this only for its own retry, which is off."""
        raise WeChatUnreachable("access tokens are fetched by bot.wechat.tokens only")

    def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> Any:
        is_url = url_or_endpoint.startswith(("http://", "https://"))
        base = kwargs.pop("api_base_url", self.API_BASE_URL)
        url = url_or_endpoint if is_url else base + url_or_endpoint
        process = kwargs.pop("result_processor", None)
        kwargs = {"timeout": self.timeout, **kwargs, **_repeatable(kwargs)}
        token = self._tokens.get()
        try:
            answer = self._once(token, method, url, kwargs)
        except WeChatError as error:
            if error.errcode not in _TOKEN_ERRCODES:
                raise
            answer = self._once(self._tokens.replace(token, error.call), method, url, kwargs)
        if process is None or not isinstance(answer, dict):
            return answer
        try:
            return process(answer)
        except (LookupError, TypeError, ValueError, AttributeError):
            problem = "WeChat's answer lacks a field that this call needs"
            raise WeChatUnreachable(problem, was_sent=True, call=urlsplit(url).path) from None

    def _once(self, token: str, method: str, url: str, kwargs: dict[str, Any]) -> Any:
        params = {**(kwargs.get("params") or {}), "access_token": token}
        errcode, began = -1, time.monotonic()
        try:
            response = self._http.request(
                method, url, **{**kwargs, "params": params, "allow_redirects": False}
            )
            answer = _read(response, urlsplit(url).path)
            errcode = 0
            return answer
        except WeChatError as error:
            errcode = error.errcode
            raise
        except FAILURES as error:
            raise unreachable(error, url, began) from None
        finally:
            metrics.wechat_calls.labels(errcode).inc()


def _read(response: requests.Response, call: str) -> Any:
    is_download = call.endswith(_DOWNLOADS)
    return read_download(response, call) if is_download else read_json(response, call)


def _repeatable(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return `data`, `files` and `headers` of a call in a form that can be sent twice.

    The first try of a call reads an open file to its end. So files and iterators are read into memory here. A
    dict becomes JSON without escapes, because WeChat shows \\uXXXX literally in some places.
    """
    data: Any = kwargs.get("data")
    files, headers = kwargs.get("files"), dict(kwargs.get("headers") or {})
    if hasattr(data, "read"):
        data = data.read()
    elif isinstance(data, Iterator):
        data = b"".join(one.encode() if isinstance(one, str) else one for one in data)
    elif isinstance(data, dict) and not files:
        data = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")
    if files:
        form = requests.Request("POST", "http://localhost/", data=data, files=files).prepare()
        data = form.body
        headers["Content-Type"] = form.headers["Content-Type"]
    return {"data": data, "files": None, "headers": headers or None}
