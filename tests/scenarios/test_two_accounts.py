"""Two bots, each with an account of its own, on one Redis database."""

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
    """Slow answers are jobs. A job of the other account would go out with the wrong token (40003)."""
    store = {"BOT_STORE_URL": redis_server.url, "BOT_WORKERS": "1"}
    other = ("--app-id", "wxfedcba9876543210", "--original-id", "gh_ba9876543210")
    with (
        start_sandbox(*other) as second,
        Bot(bot_env(sandbox) | account.env | store, cwd=account.folder) as bot,
        Bot(bot_env(second) | account.env | store, cwd=account.folder) as other_bot,
    ):
        both = ((sandbox, bot), (second, other_bot))
        asked: list[tuple[Sandbox, str]] = []
        for wechat, its_bot in both:
            wechat.set_callback(its_bot.callback)
        for number in range(_MESSAGES):
            for wechat, _ in both:
                openid = wechat.add_user(f"user {number}", subscribed=True)
                wechat.send(openid, content=f"slow 0 {openid}")
                asked.append((wechat, openid))
        for wechat, openid in asked:
            until(lambda wechat=wechat, openid=openid: answers(wechat, openid))
        for wechat, openid in asked:
            assert len(answers(wechat, openid)) == 1
        for wechat, _ in both:
            pushes = [call for call in wechat.calls() if "message/custom" in call["path"]]
            assert [call["errcode"] for call in pushes if call["errcode"]] == []
        assert {key.split(b":")[0] for key in redis_server.client.keys("wx*")} == {
            wechat.state()["account"]["app_id"].encode() for wechat, _ in both
        }
        assert not [key for key in redis_server.client.keys("*") if not key.startswith((b"wx", b"huey."))]
