"""Run the callback in this process, without a server, to measure what one message costs."""

import asyncio
import itertools
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

import uvloop

from bench import load
from bench.peers import settings
from bot.account_package import AccountPackage
from bot.app import Parts, build, build_server
from bot.chat import on
from bot.chat.wording import Wording
from bot.config import Config, load_config
from bot.server.wsgi_bridge import Scope
from bot.telemetry import log

Delivery = tuple[Scope, bytes]


class InProcess:
    """A bot on SQLite that echoes texts. Make messages with prepare() and send them with deliver()."""

    def __init__(self, mode: str = "safe") -> None:
        self._mode = mode
        self._folder = Path(tempfile.mkdtemp(prefix="bot-bench-"))
        self.parts: Parts = build(
            self._config(),
            AccountPackage(
                [on.message("text", lambda chat: chat.message.content)],
                Wording(sorry="sorry", still_working="still working", more="more", more_hint="more?"),
            ),
        )
        self._nowhere = open(os.devnull, "w")  # noqa: SIM115  closed with the rest
        log.set_up("text", with_texts=False)
        logging.getLogger("bot").handlers[0].setStream(self._nowhere)  # type: ignore[attr-defined]  # set_up makes it
        self._app = build_server(self.parts)
        self._loop = uvloop.new_event_loop()

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

    def prepare(self, count: int) -> list[Delivery]:
        """Return `count` new messages: the ASGI scope and the body of each."""
        path = self._folder / "deliveries"
        load.write_deliveries(path, count, self._mode)
        lines = [line.split("\t", 1) for line in path.read_text(encoding="utf-8").splitlines()]
        return [(_scope(query), body.encode()) for query, body in lines]

    def deliver(self, deliveries: list[Delivery], at_once: int = 16) -> None:
        """Answer all deliveries, `at_once` of them at the same time, as on a busy server.

        Raises AssertionError if one gets no reply.
        """
        self._loop.run_until_complete(self._deliver(deliveries, at_once))

    async def _deliver(self, deliveries: list[Delivery], at_once: int) -> None:
        for first in range(0, len(deliveries), at_once):
            await asyncio.gather(*itertools.starmap(self._one, deliveries[first : first + at_once]))

    async def _one(self, scope: Scope, body: bytes) -> None:
        answer: list[bytes] = []

        async def receive() -> Scope:
            return {"type": "http.request", "body": body}

        async def send(message: Scope) -> None:
            answer.append(message.get("body", b""))

        await self._app(scope, receive, send)
        assert b"<xml>" in b"".join(answer), answer

    def close(self) -> None:
        self._loop.close()
        self.parts.close()
        logging.getLogger("bot").handlers[0].setStream(sys.stderr)  # type: ignore[attr-defined]  # as above
        self._nowhere.close()
        shutil.rmtree(self._folder)


def _scope(query: str) -> Scope:
    return {"type": "http", "method": "POST", "path": "/wechat", "query_string": query.encode()}
