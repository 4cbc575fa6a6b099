"""Run a WSGI application under ASGI: each request runs in a thread once its body has arrived, and a short
answer is sent in one piece.

It follows PEP 3333 (WSGI) and the HTTP part of the ASGI specification.
"""

import asyncio
import io
import itertools
import logging
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from bot.chat.wire.gate import MAX_BODY
from bot.server.call_threads import CallThreads
from bot.telemetry import metrics
from bot.telemetry.log import describe
from bot.telemetry.rare_warnings import RareWarnings
from bot.telemetry.request_log import logged

log = logging.getLogger("bot.server.wsgi_bridge")

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
AddressOf = Callable[[dict[str, Any]], str]  # from a WSGI environment to the client's IP address

_PIECE_BYTES = 256 * 1024
_PATIENCE_SECONDS = 0.02  # further threads start if pages have waited for so long


@dataclass(frozen=True)
class _Answer:
    """An answer of the application. `rest` yields the pieces after the first one, or is None if there are
    none. If there is a `rest`, call `close` after it."""

    status: int
    headers: list[tuple[bytes, bytes]]
    piece: bytes
    rest: Iterator[bytes] | None = None
    close: Callable[[], object] = lambda: None


class _Broken(Exception):
    """The application failed in the middle of an answer. The fault is already logged."""


class Bridge:
    """An ASGI application that runs the WSGI application `app`, with at most `threads` requests at a time."""

    def __init__(self, app: Wsgi, threads: int, address_of: AddressOf) -> None:
        self._address_of = address_of
        self._app = app
        self._most = threads
        self._threads = CallThreads("page", threads, _PATIENCE_SECONDS)
        self._fulls = RareWarnings(log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. Its body is received here, on the loop: a client that sends half a body holds no
        thread. A body of more than 64 KiB is answered with 413, and the application does not see it."""
        loop = asyncio.get_running_loop()
        in_thread = self._threads.call
        body = await _whole_body(receive) if _has_body(scope) else b""
        if body is None or len(body) > MAX_BODY:
            await self._refuse(scope, send, body)
            return
        if self._threads.under_way >= self._most:
            metrics.pages_full.inc()
            self._fulls.warn(
                "full", "[bridge] %d pages run, and a further one must wait; see THREADS", self._most
            )
        answer: _Answer = await in_thread(self._answer, environ_of(scope, body))
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        if answer.rest is None:
            await send({"type": "http.response.body", "body": answer.piece})
            return
        gone = loop.create_task(_gone(receive))
        piece: bytes | None = answer.piece
        try:
            while piece is not None and not gone.done():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                piece = await in_thread(_next, answer.rest)
            await send({"type": "http.response.body", "body": b""})
        except _Broken:
            return  # without a last piece, the server closes the connection
        finally:
            gone.cancel()
            await in_thread(answer.close)

    async def _refuse(self, scope: Scope, send: Send, body: bytes | None) -> None:
        """Answer 413 for a body that is too large, or 400 for one without an end (`body` is None)."""
        status, reason = (400, "no-body") if body is None else (413, "body-too-large")
        with logged(scope["method"], scope["path"], lambda: self._address_of(environ_of(scope))) as facts:
            facts.update(status=str(status), result="refused", reason=reason)
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": reason.encode()})

    def _answer(self, environ: dict[str, Any]) -> _Answer:
        """Run the application until the first piece of its answer. Called in a thread."""
        try:
            return self._run(environ)
        except BaseException as error:  # also SystemExit, which would end the event loop
            log.error("[bridge] fault: %s", describe(error))
            return _Answer(500, [(b"content-length", b"0")], b"")

    def _run(self, environ: dict[str, Any]) -> _Answer:
        begun: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
            begun[:] = (
                int(status[:3]),
                [(name.encode("latin-1"), text.encode("latin-1")) for name, text in headers],
            )

        pieces = self._app(environ, start_response)
        close = getattr(pieces, "close", lambda: None)
        try:
            rest = iter(pieces)
            piece = next(rest, b"")  # an application may call start_response() as late as here
            status, headers = begun
            if isinstance(pieces, list) or any(name.lower() == b"content-length" for name, _ in headers):
                rest = _large(itertools.chain([piece], rest))  # the whole answer exists: merge its pieces
                piece = next(rest, b"")
                if len(piece) < _PIECE_BYTES:
                    close()
                    return _Answer(status, headers, piece)
            return _Answer(status, headers, piece, rest, close)
        except BaseException:
            close()
            raise


def _has_body(scope: Scope) -> bool:
    """Return False for a request that has no body by HTTP's rules, as most do: it needs no receive()."""
    lengths = (b"content-length", b"transfer-encoding")
    return scope["method"] not in ("GET", "HEAD") or any(name in lengths for name, _ in scope["headers"])


async def _whole_body(receive: Receive) -> bytes | None:
    """Return the body of a request, or None if the client hangs up before its end. Stop receiving when it has
    more than MAX_BODY bytes."""
    body = bytearray()
    while len(body) <= MAX_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":  # also after the time limit of request_limits.py
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return bytes(body)


def _next(pieces: Iterator[bytes]) -> bytes | None:
    """Return the next piece, or None after the last one. Raises _Broken after logging a fault."""
    try:
        return next(pieces, None)
    except BaseException as error:
        log.error("[bridge] fault in a stream: %s", describe(error))
        raise _Broken from None


async def _gone(receive: Receive) -> None:
    """Return when the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _large(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in pieces of 256 KiB. Fewer pieces mean fewer switches between threads."""
    gathered = b""
    for piece in pieces:
        gathered += piece
        if len(gathered) >= _PIECE_BYTES:
            yield gathered
            gathered = b""
    if gathered:
        yield gathered


def environ_of(scope: Scope, body: bytes = b"") -> dict[str, Any]:
    """Return the WSGI environment of a request."""
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        if b"_" in raw_name:
            continue  # WSGI cannot tell `a_b` from `a-b`, and a proxy may have set `a-b`
        name, value = raw_name.decode("latin-1").upper().replace("-", "_"), raw_value.decode("latin-1")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = f"HTTP_{name}"
        if name in environ:
            value = f"{environ[name]}{'; ' if name == 'HTTP_COOKIE' else ','}{value}"
        environ[name] = value
    return environ
