"""A deploy: the bot is told to stop while messages come in, another one is started, and nothing is lost."""

import collections
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from bench.account import Account
from bench.fleet import Fleet
from tests.conditions import until
from tests.launch import ROOT, Bot, Sandbox, bot_env
from tests.scenarios.phone_checks import answers, grey_lines


def env_of(sandbox: Sandbox, account: Account, **settings: str) -> dict[str, str]:
    env = bot_env(sandbox) | account.env | {"BOT_STORE_URL": f"sqlite:///{account.folder}/bot.db"}
    return env | {f"BOT_{name}": value for name, value in settings.items()}


NO_JOBS = (0, "no jobs\n")


def jobs(env: dict[str, str], account: Account, *arguments: str) -> tuple[int, str]:
    """`python -m bot jobs`: its status and what it says."""
    (account.folder / "config.py").write_text("")
    settings = {"BOT_CONFIG": "config.py", "BOT_SECRET_KEY": "x" * 40, "BOT_PUBLIC_URL": "http://127.0.0.1"}
    done = subprocess.run(
        [sys.executable, "-m", "bot", "jobs", *arguments],
        cwd=account.folder, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)} | settings | env,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_a_deploy_under_load_loses_nothing(sandbox: Sandbox, account: Account) -> None:
    """Two servers, one after the other stopped by SIGTERM and started anew, as a rolling deploy does."""
    openids = [sandbox.add_user(f"u{n}", subscribed=True) for n in range(24)]
    env = env_of(sandbox, account, WORKERS="2", STOP_SECONDS="1")
    written: collections.Counter[str] = collections.Counter()
    with Fleet(env, account.folder, servers=2) as fleet, ThreadPoolExecutor(24) as pool:
        sandbox.set_callback(fleet.callback)
        deployed = [False]

        def write(openid: str) -> None:
            number = 0
            while not deployed[0] or number < 5:
                name = f"{openid[-6:]}-{number}"
                written[name] += 1
                if number % 5:
                    sandbox.send(openid, content=name)
                else:  # waited for, as people do; WeChat takes only a few pushes without a word of the user
                    sandbox.send(openid, content=f"slow 1 {name}")
                    until(lambda name=name: answers(sandbox, openid), lambda seen, name=name: name in seen)
                number += 1

        writers = [pool.submit(write, openid) for openid in openids]
        for n in range(2):
            until(lambda n=n: len(account.runs()), lambda runs, n=n: runs > 200 * (n + 1))
            assert fleet.replace_server(n, timeout=60) in (0, -15), "it ended by itself"
        deployed[0] = True
        for writer in writers:
            writer.result()

        def seen() -> collections.Counter[str]:
            return collections.Counter(name for openid in openids for name in answers(sandbox, openid))

        until(lambda: written.keys() - seen().keys(), lambda missing: not missing)
        assert seen() == written
    assert not any(grey_lines(sandbox, openid) for openid in openids)


def test_a_stop_finishes_requests_in_flight(sandbox: Sandbox, account: Account) -> None:
    openid = sandbox.add_user("u", subscribed=True)
    with Bot(env_of(sandbox, account), cwd=account.folder) as bot, ThreadPoolExecutor(1) as pool:
        sandbox.set_callback(bot.callback)
        sending = pool.submit(sandbox.send, openid, content="late until go m")
        until(account.runs)
        os.kill(bot.pid, signal.SIGTERM)
        account.open("go")
        bot.wait()
        (delivery,) = sending.result()["deliveries"]
    assert delivery["outcome"] == "reply"
    assert (answers(sandbox, openid), account.runs()) == (["m"], ["m"])


def test_a_stopped_bot_hands_its_jobs_to_a_worker_at_once(sandbox: Sandbox, account: Account) -> None:
    openid = sandbox.add_user("u", subscribed=True)
    env = env_of(sandbox, account, DEADLINE_SECONDS="0.3", STOP_SECONDS="0.2")
    with Fleet(env, account.folder) as fleet:
        sandbox.set_callback(fleet.callback)
        sandbox.send(openid, content="slow until go m")
        until(account.runs)
        fleet.servers[0].stop(timeout=60)
        assert answers(sandbox, openid) == [], "there was no time for it"
        account.open("go")
        fleet.add_worker()
        until(lambda: answers(sandbox, openid))
    assert (answers(sandbox, openid), account.runs()) == (["m"], ["m", "m"])


def test_a_stop_gives_jobs_their_grace(sandbox: Sandbox, account: Account) -> None:
    openid = sandbox.add_user("u", subscribed=True)
    with Bot(env_of(sandbox, account, DEADLINE_SECONDS="0.3"), cwd=account.folder) as bot:
        sandbox.set_callback(bot.callback)
        sandbox.send(openid, content="slow until go m")
        until(account.runs)
        os.kill(bot.pid, signal.SIGTERM)
        account.open("go")
        bot.wait()
    assert (answers(sandbox, openid), account.runs()) == (["m"], ["m"])


def test_a_stop_cuts_no_push_in_two(sandbox: Sandbox, account: Account) -> None:
    """What WeChat is being told when the time is up is noted, and nobody tells it again."""
    openid = sandbox.add_user("u", subscribed=True)
    sandbox.faults([{"path": "/cgi-bin/message/custom/send", "delay": 3, "count": 1}])
    env = env_of(sandbox, account, DEADLINE_SECONDS="0.3", STOP_SECONDS="0.2")
    with Fleet(env, account.folder) as fleet:
        sandbox.set_callback(fleet.callback)
        sandbox.send(openid, content="slow until go m")
        account.open("go")
        # The sandbox has received the push when the fault's count is 0.
        until(lambda: sandbox.call("GET", "faults")["faults"][0]["count"], lambda count: count == 0)
        fleet.replace_server(0, timeout=60)
        until(lambda: jobs(env, account), lambda found: found == NO_JOBS)
    assert answers(sandbox, openid) == ["m"]


def test_jobs_are_listed_and_failed_ones_retried(sandbox: Sandbox, account: Account) -> None:
    """As an operator sees them: `python -m bot jobs`, and `--retry`."""
    openid = sandbox.add_user("u", subscribed=True)
    (account.folder / "broken").touch()
    env = env_of(sandbox, account, DEADLINE_SECONDS="0.3")
    assert jobs(env, account) == NO_JOBS
    with Bot(env, cwd=account.folder) as bot:
        sandbox.set_callback(bot.callback)
        sandbox.send(openid, content="slow 2 fail-m")
        until(lambda: jobs(env, account)[1], lambda text: "running" in text or "failed" in text)
        until(lambda: sandbox.chat(openid)[-1].get("content"), lambda text: text == "sorry")
        status, text = until(lambda: jobs(env, account), lambda found: "failed" in found[1])
        assert status == 0
        line, count = text.splitlines()
        assert count == "1 jobs"
        job_id = line.split()[0]
        assert " handlers.slow " in f" {line} ".replace("  ", " ")
        assert "RuntimeError" in line
        assert jobs(env, account, "--retry", "nothing")[0] == 1
        (account.folder / "broken").unlink()
        assert jobs(env, account, "--retry", job_id) == (0, f"{job_id}  waiting\n")
        until(lambda: answers(sandbox, openid), lambda names: names == ["fail-m"])
        until(lambda: jobs(env, account), lambda found: found == NO_JOBS)
