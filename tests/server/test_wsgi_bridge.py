"""WSGI applications on a loop, as PEP 3333 promises them."""

import asyncio
import io
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.chat.wire.gate import MAX_BODY
from bot.chat.wire.request_body import read
from bot.errors import FormError
from bot.server import wsgi_bridge
from bot.server.wsgi_bridge import Bridge, Scope, Wsgi
from bot.site import application, forms, members_api
from tests import on_loop

START = {"type": "http.response.start"}


def address_of(environ: dict[str, Any]) -> str:
    return str(environ["REMOTE_ADDR"])


def scope(
    path: bytes = b"/page", *headers: tuple[bytes, bytes], method: str = "GET", query: bytes = b""
) -> Scope:
    return {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "raw_path": path,
        "path": path.decode("ascii", "replace"), "query_string": query, "headers": list(headers),
        "server": ("127.0.0.1", 8080), "client": ("192.0.2.7", 50000),
    }  # fmt: skip


def ask(app: Wsgi, request: Scope, *pieces: bytes, hang_up_after: int = 1000) -> list[Scope]:
    """What is sent for a request with this body. The client hangs up after so many messages."""

    async def one() -> list[Scope]:
        sent: list[Scope] = []
        gone = asyncio.Event()
        coming: list[Scope] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        coming.append({"type": "http.request", "body": b"", "more_body": False})

        async def receive() -> Scope:
            if coming:
                return coming.pop(0)
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Scope) -> None:
            sent.append(message)
            if len(sent) >= hang_up_after:
                gone.set()
                await asyncio.sleep(0)

        await Bridge(app, 2, address_of)(request, receive, send)
        return sent

    return on_loop.run(one())


def answering(pieces: Iterable[bytes], *headers: tuple[str, str], status: str = "200 OK") -> Wsgi:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response(status, list(headers))
        return pieces

    return app


def body(sent: list[Scope]) -> bytes:
    return b"".join(message.get("body", b"") for message in sent)


class Pieces:
    """An iterable that can be closed, and says how often it was."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self.closed += 1


def test_a_page_goes_out_in_one_piece() -> None:
    sent = ask(answering([b"a", b"b"], ("Content-Length", "2"), status="404 Not Found"), scope())
    assert sent == [
        {"type": "http.response.start", "status": 404, "headers": [(b"Content-Length", b"2")]},
        {"type": "http.response.body", "body": b"ab"},
    ]


def test_the_application_sees_the_request() -> None:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read(11))
        start_response("200 OK", [])
        return []

    headers = (
        (b"host", b"bot.test"), (b"content-type", b"text/plain"), (b"content-length", b"11"),
        (b"x-real-ip", b"198.51.100.1"), (b"x-real-ip", b"198.51.100.2"), (b"x_real_ip", b"forged"),
        (b"cookie", b"a=1"), (b"cookie", b"b=2"),
    )  # fmt: skip
    request = scope(b"/caf%C3%A9/%FF", *headers, method="POST", query=b"q=%E4%BD%A0")
    ask(app, request, b"hello", b"", b" world")
    assert {name: seen[name] for name in seen if name.isupper()} == {
        "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": "/caf\xc3\xa9/\xff",
        "QUERY_STRING": "q=%E4%BD%A0", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "192.0.2.7", "REMOTE_PORT": "50000",
        "HTTP_HOST": "bot.test", "CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": "11",
        "HTTP_X_REAL_IP": "198.51.100.1,198.51.100.2", "HTTP_COOKIE": "a=1; b=2",
    }  # fmt: skip
    assert seen["body"] == b"hello world"


def test_a_body_can_be_read_by_lines_and_in_parts_and_ends() -> None:
    read: list[bytes] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        stream = environ["wsgi.input"]
        read.extend([stream.readline(), stream.read(2), stream.read(), stream.read(5)])
        start_response("200 OK", [])
        return []

    ask(app, scope(method="POST"), b"one\ntw", b"o\nthree")
    assert read == [b"one\n", b"tw", b"o\nthree", b""]


def not_called(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    raise AssertionError("the application was called")


LENGTH = (b"content-length", b"100000")


@pytest.mark.parametrize(
    "request_scope", [scope(method="POST"), scope(b"/page", LENGTH)], ids=["POST", "GET"]
)
def test_half_a_body_is_no_body(request_scope: Scope, log: pytest.LogCaptureFixture) -> None:
    sent: list[Scope] = []

    async def hangs_up() -> None:
        coming: list[Scope] = [{"type": "http.request", "body": b"form_token=", "more_body": True}]

        async def receive() -> Scope:
            return coming.pop() if coming else {"type": "http.disconnect"}

        async def send(message: Scope) -> None:
            sent.append(message)

        await Bridge(not_called, 2, address_of)(request_scope, receive, send)

    on_loop.run(hangs_up())
    assert sent[0]["status"] == 400
    (line,) = [record.facts for record in log.records]  # type: ignore[attr-defined]
    assert (line["status"], line["reason"]) == ("400", "no-body")


@pytest.mark.parametrize("pieces", [[b"x" * 65_537], [b"x" * 1000] * 66, [b"x" * 30_000] * 1000])
def test_a_body_that_is_too_large_is_refused_before_all_of_it_has_come(
    pieces: list[bytes], log: pytest.LogCaptureFixture
) -> None:
    sent = ask(not_called, scope(b"/page", LENGTH, method="POST"), *pieces)
    assert (sent[0]["status"], body(sent)) == (413, b"body-too-large")
    assert (b"connection", b"close") in sent[0]["headers"]
    (line,) = [record.facts for record in log.records]  # type: ignore[attr-defined]
    assert (line["path"], line["reason"]) == ("/page", "body-too-large")


def test_the_largest_body_is_read() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [str(len(environ["wsgi.input"].read())).encode()]

    assert body(ask(app, scope(method="POST"), b"x" * 60_000, b"x" * 5_536)) == b"65536"
    assert forms.MAX_BODY <= MAX_BODY
    assert members_api._MAX_BODY <= MAX_BODY


def test_forms_that_are_sent_by_half_hold_no_threads() -> None:
    """Forty of them, and two threads: a page is answered, and so is each form when its rest comes."""
    bridge, rest = Bridge(answering([b"page"]), 2, address_of), asyncio.Event()

    async def all_of_them() -> list[Scope]:
        answered: list[Scope] = []
        halves = asyncio.Semaphore(0)

        def client(*coming: Scope, waits: bool) -> tuple[Any, Any]:
            messages = list(coming)

            async def receive() -> Scope:
                if len(messages) == 1 and waits:
                    halves.release()
                    await rest.wait()
                return messages.pop(0)

            async def send(message: Scope) -> None:
                if message["type"] == "http.response.start":
                    answered.append(message)

            return receive, send

        first = {"type": "http.request", "body": b"form_token=", "more_body": True}
        last = {"type": "http.request", "body": b"x", "more_body": False}
        form = scope(b"/account", LENGTH, method="POST")
        tasks = [asyncio.create_task(bridge(form, *client(first, last, waits=True))) for _ in range(40)]
        for _ in tasks:
            await halves.acquire()
        await bridge(scope(), *client(last, waits=False))
        assert len(answered) == 1, "the page, and no form yet"
        rest.set()
        await asyncio.gather(*tasks)
        return answered

    assert [message["status"] for message in on_loop.run(all_of_them())] == [200] * 41


def test_a_page_that_reads_half_a_body_refuses_the_form() -> None:
    class Gone(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            raise ConnectionError

    with pytest.raises(FormError):
        read({"CONTENT_LENGTH": "10", "wsgi.input": io.BufferedReader(Gone())}, 100)


def test_a_stream_goes_out_piece_by_piece_and_is_closed() -> None:
    pieces = Pieces([b"data: 1\n\n", b"data: 2\n\n"])
    sent = ask(answering(pieces), scope())
    assert [message.get("body") for message in sent] == [None, b"data: 1\n\n", b"data: 2\n\n", b""]
    assert pieces.closed == 1


def test_a_stream_of_web_py_may_end_in_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    class Page:
        def GET(self) -> Iterator[bytes]:
            return iter([b"1", b"2"])

    class Anywhere:
        under_way = 0

        def __init__(self, name: str, most: int, patience: float) -> None:
            pass

        def call(self, function: Callable[..., Any], *args: Any) -> Any:
            return asyncio.get_running_loop().run_in_executor(ThreadPoolExecutor(1), function, *args)

    monkeypatch.setattr(wsgi_bridge, "CallThreads", Anywhere)
    page = application.WebApplication(None, [("/page", Page)]).wsgifunc()  # type: ignore[arg-type]  # no errors to show
    assert body(ask(page, scope())) == b"12"


def test_a_page_that_waits_for_a_thread_is_logged_once_and_then_served(log: pytest.LogCaptureFixture) -> None:
    go, inside = threading.Event(), threading.Event()

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        inside.set()
        assert go.wait(60)
        start_response("200 OK", [])
        return [b"page"]

    async def three() -> list[list[Scope]]:
        bridge = Bridge(app, 1, address_of)
        sent: list[list[Scope]] = [[], [], []]

        async def request(number: int) -> None:
            async def send(message: Scope) -> None:
                sent[number].append(message)

            await bridge(scope(), never, send)

        first = asyncio.create_task(request(0))
        await asyncio.to_thread(inside.wait, 60)
        others = [asyncio.create_task(request(number)) for number in (1, 2)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(first, *others)
        return sent

    assert [body(sent) for sent in on_loop.run(three())] == [b"page"] * 3
    (line,) = [record.getMessage() for record in log.records if "must wait" in record.getMessage()]
    assert "THREADS" in line


async def never() -> Scope:
    raise AssertionError("a GET has no body to receive")


def test_a_stream_that_fails_has_no_end_and_one_log_line(log: pytest.LogCaptureFixture) -> None:
    def failing() -> Iterator[bytes]:
        yield b"1"
        raise LookupError("what a user wrote")

    pieces = Pieces(failing())
    sent = ask(answering(pieces), scope())
    assert [message.get("body") for message in sent] == [None, b"1"]
    assert pieces.closed == 1
    (record,) = log.records
    assert "LookupError" in record.getMessage()
    assert "what a user wrote" not in log.text


def test_a_stream_ends_when_the_client_has_hung_up() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"still here\n"

    pieces = Pieces(endless())
    assert len(ask(answering(pieces), scope(), hang_up_after=5)) < 10
    assert pieces.closed == 1


def test_a_file_goes_out_in_large_pieces() -> None:
    pieces = Pieces(b"x" * 8192 for _ in range(100))
    sent = ask(answering(pieces, ("Content-Length", str(819_200))), scope())
    assert body(sent) == b"x" * 819_200
    assert len(sent) < 8
    assert pieces.closed == 1


def test_an_application_may_begin_its_answer_with_its_first_piece() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("201 Created", [])
        yield b"late"

    sent = ask(app, scope())
    assert (sent[0]["status"], body(sent)) == (201, b"late")


@pytest.mark.parametrize("late", [False, True])
def test_an_application_that_fails_is_answered_500_and_closed(
    late: bool, log: pytest.LogCaptureFixture
) -> None:
    def failing() -> Iterator[bytes]:
        raise LookupError("what a user wrote")
        yield b""

    pieces = Pieces(failing())

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        if late:
            return pieces
        raise LookupError("what a user wrote")

    sent = ask(app, scope())
    assert (sent[0]["status"], body(sent), pieces.closed) == (500, b"", int(late))
    assert "LookupError" in log.text
    assert "what a user wrote" not in log.text


def test_requests_run_beside_each_other() -> None:
    inside = threading.Barrier(2)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        inside.wait(60)
        start_response("200 OK", [])
        return [b"both"]

    bridge = Bridge(app, 2, address_of)

    async def receive() -> Scope:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def both() -> list[Scope]:
        sent: list[Scope] = []

        async def send(message: Scope) -> None:
            sent.append(message)

        await asyncio.gather(bridge(scope(), receive, send), bridge(scope(), receive, send))
        return sent

    assert body(on_loop.run(both())) == b"bothboth"
