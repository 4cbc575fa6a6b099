"""The ASGI application of the server: deliveries run on the event loop, everything else in threads."""

import asyncio
import logging
from collections.abc import Callable

from bot.chat.endpoint import Callback, Response
from bot.chat.wire.gate import MAX_BODY
from bot.server import greenlets
from bot.server.wsgi_bridge import AddressOf, Bridge, Receive, Scope, Send, environ_of
from bot.telemetry.log import describe
from bot.telemetry.request_log import logged

log = logging.getLogger("bot.server.application")

_TEXT = "text/plain; charset=utf-8"
_FAULT = Response(500, b"", _TEXT, {"result": "fault"})
_NO_BODY = Response(400, b"", _TEXT, {"result": "refused", "reason": "no-body"})


class AsgiApplication:
    """The ASGI application: a POST to `path` goes to `callback`, every other request to `pages`.

    `start` is called before the server accepts requests, `close` in a thread after the last one.
    """

    def __init__(
        self,
        path: str,
        callback: Callback,
        pages: Bridge,
        address_of: AddressOf,
        start: Callable[[], None] = lambda: None,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._path = path
        self._callback = callback
        self._pages = pages
        self._address_of = address_of
        self._start = start
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["path"] == self._path and scope["method"] == "POST":
            await self._deliver(scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.to_thread(self._close)  # in a thread, because it waits for jobs
        await send({"type": "lifespan.shutdown.complete"})

    async def _deliver(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a delivery. It runs in a greenlet, so other deliveries run while it waits."""
        query_string = scope["query_string"].decode("latin-1")
        with logged("POST", self._path, lambda: self._address_of(environ_of(scope))) as facts:
            try:
                body = await _body(receive)
                if body is None:
                    response = _NO_BODY
                else:
                    response = await greenlets.run(
                        self._callback.receive, query_string, lambda: body, scope.get("bot.is_closed", _never)
                    )
            except asyncio.CancelledError:
                raise
            except BaseException as error:
                log.error("[loop] fault: %s", describe(error))
                response = _FAULT
            facts["status"] = str(response.status)
            facts.update(response.facts)
        headers = [
            (b"content-type", response.content_type.encode()),
            (b"content-length", b"%d" % len(response.body)),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})


def _never() -> bool:
    """Is used as `bot.is_closed` under other ASGI servers, which do not tell if a connection is closed."""
    return False


async def _body(receive: Receive) -> bytes | None:
    """Return the body of a request, or None if the client hangs up before its end.

    If the body is longer than MAX_BODY bytes, return only its beginning, which is also longer than MAX_BODY:
    the gate then refuses it.
    """
    body = b""
    while len(body) <= MAX_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":  # also after the time limit of request_limits.py
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body
