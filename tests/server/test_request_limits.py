"""What our server adds to uvicorn's HTTP: limits of a request, and answers in one packet."""

import asyncio
import contextlib
import gc
import socket
import struct
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from bot.server import request_limits
from bot.server.request_limits import BatchedTransport, LimitedHttpProtocol
from tests import on_loop

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Any]]


def talk(what: Talk, asked: list[int] | None = None) -> Any:
    """What `what` returns, on a connection to a server that answers with the length of each body."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        length, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            length, more = length + len(message["body"]), message["more_body"]
        if asked is not None:
            asked.append(length)
        body = b"%d" % length
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def both() -> Any:
        config = uvicorn.Config(
            app, http=LimitedHttpProtocol, lifespan="off", log_config=None, timeout_keep_alive=600
        )
        config.load()
        state = ServerState()
        make = lambda: LimitedHttpProtocol(config=config, server_state=state, app_state={})  # noqa: E731
        server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            return await asyncio.wait_for(what(reader, writer), 60)
        finally:
            writer.close()
            server.close()
            await server.wait_closed()

    return on_loop.run(both())


async def answer(reader: asyncio.StreamReader) -> bytes:
    await reader.readuntil(b"\r\n\r\n")
    return await reader.read(1)


def post(body: bytes) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: bot.test\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


async def expect_refusal(reader: asyncio.StreamReader) -> None:
    """The end, and before it perhaps the reason: the server does not read what is still on its way."""
    with contextlib.suppress(ConnectionResetError):
        said = await reader.read()
        assert said == b"" or said.startswith(b"HTTP/1.1 431 ")


def test_requests_follow_each_other_on_a_connection() -> None:
    async def two(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[bytes]:
        said = []
        for body in (b"", b"x" * 7):
            writer.write(post(body))
            said.append(await answer(reader))
        writer.write(post(b"x" * 3) + post(b"x" * 4))
        return [*said, await answer(reader), await answer(reader)]

    assert talk(two) == [b"0", b"7", b"3", b"4"]


def test_a_long_body_is_no_long_head() -> None:
    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(post(b"x" * 1_000_000) + post(b""))
        assert await answer(reader) == b"1"
        assert await reader.read(6) == b"000000"
        assert await answer(reader) == b"0"

    talk(send)


@pytest.mark.parametrize("begin", [b"GET /", b"GET / HTTP/1.1\r\nHost: bot.test\r\nX-Long: "])
def test_a_head_without_an_end_is_refused(begin: bytes) -> None:
    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(post(b""))
        await answer(reader)
        writer.write(begin + b"x" * 1_000_000)
        await expect_refusal(reader)

    asked: list[int] = []
    talk(send, asked)
    assert asked == [0]


@pytest.mark.parametrize("trailer", [b"X-More: x\r\n" * 100_000, b"X-More: " + b"x" * 1_000_000])
def test_trailers_without_an_end_are_refused(trailer: bytes) -> None:
    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = b"POST / HTTP/1.1\r\nHost: bot.test\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head + b"3\r\nxyz\r\n0\r\n" + trailer)
        await expect_refusal(reader)

    asked: list[int] = []
    talk(send, asked)
    assert asked == []


@pytest.mark.parametrize(
    ("before", "begin"),
    [(b"", b"")]
    + [
        (before, begin)
        for before in (b"", post(b""))
        for begin in (b"G", b"GET / HTTP/1.1\r\nHost: bot.test\r\n", post(b"x" * 9)[:-1])
    ],
)
def test_who_does_not_send_a_whole_request_in_time_is_cut_off(
    before: bytes, begin: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_time = request_limits._WHOLE_SECONDS if before else 0.05
    monkeypatch.setattr(request_limits, "_WHOLE_SECONDS", in_time)

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if before:
            writer.write(before)
            assert await answer(reader) == b"0"
            monkeypatch.setattr(request_limits, "_WHOLE_SECONDS", 0.05)
        writer.write(begin)
        with contextlib.suppress(ConnectionResetError):  # the server may close it before it has read this
            assert await reader.read() == b""

    asked: list[int] = []
    talk(send, asked)
    assert asked == ([0] if before else [])


def test_a_connection_may_rest_between_requests_and_send_them_in_pieces() -> None:
    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def send_in_pieces() -> None:
            for byte in post(b"xy"):
                writer.write(bytes([byte]))
                await writer.drain()
            assert await answer(reader) == b"2"

        loop = asyncio.get_running_loop()
        now, rest = loop.time, request_limits._WHOLE_SECONDS + 1
        await send_in_pieces()
        loop.time = lambda: now() + rest  # type: ignore[method-assign]
        await asyncio.sleep(0.01)  # lets the loop run the timers that are due
        await send_in_pieces()

    talk(send)


def test_a_connection_that_breaks_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    ours: list[weakref.ref[LimitedHttpProtocol]] = []

    async def breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lost = asyncio.get_running_loop().create_future()
        connection_lost = LimitedHttpProtocol.connection_lost

        def and_tell(http: LimitedHttpProtocol, exc: Exception | None) -> None:
            connection_lost(http, exc)
            ours.append(weakref.ref(http))
            lost.set_result(exc)

        monkeypatch.setattr(LimitedHttpProtocol, "connection_lost", and_tell)
        writer.write(post(b""))
        await answer(reader)
        reset = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        writer.transport.abort()
        assert isinstance(await lost, ConnectionResetError)
        await asyncio.sleep(0)
        gc.collect()
        assert ours[0]() is None, "it would be kept as long as a connection may rest"

    talk(breaks)


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def write(self, data: Any) -> None:
        self.sent.append(bytes(data))

    def close(self) -> None:
        self.sent.append(b"closed")

    def is_closing(self) -> bool:
        return b"closed" in self.sent


def test_what_is_written_in_one_round_goes_out_together_and_before_the_end() -> None:
    async def rounds() -> list[bytes]:
        inner = Transport()
        transport = BatchedTransport(inner)
        transport.write(b"head ")
        transport.write(b"body")
        await asyncio.sleep(0)
        transport.write(b"more")
        transport.close()
        transport.write(b"too late")
        await asyncio.sleep(0)
        return inner.sent

    assert on_loop.run(rounds()) == [b"head body", b"more", b"closed"]
