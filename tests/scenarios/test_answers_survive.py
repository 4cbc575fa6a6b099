"""No answer lost, none given twice: real servers and workers, killed at random, on one store; what the phones
show is the only witness."""

import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from bench import exactly_once
from bench.account import Account
from bench.machine import redis_server
from tests.conftest import RedisServer
from tests.launch import Bot, Sandbox, bot_env, start_sandbox
from tests.scenarios.alive import answers, grey_lines, until, was_exactly_once


@pytest.fixture
def account() -> Iterator[Account]:
    account = Account()
    yield account
    account.close()


@pytest.mark.parametrize(
    ("store", "mode"), [("sqlite", "safe"), pytest.param("redis", "plain", marks=pytest.mark.redis)]
)
def test_every_message_is_answered_once_whoever_is_killed(
    store: str, mode: str, account: Account, request: pytest.FixtureRequest
) -> None:
    kill = {"messages": 400, "users": 40, "kill_every": 1.0, "clients": 24}
    with start_sandbox("--mode", mode) as sandbox:
        if store == "sqlite":
            result = exactly_once.run(
                sandbox, account, f"sqlite:///{account.folder}/bot.db", workers=4, **kill
            )
        else:
            request.getfixturevalue("need_redis")
            with redis_server(account.folder) as url:
                result = exactly_once.run(sandbox, account, url, servers=2, workers=2, job_workers=2, **kill)
    assert was_exactly_once(result), result
    # A message whose three connections were all broken by kills has WeChat's grey line before its answer.
    assert result.failure_lines <= result.kills // 2, result
    assert result.kills > 0
    assert result.runs >= 400


def bot_on(sandbox: Sandbox, account: Account, **settings: str) -> Bot:
    env = bot_env(sandbox) | account.env | {"BOT_STORE_URL": f"sqlite:///{account.folder}/bot.db"}
    bot = Bot(env | {f"BOT_{name}": value for name, value in settings.items()}, cwd=account.folder)
    sandbox.set_callback(bot.callback)
    return bot


def kill_all(bot: Bot) -> None:
    """SIGKILL to the whole family at once, as when the machine goes down."""
    children = subprocess.run(["pgrep", "-P", str(bot.pid)], capture_output=True, text=True).stdout.split()
    bot.kill()
    for child in children:
        os.kill(int(child), signal.SIGKILL)


def send_all(sandbox: Sandbox, texts: dict[str, str]) -> None:
    """One message of each user, all at once; returns when WeChat has done with all of them."""
    with ThreadPoolExecutor(len(texts)) as pool:
        for task in [pool.submit(sandbox.send, openid, content=text) for openid, text in texts.items()]:
            task.result()


def test_a_killed_bot_gives_its_slow_answers_after_its_restart_once(account: Account) -> None:
    with start_sandbox() as sandbox:
        openids = [sandbox.add_user(f"u{n}", subscribed=True) for n in range(12)]
        texts = {openid: f"slow 2 m{n}" for n, openid in enumerate(openids)}
        with bot_on(sandbox, account, DEADLINE_SECONDS="0.3", WORKERS="2") as bot:
            send_all(sandbox, texts)
            until(lambda: len(account.runs()), lambda count: count == len(openids))
            assert not any(answers(sandbox, openid) for openid in openids), "promised, and none is ready"
            kill_all(bot)
        with bot_on(sandbox, account):
            for n, openid in enumerate(openids):
                until(lambda openid=openid: answers(sandbox, openid), bool)
                assert answers(sandbox, openid) == [f"m{n}"]
            assert sandbox.send(openids[0], content="quick")["deliveries"][0]["outcome"] == "reply"
        assert [answers(sandbox, openid) for openid in openids[1:]] == [[f"m{n}"] for n in range(1, 12)]
        assert not any(grey_lines(sandbox, openid) for openid in openids)


def test_a_handler_that_turns_out_slow_survives_too(account: Account) -> None:
    """Not declared slow: it runs in the request of a process that is killed, and a copy of the delivery has
    promised its reply."""
    with start_sandbox() as sandbox:
        openid = sandbox.add_user("u", subscribed=True)
        sandbox.faults([{"path": "delivery", "duplicate": 3}])
        with (
            bot_on(sandbox, account, DEADLINE_SECONDS="0.3", WORKERS="2") as bot,
            ThreadPoolExecutor(1) as pool,
        ):
            sending = pool.submit(sandbox.send, openid, content="late 3 m")
            until(lambda: sum("result=promised" in line for line in bot.output), bool)
            kill_all(bot)
            sending.result()
        with bot_on(sandbox, account):
            until(lambda: answers(sandbox, openid), bool)
        assert answers(sandbox, openid) == ["m"]


def test_an_account_that_may_not_push_says_still_working_and_keeps_the_answer(account: Account) -> None:
    with (
        start_sandbox("--account-kind", "subscription", "--deadline", "1") as sandbox,
        bot_on(sandbox, account, DEADLINE_SECONDS="0.5") as bot,
    ):
        openid = sandbox.add_user("u", subscribed=True)
        sent = sandbox.send(openid, content="slow 6 m1")
        assert [delivery["outcome"] for delivery in sent["deliveries"]] == ["timeout", "timeout", "reply"]
        assert sent["shown"][0]["content"] == "still working"
        until(lambda: any("kept" in line for line in bot.output), bool)
        assert sandbox.send(openid, content="m2")["shown"][0]["content"] == "answer m1\n\nanswer m2"
        assert answers(sandbox, openid) == ["m1", "m2"]
        assert account.runs() == ["m1", "m2"]


@pytest.mark.redis
def test_redis_is_killed_and_comes_back(account: Account, need_redis: None) -> None:
    """Quick messages are answered without it, promised answers come after it."""
    with start_sandbox() as sandbox:
        openids = [sandbox.add_user(f"u{n}", subscribed=True) for n in range(6)]
        with _RedisToKill(account.folder) as redis:
            with (
                bot_on(
                    sandbox, account, STORE_URL=redis.url, DEADLINE_SECONDS="0.3", REPLAY_GUARD="True"
                ) as bot,
                requests.Session() as http,
            ):
                http.trust_env = False
                assert http.get(f"{bot.url}/readyz", timeout=10).status_code == 200
                send_all(sandbox, {openid: f"slow 3 m{n}" for n, openid in enumerate(openids)})
                until(lambda: len(account.runs()), lambda count: count == len(openids))
                redis.kill()
                shown = sandbox.send(openids[0], content="without")["shown"]
                assert [bubble["content"] for bubble in shown] == ["answer without"]
                # One that takes longer than WeChat waits: promised at its first try, pushed afterwards.
                tried = sandbox.send(openids[1], content="late 1 long")["deliveries"]
                assert [entry["outcome"] for entry in tried] == ["success"]
                assert http.get(f"{bot.url}/readyz", timeout=10).status_code == 503
                # All handlers end while there is nothing to write their replies to.
                until(lambda: sum("left in the outbox" in line for line in bot.output), lambda n: n >= 6)
                redis.start()
                until(lambda: http.get(f"{bot.url}/readyz", timeout=10).status_code, lambda code: code == 200)
                for n, openid in enumerate(openids):
                    until(lambda openid=openid, n=n: f"m{n}" in answers(sandbox, openid), bool)
                until(lambda: "long" in answers(sandbox, openids[1]), bool)
                assert sandbox.send(openids[0], content="with")["shown"][-1]["content"] == "answer with"
            everything = [name for openid in openids for name in answers(sandbox, openid)]
            assert sorted(everything) == sorted([*(f"m{n}" for n in range(6)), "long", "with", "without"])
            assert sum("does not work, going on without it" in line for line in bot.output) == 1
            assert sum("works again" in line for line in bot.output) == 1


class _RedisToKill(RedisServer):
    """A Redis that keeps its data, as one that holds promises must."""

    def start(self) -> None:
        self._running = redis_server(self._folder)
        self._running.__enter__()

    def kill(self) -> None:
        self._running.__exit__(None, None, None)

    def __enter__(self) -> "_RedisToKill":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
