"""Turn a journal entry into a curl command, so that a developer can send the request again by hand."""

import json
import shlex
from typing import Any
from urllib.parse import urlencode

from wechat_sandbox.account import Account
from wechat_sandbox.push.request import HEADERS, signed_again


def of_delivery(entry: dict[str, Any], account: Account) -> str:
    """Return the curl command of a delivery, signed with the present token of the account."""
    url = signed_again(entry["url"], entry["request_raw"], account)
    return _line("POST", url, dict(HEADERS), entry["request_raw"])


def of_call(entry: dict[str, Any], base_url: str) -> str:
    """Return the curl command of an API call.

    The journal does not keep uploaded files. For an upload the command has the placeholder FILE.
    """
    query = f"?{urlencode(entry['query'])}" if entry["query"] else ""
    url = f"{base_url}{entry['path']}{query}"
    if entry["upload"]:
        return f"{_line(entry['method'], url, {}, None)} -F media=@FILE"
    body = entry["body"]
    if body is None or isinstance(body, str):
        return _line(entry["method"], url, {}, body)
    text = json.dumps(body, ensure_ascii=False)
    return _line(entry["method"], url, {"Content-Type": "application/json"}, text)


def _line(method: str, url: str, headers: dict[str, str], body: str | None) -> str:
    words = ["curl", "-sS", "-X", method, url]
    for name, value in headers.items():
        words += ["-H", f"{name}: {value}"]
    if body is not None:
        words += ["--data-binary", body]
    return shlex.join(words)
