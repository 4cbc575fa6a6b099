"""A callback server that answers what the test tells it, on a free port, in a thread."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

DEFAULT_ACCOUNT = "gh_5a5b5c5d5e5f"


@dataclass(frozen=True)
class Received:
    """One request of the platform, as it came over the wire."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str

    @property
    def xml(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.body)

    def text(self, name: str) -> str | None:
        return self.xml.findtext(name)


@dataclass(frozen=True)
class Answer:
    """`body` "" is an empty body. `hold` makes the server wait until that event is set."""

    body: str | bytes = "success"
    status: int = 200
    hold: threading.Event | None = None
    hang_up: bool = False
    location: str = ""


Script = Callable[[Received], Answer]


class CallbackServer:
    """Answers a verification with its echostr and a delivery with what `script` returns."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.script: Script = lambda received: Answer()
        self.verification: Script = lambda received: Answer(received.query["echostr"])
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/wechat"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def deliveries(self) -> list[Received]:
        return [received for received in self.received if received.method == "POST"]

    def says(self, *answers: Answer) -> None:
        """Deliveries get these answers in turn, the last one for ever."""
        left = list(answers)
        self.script = lambda received: left.pop(0) if len(left) > 1 else left[0]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(server.verification)

            def do_POST(self) -> None:
                self._answer(server.script)

            def _answer(self, script: Script) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                received = Received(self.command, parts.path, query, dict(self.headers), body)
                server.received.append(received)
                answer = script(received)
                if answer.hold is not None:
                    answer.hold.wait(60)
                if answer.hang_up:
                    self.close_connection = True
                    return
                raw = answer.body.encode() if isinstance(answer.body, str) else answer.body
                try:
                    self.send_response(answer.status)
                    self.send_header("Content-Length", str(len(raw)))
                    if answer.location:
                        self.send_header("Location", answer.location)
                    self.end_headers()
                    self.wfile.write(raw)
                except OSError:
                    # The platform has hung up already: that is what the test wants to see.
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def reply(openid: str, msg_type: str, inner: str, account: str = DEFAULT_ACCOUNT, created: str = "") -> str:
    """The XML of a passive reply from `account` to `openid`."""
    return (
        f"<xml><ToUserName><![CDATA[{openid}]]></ToUserName><FromUserName><![CDATA[{account}]]></FromUserName>"
        f"<CreateTime>{created or int(time.time())}</CreateTime><MsgType><![CDATA[{msg_type}]]></MsgType>"
        f"{inner}</xml>"
    )


def text(openid: str, content: str) -> str:
    return reply(openid, "text", f"<Content><![CDATA[{content}]]></Content>")
