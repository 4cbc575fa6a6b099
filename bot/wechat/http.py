"""Make JSON calls to WeChat, with a timeout. An errcode becomes an error. This module adds no token and never
retries."""

import json
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError

from bot.errors import WeChatError, WeChatUnreachable
from bot.telemetry import metrics
from bot.wechat.answers import read_json

# What `requests` raises if there is no answer. It raises ValueError for a redirect to an address that is
# none.
FAILURES = (requests.RequestException, HTTPError, ValueError)


class Http:
    """Make JSON calls, and keep connections open between them. Threads may share it. `timeout` is in
    seconds."""

    def __init__(self, timeout: float) -> None:
        self._session = requests.Session()
        self._timeout = timeout

    def get(self, url: str, params: dict[str, str]) -> dict[str, Any]:
        """Send a GET request and return the JSON object of the answer.

        Raises WeChatError for an errcode, and WeChatUnreachable if there is no answer or it cannot be
        read. Both name the call.
        """
        return self._call("GET", url, params=params)

    def post(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send `body` as JSON and return the answer as get() does.

        The JSON is raw UTF-8 without escapes, because WeChat shows \\uXXXX literally in some places.
        """
        data = json.dumps(body, ensure_ascii=False).encode()
        return self._call("POST", url, data=data, headers={"Content-Type": "application/json"})

    def close(self) -> None:
        """Close all connections."""
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
        began = time.monotonic()
        try:
            # WeChat redirects no call. A redirect would hand the secret to another host.
            response = self._session.request(
                method, url, timeout=self._timeout, allow_redirects=False, **kwargs
            )
        except FAILURES as error:
            raise unreachable(error, url, began) from None
        return read_json(response, urlsplit(url).path)


def unreachable(error: Exception, url: str, began: float) -> WeChatUnreachable:
    """Turn a failed request to `url` into WeChatUnreachable, including how long it had been running.

    `began` is monotonic seconds. Only the type of `error` is used: the text of some errors holds the URL, and
    with it the secret or the token.
    """
    was_sent = _was_sent(error)
    what = "did not answer" if was_sent else "could not be reached"
    after = f"{type(error).__name__} after {time.monotonic() - began:.1f} s"
    parts = urlsplit(url)
    return WeChatUnreachable(f"{parts.hostname} {what} ({after})", was_sent=was_sent, call=parts.path)


def _was_sent(error: Exception) -> bool:
    """Return False only if the connection could not be made, so that nothing was sent."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return not isinstance(reason, ConnectTimeoutError | NewConnectionError | ProxyError)
