"""A WeChat that answers each path with the bytes that a test has set, and remembers what it was sent."""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Scripted:
    """An answer, good or odd."""

    body: bytes
    content_type: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class ScriptedWeChat:
    """An HTTP server. `answers` are its answers by path: a list is used up from its beginning, the last one
    stays. `received` holds (path, query, body) of each request."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Scripted]] = {}
        self.received: list[tuple[str, str, bytes]] = []
        wechat = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                wechat.received.append((parts.path, parts.query, body))
                answers = wechat.answers[parts.path]
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.content_type)
                self.send_header("Content-Length", str(len(answer.body)))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                """The test's output is for the test."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def sent_to(self, path: str) -> list[bytes]:
        """Return the bodies of all requests to `path`."""
        return [body for asked, _, body in self.received if asked == path]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
