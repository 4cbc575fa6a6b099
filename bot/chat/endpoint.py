"""Step 1 of a message: receive the HTTP request, call the other steps, and return the HTTP answer.

It calls the gate (step 2), then WithoutStore (steps 3 to 6), then the seal (step 7). This module must not
parse or decrypt the message: the gate does.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import web

from bot.chat.delivery.without_store import WithoutStore
from bot.chat.wire import request_body
from bot.chat.wire.gate import MAX_BODY, Gate
from bot.chat.wire.seal import Seal
from bot.errors import Refused

_XML = "text/xml; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"
_MAX_FIELDS = 20  # WeChat sends at most seven


class Response(NamedTuple):
    """An HTTP answer. `facts` is added to its log line."""

    status: int
    body: bytes
    content_type: str
    facts: dict[str, Any]


class Callback:
    """Answer the requests that WeChat sends, in any web framework."""

    def __init__(self, gate: Gate, answers: WithoutStore, seal: Seal) -> None:
        self._gate = gate
        self._answers = answers
        self._seal = seal

    def verify(self, query_string: str) -> Response:
        """Answer the GET by which WeChat's console verifies this server."""
        try:
            echostr = self._gate.verify(_query(query_string))
        except Refused as refusal:
            return _refuse(refusal)
        return Response(200, echostr.encode(), _TEXT, {"result": "verified"})

    def receive(
        self,
        query_string: str,
        read_body: Callable[[], bytes],
        is_closed: Callable[[], bool] = lambda: False,
    ) -> Response:
        """Answer one delivery of a message or event. `read_body` is called only if WeChat has signed the
        query. On the event loop the body (at most 64 KB of it) has been read by then. `is_closed()` tells if
        the connection has been closed."""
        try:
            opened = self._gate.open(_query(query_string), read_body)
        except Refused as refusal:
            return _refuse(refusal)
        incoming = opened.incoming
        answer = self._answers.answer(incoming, is_closed)
        facts: dict[str, Any] = {
            "type": incoming.event or incoming.msg_type,
            "openid": incoming.openid,
            "route": answer.route,
            "result": answer.result,
            "attempt": answer.attempt,
        }
        if answer.retry:
            return Response(503, b"", _TEXT, facts)
        sealed = self._seal.close(answer, opened)
        return Response(200, sealed, _XML if answer.reply else _TEXT, facts)


def _query(query_string: str) -> dict[str, str]:
    """Return the query as a dict, as urllib's parse_qsl does, in an eighth of its time: WeChat hardly ever
    percent-encodes a value."""
    pairs = [pair.partition("=") for pair in query_string.split("&")]
    if len(pairs) > _MAX_FIELDS:
        raise Refused(400, "bad-query")
    if "%" in query_string or "+" in query_string:
        return {unquote_plus(name): unquote_plus(value) for name, _, value in pairs}
    return {name: value for name, _, value in pairs}


def _refuse(refusal: Refused) -> Response:
    return Response(refusal.status, b"", _TEXT, {"result": "refused", "reason": refusal.reason})


class Endpoint:
    """The web.py page at `/wechat`. It reads the raw body, because web.input() would parse XML as a form."""

    def __init__(self, callback: Callback) -> None:
        self._callback = callback

    def GET(self) -> bytes:
        return self._send(self._callback.verify(self._query_string()))

    def POST(self) -> bytes:
        read_body = functools.partial(request_body.read, web.ctx.env, MAX_BODY)
        return self._send(self._callback.receive(self._query_string(), read_body))

    def _query_string(self) -> str:
        return str(web.ctx.query)[1:]

    def _send(self, response: Response) -> bytes:
        web.ctx.status = _STATUS[response.status]
        web.header("Content-Type", response.content_type)
        web.ctx.facts.update(response.facts)
        return response.body


_STATUS = {200: "200 OK", 400: "400 Bad Request", 403: "403 Forbidden", 503: "503 Service Unavailable"}
