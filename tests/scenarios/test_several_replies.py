"""Real servers are killed between two replies of one handler, and while one user's messages wait for each
other. The phones must show each reply once, in order."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.account import Account
from bench.fleet import Fleet
from bench.machine import redis_server
from tests.conditions import until
from tests.launch import Sandbox, bot_env, start_sandbox
from tests.scenarios.phone_checks import answers
from tests.scenarios.test_restarts import bot_on, kill_all

STORES = ["sqlite", pytest.param("redis", marks=pytest.mark.redis)]


@pytest.fixture
def store_url(store: str, account: Account, request: pytest.FixtureRequest) -> Iterator[str]:
    if store == "sqlite":
        yield f"sqlite:///{account.folder}/bot.db"
        return
    request.getfixturevalue("need_redis")
    with redis_server(account.folder) as url:
        yield url


@pytest.mark.parametrize("store", STORES)
def test_a_kill_between_two_replies_loses_none_and_repeats_none(
    account: Account, sandbox: Sandbox, store_url: str
) -> None:
    openid = sandbox.add_user("u", subscribed=True)
    with bot_on(sandbox, account, STORE_URL=store_url, WORKERS="2") as bot:
        sandbox.send(openid, content="several until second,third m")
        assert answers(sandbox, openid) == ["m-1"], "the first one is the answer"
        kill_all(bot)
    with bot_on(sandbox, account, STORE_URL=store_url, WORKERS="2") as bot:
        until(lambda: len(account.runs()) == 2)
        account.open("second")
        until(lambda: answers(sandbox, openid) == ["m-1", "m-2"])
        kill_all(bot)
    account.open("third")
    with bot_on(sandbox, account, STORE_URL=store_url):
        until(lambda: len(answers(sandbox, openid)) >= 3)
        assert sandbox.send(openid, content="quick")["deliveries"][0]["outcome"] == "reply"
    assert answers(sandbox, openid) == ["m-1", "m-2", "m-3", "quick"]
    assert account.runs().count("m") == 3, "it ran again from its beginning"


@pytest.mark.parametrize("store", STORES)
def test_the_same_for_an_account_that_may_not_push(account: Account, store_url: str) -> None:
    with start_sandbox("--account-kind", "subscription") as sandbox:
        openid = sandbox.add_user("u", subscribed=True)
        with bot_on(sandbox, account, STORE_URL=store_url, WORKERS="2") as bot:
            sandbox.send(openid, content="several until second,third m")
            account.open("second")
            until(lambda: any("[late] kept" in line for line in bot.output))
            kill_all(bot)
        account.open("third")
        with bot_on(sandbox, account, STORE_URL=store_url) as bot:
            until(lambda: any("[late] kept" in line for line in bot.output))
            sandbox.send(openid, content="quick")
        assert answers(sandbox, openid) == ["m-1", "m-2", "m-3", "quick"]


@pytest.mark.parametrize("store", STORES)
def test_the_messages_of_one_user_take_turns_in_three_processes_although_one_is_killed(
    account: Account, sandbox: Sandbox, store_url: str
) -> None:
    openids = [sandbox.add_user(f"u{number}", subscribed=True) for number in range(4)]
    env = bot_env(sandbox) | account.env | {"BOT_STORE_URL": store_url, "BOT_DEADLINE_SECONDS": "0.3"}

    def write(number: int) -> None:
        for place in range(5):  # as many pushes as WeChat allows after the last one
            sandbox.send(openids[number], content=f"in turn until go u{number}m{place}")

    with Fleet(env, account.folder, servers=3) as fleet:
        sandbox.set_callback(fleet.callback)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, range(4)))
        assert sorted(account.runs()) == [f"begin u{number}m0" for number in range(4)]
        fleet.kill_one()
        account.open("go")
        for openid in openids:
            until(shown(sandbox, openid), lambda names: len(names) == 5)
    for number, openid in enumerate(openids):
        assert answers(sandbox, openid) == [f"u{number}m{place}" for place in range(5)]
        assert_one_at_a_time([line for line in account.runs() if f" u{number}m" in line])


def shown(sandbox: Sandbox, openid: str) -> Callable[[], list[str]]:
    return lambda: answers(sandbox, openid)


def assert_one_at_a_time(runs: list[str]) -> None:
    """A run that was killed has no end. It begins again before another message of its user begins."""
    open_name = ""
    for line in runs:
        what, name = line.split()
        assert open_name in ("", name), runs
        open_name = name if what == "begin" else ""
    assert open_name == ""
