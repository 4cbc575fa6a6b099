"""Read WeChat's answers: a JSON object, or the bytes of a download.

Proxies and WeChat itself sometimes answer with something else: a page of HTML, half an object, numbers as
texts. Each fault becomes a WeChatError that names the call. This module must not send requests.
"""

import json
import re
from typing import Any
from urllib.parse import urlsplit

import requests

from bot.errors import WeChatError, WeChatUnreachable

LONGEST_LIFETIME = 86400.0  # of a token or a ticket, in seconds; WeChat gives 7200
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_HTML = re.compile(rb"\s*<(!doctype|html|head|body|\?xml)\b", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"


def read_json(response: requests.Response, call: str) -> dict[str, Any]:
    """Return the JSON object of an answer. `call` is the path of the call, for errors.

    Raises WeChatError for an errcode, and WeChatUnreachable for an answer that is not a JSON object.
    """
    _check_status(response, call)
    found = _object(response.content)
    if found is None:
        raise _unreadable(response, call, "with JSON")
    if not isinstance(found, dict):
        raise _unreadable(response, call, "with a JSON object")
    return _checked(response, found, call)


def read_download(response: requests.Response, call: str) -> requests.Response | dict[str, Any]:
    """Return the response itself if its body is a file, or the JSON object that WeChat sent instead: the URL
    of a video, the articles of a news.

    The body decides, because WeChat sometimes labels a file `text/plain`. Raises the errors of read_json(),
    also if the body is empty, a page of HTML or broken JSON.
    """
    _check_status(response, call)
    body = response.content.removeprefix(_BOM).lstrip()
    if body[:1] in (b"{", b"[") and _is_utf8(body):
        return read_json(response, call)
    if not body or _HTML.match(body):
        raise _unreadable(response, call, "with a file")
    return response


def text_of(answer: dict[str, Any], name: str, call: str) -> str:
    """Return the text `name` of an answer. Raises WeChatUnreachable if it is missing, empty or no text."""
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise WeChatUnreachable(f"WeChat's answer has no {name}", was_sent=True, call=call)
    return value


def lifetime_of(answer: dict[str, Any], call: str) -> float:
    """Return `expires_in` of an answer in seconds. Raises WeChatUnreachable unless it is a number above 0 and
    at most a day. A text with such a number is accepted."""
    seconds = seconds_of(answer.get("expires_in"))
    if not 0 < seconds <= LONGEST_LIFETIME:
        problem = f"WeChat's answer has no usable expires_in: {answer.get('expires_in')!r:.40}"
        raise WeChatUnreachable(problem, was_sent=True, call=call)
    return seconds


def seconds_of(value: object) -> float:
    """Return a number, or a text with a number, as a float; 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0.0
    try:
        return float(value)
    except (ValueError, OverflowError):
        return 0.0


def _check_status(response: requests.Response, call: str) -> None:
    if response.status_code != 200:
        problem = f"{_host(response)} answered with HTTP status {response.status_code}"
        raise WeChatUnreachable(problem, was_sent=True, call=call)


def _object(content: bytes) -> Any:
    """Return the JSON value of a body, or None. The charset in the header is not used: WeChat often writes
    `encoding=` instead of `charset=`."""
    text = content.decode("utf-8", "replace").lstrip("\ufeff")
    try:
        found = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return _without_surrogates(found) if _SURROGATE.search(text) else found


def _without_surrogates(value: Any) -> Any:
    """Return a JSON value whose texts have U+FFFD for each half of a character, which no page can show."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_without_surrogates(one) for one in value]
    if isinstance(value, dict):
        return {_without_surrogates(name): _without_surrogates(one) for name, one in value.items()}
    return value


def _checked(response: requests.Response, answer: dict[str, Any], call: str) -> dict[str, Any]:
    """Return `answer`. Raise WeChatError if it has an errcode other than 0."""
    wrapped = answer.get("base_resp")  # calls for devices have errcode and errmsg in it
    if isinstance(wrapped, dict):
        answer = {**{name: value for name, value in answer.items() if name != "base_resp"}, **wrapped}
    value = answer.get("errcode")
    if value is None or value == "":
        return answer
    errcode = _whole(value)
    if errcode is None:
        raise _unreadable(response, call, "with a readable errcode")
    if errcode:
        raise WeChatError(errcode, str(answer.get("errmsg") or ""), call)
    return answer


def _whole(value: object) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,9}\s*", value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unreadable(response: requests.Response, call: str, wanted: str) -> WeChatUnreachable:
    return WeChatUnreachable(f"{_host(response)} answered, but not {wanted}", was_sent=True, call=call)


def _host(response: requests.Response) -> str:
    return urlsplit(response.url).hostname or "WeChat"
