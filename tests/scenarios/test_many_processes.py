"""Many processes and many users at once: smaller versions of what `bench/` measures."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench import tokens
from bench.account import Account
from tests.conditions import until
from tests.conftest import RedisServer
from tests.launch import Bot, Sandbox, bot_env
from tests.scenarios.phone_checks import answers, grey_lines


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def store_url(account: Account, request: pytest.FixtureRequest) -> str:
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        return server.url
    return f"sqlite:///{account.folder}/bot.db"


def test_processes_that_start_cold_fetch_one_token_and_one_ticket(
    sandbox: Sandbox, account: Account, store_url: str
) -> None:
    env = tokens.env_of(sandbox, account, store_url)
    got, token_fetches, ticket_fetches = tokens.cold_start(sandbox, env, 8)
    assert len(got) == 1, "all have the same token and the same ticket"
    assert (token_fetches, ticket_fetches) == (1, 1)


def test_processes_whose_token_is_refused_again_and_again_fetch_it_twice(
    sandbox: Sandbox, account: Account, store_url: str
) -> None:
    env = tokens.env_of(sandbox, account, store_url)
    fetches, said = tokens.refused(sandbox, env, 3, 4)
    assert fetches == 2, "the first one, and one in its place"
    for line in said:
        clear, calls = map(int, re.fullmatch(r"clear errors (\d+) of (\d+)", line).groups())  # type: ignore[union-attr]
        assert clear == calls > 0


def test_quick_messages_flow_beside_users_who_wait(sandbox: Sandbox, account: Account) -> None:
    """One process, four threads, sixty users inside a slow handler."""
    env = bot_env(sandbox) | account.env | {"BOT_STORE_URL": f"sqlite:///{account.folder}/bot.db"}
    env |= {"BOT_WORKERS": "1", "BOT_THREADS": "4", "BOT_JOB_THREADS": "64"}
    waiting = [sandbox.add_user(f"w{n}", subscribed=True) for n in range(60)]
    quick = [sandbox.add_user(f"q{n}", subscribed=True) for n in range(4)]
    with Bot(env, cwd=account.folder) as bot, ThreadPoolExecutor(64) as pool:
        sandbox.set_callback(bot.callback)
        all_sent = threading.Barrier(len(waiting) + 1)

        def wait(openid: str) -> None:
            all_sent.wait(60)
            sandbox.send(openid, content=f"slow until go {openid}")

        slow = [pool.submit(wait, openid) for openid in waiting]
        all_sent.wait(60)
        until(lambda: len(account.runs()), lambda runs: runs >= len(waiting) // 2)
        for n in range(40):
            result = sandbox.send(quick[n % 4], content=f"quick{n}")
            assert [delivery["outcome"] for delivery in result["deliveries"]] == ["reply"], "the first time"
        assert not any(answers(sandbox, openid) for openid in waiting), "all of them waited meanwhile"
        account.open("go")
        for done in slow:
            done.result()
        for openid in waiting:
            until(lambda openid=openid: answers(sandbox, openid))
            assert answers(sandbox, openid) == [openid]
    assert not any(grey_lines(sandbox, openid) for openid in [*waiting, *quick])
    assert len(account.runs()) == 100, "each handler ran once"
