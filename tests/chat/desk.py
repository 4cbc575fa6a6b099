"""An account without HTTP: deliveries go in at the gate, and handlers, jobs and pushes are real."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from bot import app
from bot.account_package import AccountPackage
from bot.chat import on
from bot.chat.conversation import Conversations
from bot.chat.delivery.local_runs import LocalRuns
from bot.chat.message_way import Waiting
from bot.chat.replies.returned import Ask
from bot.chat.router import Chat, Route
from bot.chat.wire import messages, xml
from bot.config import Config
from bot.store import open_store
from tests.account import WORDING
from tests.chat.clockwork import Clockwork
from tests.chat.deliveries import OPENID, WeChat
from tests.conftest import Clock, MakeConfig
from tests.launch import Sandbox


class Answered(NamedTuple):
    """What WeChat heard. `reply` is plain reply XML, empty for `success`; `retry`: it will deliver again."""

    reply: bytes
    result: str
    attempt: int
    route: str
    retry: bool


class Desk:
    """Everything behind the gate, built for `routes`."""

    def __init__(self, config: Config, clock: Clock, routes: Sequence[Route]) -> None:
        self.clockwork = Clockwork()
        self.wechat = WeChat(config, clock)
        self.store = open_store(config.store_url, clock, app_id=config.app_id)
        self._lets_time_pass = False
        self.runs = LocalRuns(clock, self._monotonic, self._sleep)
        waiting = Waiting(
            config.threads // 2,
            self.clockwork.monotonic,
            self.clockwork.sleep,
            wake=lambda job_id: self.wake(job_id),
            runs=self.runs,
        )
        parts = app.build(
            replace(config, job_threads=64),
            AccountPackage(routes, WORDING),
            clock,
            store=self.store,
            waiting=waiting,
        )
        self.parts = parts
        self.callback, self.records, self.late = parts.chat.callback, parts.chat.records, parts.chat.late
        self.outbox, self.runner = parts.chat.outbox, parts.chat.runner
        self.liveness = self.records.liveness
        self.conversations = Conversations(self.store)
        # A job is taken at once, as if the queue had just handed it over.
        self.wake: Callable[[str], None] = self.runner.take
        self._ids = iter(range(1, 1000))

    def text(
        self, content: str, msg_id: int | None = None, openid: str = OPENID, *, closed: bool = False
    ) -> Answered:
        """One delivery; the same `msg_id` is the same message. `closed`: its connection has been closed."""
        return self.deliver(self.wechat.text(content, msg_id or next(self._ids), openid), closed=closed)

    def event(self, name: str, inner: str = "", openid: str = OPENID) -> Answered:
        return self.deliver(self.wechat.event(name, inner, openid=openid, created=next(self._ids)))

    def deliver(self, body: str, *, closed: bool = False) -> Answered:
        delivery = self.wechat.deliver(body)
        response = self.callback.receive(delivery.query, lambda: delivery.body, lambda: closed)
        facts = response.facts
        reply = b"" if response.body == b"success" else response.body
        return Answered(reply, facts["result"], facts["attempt"], facts["route"], response.status == 503)

    def said(self, answer: Answered) -> str | None:
        return self.wechat.content(answer.reply) if answer.reply else None

    def settle(self) -> None:
        """Let the jobs under way come to their end."""
        self.runner.settle(60)

    def perform(self, job_id: str) -> None:
        """Perform a job once, and return when that has ended."""
        self.runner.take(job_id)
        self.settle()

    @contextmanager
    def without_waiting(self) -> Iterator[None]:
        """Let time pass at once for a delivery that waits while the store is gone."""
        self._lets_time_pass = True
        yield
        self._lets_time_pass = False

    def _monotonic(self) -> float:
        return self.clockwork.monotonic() if self._lets_time_pass else time.monotonic()

    def _sleep(self, seconds: float) -> None:
        (self.clockwork.sleep if self._lets_time_pass else time.sleep)(seconds)

    def close(self) -> None:
        self.settle()
        self.parts.close()


MakeDesk = Callable[..., Desk]


@pytest.fixture
def make_desk(make_config: MakeConfig, clock: Clock) -> Iterator[MakeDesk]:
    desks: list[Desk] = []

    def make(*routes: Route, **settings: Any) -> Desk:
        desks.append(Desk(make_config(**settings), clock, routes))
        return desks[-1]

    yield make
    for desk in desks:
        desk.close()


class Held:
    """A handler that counts its runs, says when it has begun, and waits until it may `go` on."""

    def __init__(self, result: Any = "done") -> None:
        self.result = result
        self.runs = 0
        self.begun = threading.Event()
        self.go = threading.Event()
        self.__name__ = "held"

    def __call__(self, chat: Chat, *captures: Any) -> Any:
        self.runs += 1
        self.begun.set()
        assert self.go.wait(60)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def held() -> Iterator[Held]:
    handler = Held()
    yield handler
    handler.go.set()


def echo(chat: Chat, *captures: Any) -> str:
    return f"echo {chat.message.content}"


def returns(result: Any) -> Callable[..., Any]:
    def handler(chat: Chat, *captures: Any) -> Any:
        if isinstance(result, Exception):
            raise result
        return result

    return handler


def errors(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log.records if record.levelno >= logging.ERROR]


@pytest.fixture
def follower(wechat: Sandbox) -> str:
    """A follower who has just written, so that WeChat lets the account write back."""
    openid = wechat.add_user("小刚", subscribed=True)
    wechat.send(openid, content="hi")
    return openid


def pushed(wechat: Sandbox, openid: str) -> list[str]:
    return [shown["content"] for shown in wechat.chat(openid) if shown.get("via") == "custom"]


class Killed(BaseException):
    """Ends a delivery as a SIGKILL of its process would."""


def be_killed() -> None:
    raise Killed


def key_of(desk: Desk, msg_id: int, openid: str = OPENID) -> str:
    return messages.read(xml.parse(desk.wechat.text("x", msg_id, openid).encode())).key


def begun_elsewhere(desk: Desk, msg_id: int) -> str:
    """A message whose run began in a process that is alive as far as anybody knows; its key."""
    key = key_of(desk, msg_id)
    desk.store.put("alive:other", b"1", 60)
    desk.store.put(key, b"Rother", 60)
    return key


def ask_name(chat: Chat) -> Ask:
    return Ask("你叫什么？", "name", {"asked": "name"})


def take_name(chat: Chat, data: dict[str, Any]) -> str:
    return f"{data['asked']}: {chat.message.content}"


TALK = (on.answer("name", take_name), on.text("start", ask_name), on.message("text", echo))
