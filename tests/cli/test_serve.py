"""`python -m bot`, the server."""

import socket
from pathlib import Path

import pytest
import requests

from tests.cli.conftest import Command
from tests.conftest import RedisServer
from tests.launch import Sandbox, free_port, start_bot
from tests.store.redis_servers import redis_process

pytestmark = pytest.mark.slow


def test_a_taken_port_is_said_and_status_1(bot: Command, wechat: Sandbox) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = bot(wechat, LISTEN=f"127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 1
    assert "LISTEN" in done.stderr


def test_a_store_that_cannot_be_opened_is_said_once(bot: Command, wechat: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "bot.db").mkdir()
    done = bot(wechat, LISTEN=f"127.0.0.1:{free_port()}", WORKERS="3")
    assert done.returncode == 2
    assert done.stderr.count("STORE_URL") == 1


@pytest.mark.redis
@pytest.mark.parametrize("command", [(), ("worker",)])
def test_a_redis_cluster_is_refused_at_start(
    bot: Command, wechat: Sandbox, command: tuple[str, ...], need_redis: None, tmp_path: Path
) -> None:
    with redis_process(tmp_path / "redis", "--cluster-enabled", "yes") as node:
        done = bot(wechat, *command, LISTEN=f"127.0.0.1:{free_port()}", STORE_URL=node.url)
    assert done.returncode == 2
    assert "Redis Cluster" in done.stderr
    assert "STORE_URL" in done.stderr


@pytest.mark.parametrize("store", ["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def test_several_workers_serve_one_account(
    wechat: Sandbox, store: str, request: pytest.FixtureRequest
) -> None:
    env = {"BOT_WORKERS": "2"}
    if store == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        env["BOT_STORE_URL"] = server.url
    with start_bot(wechat, env, save_callback=True) as bot:
        user = wechat.add_user("小刚", subscribed=True)
        wechat.faults([{"path": "delivery", "duplicate": 3}])
        for n in range(5):
            result = wechat.send(user, content=f"第 {n} 条")
            assert {answer["outcome"] for answer in result["deliveries"]} == {"reply"}
            assert [shown["content"] for shown in result["shown"]] == [f"你说：第 {n} 条"]
        assert requests.get(bot.url + "/readyz", timeout=60).status_code == 200
        assert bot.stop() in (0, -15)


def test_a_bot_that_is_told_to_stop_stops(wechat: Sandbox) -> None:
    with start_bot(wechat) as bot:
        status = bot.stop(timeout=60)
    assert status == 0
    assert not any("Traceback" in line for line in bot.output)
