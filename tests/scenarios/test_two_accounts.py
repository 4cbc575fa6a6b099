"""Two bots, each with an account of its own, on one Redis database."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.account import Account
from tests.conditions import until
from tests.conftest import RedisServer
from tests.launch import Bot, Sandbox, bot_env, start_sandbox
from tests.scenarios.phone_checks import answers

_MESSAGES = 5


@pytest.mark.redis
def test_each_answers_its_own_users_only(
    sandbox: Sandbox, account: Account, redis_server: RedisServer
) -> None:
    """A slow answer is a job. If the other bot took it, it would push with the wrong token (40003)."""
    store = {"BOT_STORE_URL": redis_server.url, "BOT_WORKERS": "1", "BOT_DEADLINE_SECONDS": "1"}
    other = ("--app-id", "wxfedcba9876543210", "--original-id", "gh_ba9876543210")
    with (
        start_sandbox(*other) as second,
        Bot(bot_env(sandbox) | account.env | store, cwd=account.folder) as bot,
        Bot(bot_env(second) | account.env | store, cwd=account.folder) as other_bot,
        ThreadPoolExecutor(2 * _MESSAGES) as pool,
    ):
        sandbox.set_callback(bot.callback)
        second.set_callback(other_bot.callback)
        asked = [
            (wechat, wechat.add_user(f"user {number}", subscribed=True))
            for number in range(_MESSAGES)
            for wechat in (sandbox, second)
        ]
        sent = [
            pool.submit(wechat.send, openid, content=f"slow until go {openid}") for wechat, openid in asked
        ]
        for one in sent:
            one.result(60)
        account.open("go")  # only now: every answer is promised, and will be pushed
        until(
            lambda: [answers(wechat, openid) for wechat, openid in asked] == [[openid] for _, openid in asked]
        )
        for wechat in (sandbox, second):
            pushes = [call for call in wechat.calls() if call["path"] == "/cgi-bin/message/custom/send"]
            assert [call["response"]["errcode"] for call in pushes] == [0] * _MESSAGES
        app_ids = {wechat.state()["account"]["app_id"].encode() for wechat in (sandbox, second)}
        owners = {key.split(b":")[0] for key in redis_server.client.keys("*")}
        assert {owner for owner in owners if not owner.startswith(b"huey.redis.")} == app_ids
