"""A tiny official account for the browser tests: what it answers is a function that each test sets."""

import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

Inbound = dict[str, str]
Answer = tuple[int, str]
Handler = Callable[[Inbound], Answer]


def text(inbound: Inbound, content: str) -> Answer:
    """A text reply to `inbound`."""
    return 200, (
        f"<xml><ToUserName><![CDATA[{inbound['FromUserName']}]]></ToUserName>"
        f"<FromUserName><![CDATA[{inbound['ToUserName']}]]></FromUserName>"
        f"<CreateTime>{inbound['CreateTime']}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{content}]]></Content></xml>"
    )


def echo(inbound: Inbound) -> Answer:
    """Greets a new follower, repeats a text, names the key of a menu button; says nothing to the rest."""
    if inbound.get("Event") == "subscribe":
        return text(inbound, "欢迎关注")
    if inbound.get("Event") == "CLICK":
        return text(inbound, f"你点了：{inbound['EventKey']}")
    if inbound["MsgType"] == "text":
        return text(inbound, f"你说：{inbound['Content']}")
    return 200, "success"


class AccountServer:
    """On a free port: `/wechat` is the callback, `pages` are HTML by path, `visits` the paths asked for."""

    def __init__(self) -> None:
        server = self
        self.begin()

        class Requests(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                echostr = parse_qs(parts.query).get("echostr")
                if echostr:
                    self._answer(200, echostr[0], "text/plain")
                    return
                if parts.path != "/favicon.ico":
                    server.visits.append(self.path)
                page = server.pages.get(parts.path)
                self._answer(200 if page else 404, page or "", "text/html; charset=utf-8")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbound = {child.tag: child.text or "" for child in ElementTree.fromstring(body)}
                self._answer(*server.handler(inbound), "text/xml; charset=utf-8")

            def _answer(self, status: int, body: str, content_type: str) -> None:
                payload = body.encode()
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, format: str, *args: object) -> None:
                """The test's output is for the test."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def begin(self) -> None:
        """Forgets what the last test set."""
        self.handler: Handler = echo
        self.pages: dict[str, str] = {}
        self.visits: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._http.shutdown()
        self._http.server_close()
