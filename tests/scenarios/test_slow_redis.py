"""A Redis that takes long for each answer is as good as gone: messages are answered without it."""

from pathlib import Path

import pytest

from bench.account import Account
from tests.conditions import until
from tests.launch import Sandbox
from tests.scenarios.phone_checks import answers
from tests.scenarios.test_restarts import bot_on, send_all
from tests.store.redis_servers import SlowPath, redis_process

pytestmark = pytest.mark.redis

_MESSAGES = 20


@pytest.mark.parametrize("delay", [1.8, 0.7])
def test_quick_messages_are_answered_in_time(
    delay: float, sandbox: Sandbox, account: Account, tmp_path: Path, need_redis: None
) -> None:
    """The delay is what the test is about. Above the store's time limit, it counts as gone; below it, all
    calls of a message fit into its deadline."""
    openids = [sandbox.add_user(f"u{n}", subscribed=True) for n in range(_MESSAGES)]
    with redis_process(tmp_path / "redis") as redis:
        path = SlowPath(redis.port)
        with bot_on(sandbox, account, STORE_URL=path.url, WORKERS="1") as bot:
            send_all(sandbox, {openid: f"before{n}" for n, openid in enumerate(openids)})
            path.delay = delay
            send_all(sandbox, {openid: f"m{n}" for n, openid in enumerate(openids)})
            outcomes = [entry["outcome"] for entry in sandbox.deliveries()]
            path.delay = 0
            assert outcomes == ["reply"] * 2 * _MESSAGES
            for n, openid in enumerate(openids):
                assert answers(sandbox, openid) == [f"before{n}", f"m{n}"]
            if delay > 1:
                until(lambda: any("works again" in line for line in bot.output))
                assert sum("does not work" in line for line in bot.output) == 1
        path.close()
