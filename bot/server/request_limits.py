"""HTTP as uvicorn reads it, and what we add: limits of a request, and answers in one packet."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MAX_BYTES = 64 * 1024  # of a request, beside its body
_WHOLE_SECONDS = 20.0
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Http(HttpToolsProtocol):
    """Who sends half a request, a head or trailers without an end, or nothing at all must not keep a thread,
    memory or a connection. A request that comes in one piece, as nearly all do, starts no clock."""

    _bytes = 0  # of this request so far, beside its body
    _is_whole = False
    _cut_off: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(InOneGo(transport))  # type: ignore[arg-type]  # has what uvicorn uses
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_whole = True
        self._watch()
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:  # uvicorn leaves it, where the connection broke
            self.timeout_keep_alive_task.cancel()

    def data_received(self, data: bytes) -> None:
        self._bytes += len(data)
        super().data_received(data)
        self._watch()
        if not self._is_whole and self._bytes > _MAX_BYTES:
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._bytes, self._is_whole = 0, False

    def on_body(self, body: bytes) -> None:
        self._bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_whole = True
        super().on_message_complete()

    def _watch(self) -> None:
        if self._cut_off is None and not self._is_whole:
            self._cut_off = self.loop.call_later(_WHOLE_SECONDS, self.transport.close)
        elif self._cut_off is not None and self._is_whole:
            self._cut_off.cancel()
            self._cut_off = None


class InOneGo:
    """A transport that sends together what is written in one round of the loop. The server writes the head of
    an answer and its body one after the other, and two packets cost both sides twice as much as one."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._written: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._written:
            self._loop.call_soon(self._send)
        self._written.append(data)

    def close(self) -> None:
        self._send()
        self._transport.close()

    def _send(self) -> None:
        written, self._written = self._written, []
        if written and not self._transport.is_closing():
            self._transport.write(b"".join(written))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
