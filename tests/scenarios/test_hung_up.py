"""WeChat, or a proxy between, closes the connections of a message before its reply is ready."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.account import Account
from bot.config import Config
from tests.chat.deliveries import WeChat
from tests.conditions import until
from tests.launch import Bot, Sandbox, start_sandbox
from tests.scenarios.phone_checks import answers
from tests.scenarios.test_restarts import bot_on, kill_each, workers


@pytest.fixture
def sandbox(kind: str) -> Iterator[Sandbox]:
    with start_sandbox("--account-kind", kind) as sandbox:
        yield sandbox


def deliver(bot: Bot, wechat: WeChat, xml: str) -> socket.socket:
    """Send a delivery, and return its connection."""
    delivery = wechat.deliver(xml)
    connection = socket.create_connection(("127.0.0.1", int(bot.url.rpartition(":")[2])), timeout=60)
    length = len(delivery.body)
    head = f"POST /wechat?{delivery.query} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
    connection.sendall(head.encode() + delivery.body)
    return connection


@pytest.mark.parametrize("kind", ["subscription", "service-verified"])
@pytest.mark.parametrize("way", ["slow", "late"], ids=["as a job", "in its request"])
def test_a_reply_whose_three_connections_were_closed_is_pushed_or_comes_with_the_next_message(
    account: Account, sandbox: Sandbox, way: str
) -> None:
    """`slow` is a route with slow=True."""
    kind = sandbox.state()["account"]
    openid = sandbox.add_user("u", subscribed=True)
    with bot_on(sandbox, account, WORKERS="2") as bot:
        sandbox.send(openid, content="hello")
        config = Config(
            app_id=kind["app_id"],
            token=kind["token"],
            encoding_aes_key=kind["aes_key"],
            original_id=kind["original_id"],
            mode="plain",
        )
        wechat = WeChat(config, time.time)
        xml = wechat.text(f"{way} until gate m", 4711, openid)
        for _ in range(3):
            connection = deliver(bot, wechat, xml)
            until(lambda: account.runs()[-1] == "m")
            connection.close()
        account.open("gate")
        may_push = kind["kind"] == "service-verified"
        if may_push:
            until(lambda: answers(sandbox, openid) == ["hello", "m"])
        else:
            ended = "kept for the next message" if way == "slow" else "result=hung-up"
            until(lambda: any(ended in line for line in bot.output))
        sandbox.send(openid, content="next")
        assert answers(sandbox, openid) == ["hello", "m", "next"]
        assert account.runs() == ["hello", "m", "next"], "the handler ran once"


@pytest.mark.parametrize("kind", ["subscription", "service-verified"])
def test_a_handler_whose_processes_are_killed_twice_gives_one_reply(
    account: Account, sandbox: Sandbox
) -> None:
    """The one that ran it, and then the one that took it over."""
    openid = sandbox.add_user("u", subscribed=True)
    with bot_on(sandbox, account, WORKERS="3") as bot, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(sandbox.send, openid, content="late until gate m")
        for runs in (1, 2):
            until(lambda: len(account.runs()), lambda count, runs=runs: count == runs)
            kill_each(workers(bot))
        until(lambda: len(account.runs()) == 3)
        sending.result()
        account.open("gate")
        until(lambda: any("[late] Text" in line for line in bot.output))  # pushed, or kept
        sandbox.send(openid, content="next")
        assert answers(sandbox, openid) == ["m", "next"]
