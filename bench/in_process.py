"""The callback in this process, without a server: for what one message costs."""

import io
import logging
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import load
from bench.peers import settings
from bot import log
from bot.app import Parts, build, wsgi
from bot.callback import on
from bot.callback.wording import Wording
from bot.config import Config, load_config


class InProcess:
    """A bot on SQLite that echoes texts. `deliver()` gives it messages that it has not seen."""

    def __init__(self, mode: str = "safe") -> None:
        self._mode = mode
        self._folder = Path(tempfile.mkdtemp(prefix="bot-bench-"))
        self.parts: Parts = build(
            self._config(),
            [on.message("text", lambda chat: chat.message.content)],
            Wording(sorry="sorry", still_working="still working", more="more", more_hint="more?"),
        )
        self._nowhere = open(os.devnull, "w")  # noqa: SIM115  closed with the rest
        log.set_up("text", with_texts=False)
        logging.getLogger("bot").handlers[0].setStream(self._nowhere)  # type: ignore[attr-defined]  # set_up makes it
        self._app = wsgi(self.parts, [])

    def _config(self) -> Config:
        (self._folder / "config.py").write_text("")
        return load_config(
            env={
                "BOT_CONFIG": str(self._folder / "config.py"),
                "BOT_APP_ID": settings.APP_ID,
                "BOT_APP_SECRET": "s" * 32,
                "BOT_TOKEN": settings.TOKEN,
                "BOT_ENCODING_AES_KEY": settings.AES_KEY,
                "BOT_ORIGINAL_ID": settings.ORIGINAL_ID,
                "BOT_MODE": self._mode,
                "BOT_ACCOUNT_KIND": "service-verified",
                "BOT_STORE_URL": f"sqlite:///{self._folder}/bot.db",
                "BOT_PUBLIC_URL": "http://bench.test",
                "BOT_SECRET_KEY": "bench" * 8,
            }
        )

    def prepare(self, count: int) -> list[dict[str, Any]]:
        """WSGI environments of so many new messages."""
        path = self._folder / "deliveries"
        load.write_deliveries(path, count, self._mode)
        lines = path.read_text(encoding="utf-8").splitlines()
        return [_environ(*line.split("\t", 1)) for line in lines]

    def deliver(self, environs: list[dict[str, Any]]) -> None:
        """Answer them all. Raises AssertionError if one gets no reply."""
        for environ in environs:
            answer = b"".join(self._app(environ, lambda status, headers: None))
            assert b"<xml>" in answer, answer

    def cpu_us(self, rounds: int = 20, messages: int = 100) -> float:
        """CPU microseconds per message in the quietest of the rounds, after one to warm up."""
        spent = []
        for _ in range(rounds + 1):
            environs = self.prepare(messages)
            begun = time.process_time()
            self.deliver(environs)
            spent.append((time.process_time() - begun) / messages * 1e6)
        return min(spent[1:])

    def close(self) -> None:
        self.parts.close()
        logging.getLogger("bot").handlers[0].setStream(sys.stderr)  # type: ignore[attr-defined]
        self._nowhere.close()
        shutil.rmtree(self._folder)


def _environ(query: str, body: str) -> dict[str, Any]:
    raw = body.encode()
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/wechat",
        "QUERY_STRING": query,
        "CONTENT_TYPE": "text/xml",
        "CONTENT_LENGTH": str(len(raw)),
        "SERVER_NAME": "bench.test",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "bench.test",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(raw),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
