"""WeChat's API by wechatpy's client, its traps closed: our tokens, timeouts, one retry, our errors."""

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
from bot.wechat.tokens import Shared

PUSH = "message/custom/send"
_UNHEARD_SECONDS = 2
_TOKEN_ERRCODES = (40001, 40014, 42001)  # wrong or superseded, malformed, expired


class Fenced(HTTPAdapter):
    """Gives up a connection, with what is still to be sent, when nothing is heard from the other side's
    machine for two seconds (Linux).

    What others take over from a machine that has lost its network (after 3 s: bot/jobs) must not leave it
    once the network is back; but the kernel repeats packets for minutes, even those of closed connections.
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, socket_options=_socket_options(), **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, socket_options=_socket_options(), **kwargs)


def _socket_options() -> list[tuple[int, int, int]]:
    options: list[Any] = list(HTTPConnection.default_socket_options)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNHEARD_SECONDS * 1000))
    return options


class Client(WeChatClient):
    """wechatpy's WeChatClient (`client.user.get(openid)`, `client.post("message/custom/send", data=…)`).
    It may be shared by threads, `at_once` of which find a connection kept open.

    Every failure is a WeChatError. After a token error the call is repeated once with another token, and
    once only: wechatpy's own retry calls itself without end, spending a day's quota of tokens on the way.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        app_id: str,
        secret: str,
        tokens: Shared,
        timeout: float,
        at_once: int = DEFAULT_POOLSIZE,
    ) -> None:
        self.API_BASE_URL = endpoints.api("/cgi-bin/")
        self._tokens = tokens
        super().__init__(app_id, secret, timeout=timeout, auto_retry=False)
        # The longest prefix wins: a picture that is uploaded slowly may take its time.
        self._http.mount(self.API_BASE_URL, HTTPAdapter(pool_maxsize=at_once))
        self._http.mount(self.API_BASE_URL + PUSH, Fenced(pool_maxsize=at_once))

    def close(self) -> None:
        """Give back connections."""
        self._http.close()

    @property
    def access_token(self) -> str:
        return self._tokens.get()

    def fetch_access_token(self) -> dict[str, Any]:
        """Not how tokens come here; wechatpy calls it only for its own retry, which is off."""
        raise WeChatUnreachable("tokens come from bot.wechat.tokens")

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
                raise WeChatUnreachable("WeChat answered with what is no JSON", was_sent=True)
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
    """wechatpy hands back what is not JSON: a download, or some proxy's page."""
    return str(answer.headers.get("Content-Type", "")).startswith("text/")
