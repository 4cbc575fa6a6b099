"""One JSON call to WeChat: with a timeout, read as UTF-8, errcodes as errors. No token, no retry."""

import json
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError

from bot.errors import WeChatError, WeChatUnreachable
from bot.telemetry import metrics


class Http:
    """Keeps connections open between calls; may be shared by threads. `timeout` in seconds."""

    def __init__(self, timeout: float) -> None:
        self._session = requests.Session()
        self._timeout = timeout

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
        began, host = time.monotonic(), urlsplit(url).hostname
        try:
            response = self._session.request(method, url, timeout=self._timeout, **kwargs)
        except requests.RequestException as error:
            raise unreachable(error, url, began) from None
        if response.status_code != 200:
            problem = f"{host} answered with HTTP status {response.status_code}"
            raise WeChatUnreachable(problem, was_sent=True)
        try:
            # Bytes as UTF-8: the header often says `encoding=` where it means `charset=`.
            answer = json.loads(response.content.decode("utf-8", "replace"), strict=False)
        except ValueError:
            raise WeChatUnreachable(f"{host} answered with what is no JSON", was_sent=True) from None
        if not isinstance(answer, dict):
            raise WeChatUnreachable(f"{host} answered with what is no JSON object", was_sent=True)
        if answer.get("errcode"):
            raise WeChatError(int(answer["errcode"]), str(answer.get("errmsg", "")))
        return answer


def unreachable(error: requests.RequestException, url: str, began: float) -> WeChatUnreachable:
    """What it means to us that `url` was asked at `began` (monotonic) and gave no answer.

    Of the error only the type: the text of some holds the URL, and with it the secret or the token.
    """
    was_sent = _was_sent(error)
    what = "did not answer" if was_sent else "could not be reached"
    after = f"{type(error).__name__} after {time.monotonic() - began:.1f} s"
    return WeChatUnreachable(f"{urlsplit(url).hostname} {what} ({after})", was_sent=was_sent)


def _was_sent(error: requests.RequestException) -> bool:
    """Only a connection that could not be made says for sure that nothing was sent on it."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return not isinstance(reason, ConnectTimeoutError | NewConnectionError | ProxyError)
