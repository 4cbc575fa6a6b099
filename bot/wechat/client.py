"""The client for WeChat's API: wechatpy's client with our tokens, timeouts, a single retry and our errors."""

import socket
import time
from typing import Any

import requests
from requests.adapters import DEFAULT_POOLSIZE, HTTPAdapter
from urllib3.connection import HTTPConnection
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from bot.errors import WeChatError, WeChatUnreachable
from bot.telemetry import metrics
from bot.wechat.endpoints import Endpoints
from bot.wechat.http import unreachable
from bot.wechat.tokens import SharedValue

PUSH = "message/custom/send"
_UNACKNOWLEDGED_SECONDS = 2
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

    Every failure is raised as WeChatError. After a token error the call is repeated once with another token.
    wechatpy's own retry is off, because it repeats without end and uses up the day's quota of tokens.
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
        token = self._tokens.get()
        try:
            return self._once(token, method, url_or_endpoint, kwargs)
        except WeChatError as error:
            if error.errcode not in _TOKEN_ERRCODES:
                raise
        return self._once(self._tokens.replace(token), method, url_or_endpoint, kwargs)

    def _once(self, token: str, method: str, url: str, kwargs: dict[str, Any]) -> Any:
        params = {**kwargs.get("params", {}), "access_token": token}
        errcode, began = -1, time.monotonic()
        try:
            answer = super()._request(method, url, **{**kwargs, "params": params})
            if isinstance(answer, requests.Response) and _is_text(answer):
                raise WeChatUnreachable("WeChat answered, but not with JSON", was_sent=True)
            errcode = 0
            return answer
        except WeChatClientException as error:
            if error.errcode is None:
                problem = f"WeChat answered with HTTP status {error.response.status_code}"
                raise WeChatUnreachable(problem, was_sent=True) from None
            errcode = int(error.errcode)
            raise WeChatError(errcode, str(error.errmsg)) from None
        except requests.RequestException as error:
            raise unreachable(error, self.API_BASE_URL, began) from None
        finally:
            metrics.wechat_calls.labels(errcode).inc()


def _is_text(answer: requests.Response) -> bool:
    """Return True if an answer that is not JSON is a text, such as a proxy's error page. wechatpy returns
    such a text in the same way as a download."""
    return str(answer.headers.get("Content-Type", "")).startswith("text/")
