"""uvicorn's HTTP protocol with limits on time and size of a request, and with each answer in one packet."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MAX_BYTES = 64 * 1024  # the most bytes of a request without its body
_WHOLE_SECONDS = 20.0  # a request must arrive completely within this time
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class LimitedHttpProtocol(HttpToolsProtocol):
    """An HTTP connection with limits, so that a slow client cannot keep a thread, memory or a socket.

    A request must arrive within 20 seconds, or the connection is closed. Its head and trailers may have
    64 KiB, or it is answered with 431. A request that arrives in one piece, as nearly all do, needs no timer.
    The ASGI scope has `bot.is_closed`, a function that tells if the client has closed the connection.
    """

    _bytes = 0  # the bytes of this request so far, without its body
    _is_whole = False  # True if the request has arrived completely
    _cut_off: asyncio.TimerHandle | None = None  # closes the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(BatchedTransport(transport))  # type: ignore[arg-type]  # has what uvicorn uses
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_whole = True
        self._watch()
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:  # uvicorn does not cancel it if the connection broke
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
        self.scope["bot.is_closed"] = self.transport.is_closing  # type: ignore[typeddict-unknown-key]  # our own

    def on_body(self, body: bytes) -> None:
        self._bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_whole = True
        super().on_message_complete()

    def _watch(self) -> None:
        """Start the timer if a request is incomplete. Stop it if the request is complete."""
        if self._cut_off is None and not self._is_whole:
            self._cut_off = self.loop.call_later(_WHOLE_SECONDS, self.transport.close)
        elif self._cut_off is not None and self._is_whole:
            self._cut_off.cancel()
            self._cut_off = None


class BatchedTransport:
    """A transport that sends everything written within one turn of the event loop as one packet.

    uvicorn writes head and body of an answer separately. Two packets cost both sides twice as much as one.
    """

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
