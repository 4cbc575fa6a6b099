"""The tests kill a bot or its Redis and start it again. Each promised answer must then come exactly once."""

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from bench.account import Account
from bench.machine import redis_server
from tests.conditions import until
from tests.conftest import RedisServer
from tests.launch import Bot, Sandbox, bot_env, start_sandbox
from tests.scenarios.phone_checks import answers, grey_lines


def bot_on(sandbox: Sandbox, account: Account, **settings: str) -> Bot:
    env = bot_env(sandbox) | account.env | {"BOT_STORE_URL": f"sqlite:///{account.folder}/bot.db"}
    bot = Bot(env | {f"BOT_{name}": value for name, value in settings.items()}, cwd=account.folder)
    sandbox.set_callback(bot.callback)
    return bot


def workers(bot: Bot) -> list[int]:
    """Return the ids of the server's worker processes."""
    found = subprocess.run(["pgrep", "-P", str(bot.pid)], capture_output=True, text=True)
    return [int(pid) for pid in found.stdout.split()]


def kill_all(bot: Bot) -> None:
    """Send SIGKILL to the server and all its workers at once, as if the machine had failed."""
    children = workers(bot)
    bot.kill()
    kill_each(children)


def kill_each(processes: list[int]) -> None:
    for process in processes:
        os.kill(process, signal.SIGKILL)


def send_all(sandbox: Sandbox, texts: dict[str, str]) -> None:
    """Send each user's message at the same time. Return when the sandbox has finished all deliveries."""
    with ThreadPoolExecutor(len(texts)) as pool:
        for task in [pool.submit(sandbox.send, openid, content=text) for openid, text in texts.items()]:
            task.result()


def test_a_killed_bot_gives_its_slow_answers_after_its_restart_once(
    sandbox: Sandbox, account: Account
) -> None:
    openids = [sandbox.add_user(f"u{n}", subscribed=True) for n in range(12)]
    texts = {openid: f"slow until go m{n}" for n, openid in enumerate(openids)}
    with bot_on(sandbox, account, DEADLINE_SECONDS="0.3", WORKERS="2") as bot:
        send_all(sandbox, texts)
        until(lambda: len(account.runs()), lambda count: count >= len(openids))
        assert not any(answers(sandbox, openid) for openid in openids), "promised, and none is ready"
        kill_all(bot)
    account.open("go")
    with bot_on(sandbox, account):
        for n, openid in enumerate(openids):
            until(lambda openid=openid: answers(sandbox, openid))
            assert answers(sandbox, openid) == [f"m{n}"]
        assert sandbox.send(openids[0], content="quick")["deliveries"][0]["outcome"] == "reply"
    assert [answers(sandbox, openid) for openid in openids[1:]] == [[f"m{n}"] for n in range(1, 12)]
    assert not any(grey_lines(sandbox, openid) for openid in openids)


def test_a_handler_that_turns_out_slow_survives_too(sandbox: Sandbox, account: Account) -> None:
    """The route is not declared slow, so its handler runs in the request. That process is killed after a copy
    of the delivery has promised the reply."""
    openid = sandbox.add_user("u", subscribed=True)
    sandbox.faults([{"path": "delivery", "duplicate": 3}])
    with (
        bot_on(sandbox, account, DEADLINE_SECONDS="0.3", WORKERS="2") as bot,
        ThreadPoolExecutor(1) as pool,
    ):
        sending = pool.submit(sandbox.send, openid, content="late until go m")
        until(lambda: any("result=promised" in line for line in bot.output))
        kill_all(bot)
        sending.result()
    account.open("go")
    with bot_on(sandbox, account):
        until(lambda: answers(sandbox, openid))
    assert answers(sandbox, openid) == ["m"]


def test_an_account_that_may_not_push_says_still_working_and_keeps_the_answer(account: Account) -> None:
    """This bot gives up a delivery before the sandbox does, so the first two tries may end with a 503. The
    sandbox then tries again, as it does after silence."""
    with (
        start_sandbox("--account-kind", "subscription") as sandbox,
        bot_on(sandbox, account, DEADLINE_SECONDS="2") as bot,
    ):
        openid = sandbox.add_user("u", subscribed=True)
        sent = sandbox.send(openid, content="slow until go m1")
        first, second, third = (delivery["outcome"] for delivery in sent["deliveries"])
        assert {first, second} <= {"timeout", "bad-status"}
        assert third == "reply"
        assert sent["shown"][0]["content"] == "still working"
        account.open("go")
        until(lambda: any("kept" in line for line in bot.output))
        assert sandbox.send(openid, content="m2")["shown"][0]["content"] == "answer m1\n\nanswer m2"
        assert answers(sandbox, openid) == ["m1", "m2"]
        assert account.runs() == ["m1", "m2"]


@pytest.mark.redis
def test_redis_is_killed_and_comes_back(sandbox: Sandbox, account: Account, need_redis: None) -> None:
    """Without Redis the bot answers quick messages. Once Redis is back, it sends the promised answers."""
    openids = [sandbox.add_user(f"u{n}", subscribed=True) for n in range(6)]
    with _RedisToKill(account.folder) as redis:
        with (
            bot_on(sandbox, account, STORE_URL=redis.url, DEADLINE_SECONDS="3", REPLAY_GUARD="True") as bot,
            requests.Session() as http,
        ):
            http.trust_env = False

            def readiness() -> int:
                return http.get(f"{bot.url}/readyz", timeout=60).status_code

            assert readiness() == 200
            send_all(sandbox, {openid: f"slow until go m{n}" for n, openid in enumerate(openids)})
            until(lambda: len(account.runs()), lambda count: count >= len(openids))
            redis.kill()
            shown = sandbox.send(openids[0], content="without")["shown"]
            assert [bubble["content"] for bubble in shown] == ["answer without"]
            # This handler is slow. The bot answers `success` at the deadline, and pushes the reply later.
            tried = sandbox.send(openids[1], content="late until go long")["deliveries"]
            assert [entry["outcome"] for entry in tried] == ["success"]
            assert readiness() == 503
            account.open("go")
            # All handlers end while Redis is gone, so the bot cannot store their replies.
            until(lambda: sum("left in the outbox" in line for line in bot.output), lambda n: n >= 6)
            redis.start()
            until(readiness, lambda status: status == 200)
            for n, openid in enumerate(openids):
                until(lambda openid=openid, n=n: f"m{n}" in answers(sandbox, openid))
            until(lambda: "long" in answers(sandbox, openids[1]))
            assert sandbox.send(openids[0], content="with")["shown"][-1]["content"] == "answer with"
        everything = [name for openid in openids for name in answers(sandbox, openid)]
        assert sorted(everything) == sorted([*(f"m{n}" for n in range(6)), "long", "with", "without"])
        assert sum("does not work; the bot goes on without it" in line for line in bot.output) == 1
        assert sum("works again" in line for line in bot.output) == 1


class _RedisToKill(RedisServer):
    """A Redis that writes its data to disk, so that it survives a kill."""

    def start(self) -> None:
        self._running = redis_server(self._folder)
        self._running.__enter__()

    def kill(self) -> None:
        self._running.__exit__(None, None, None)

    def __enter__(self) -> "_RedisToKill":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
