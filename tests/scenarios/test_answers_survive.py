"""No answer lost, none given twice: real servers and workers, killed at random, on one store; what the phones
show is the only witness."""

import pytest

from bench import exactly_once
from bench.account import Account
from bench.machine import redis_server
from tests.launch import start_sandbox
from tests.scenarios.phone_checks import was_exactly_once


@pytest.mark.parametrize(("kind", "messages"), [("service-verified", 400), ("subscription", 200)])
@pytest.mark.parametrize(
    ("store", "mode"), [("sqlite", "safe"), pytest.param("redis", "plain", marks=pytest.mark.redis)]
)
def test_every_message_is_answered_once_whoever_is_killed(
    store: str, mode: str, kind: str, messages: int, account: Account, request: pytest.FixtureRequest
) -> None:
    """Also for an account that may not push: there, at the latest with the user's next message."""
    kill = {"messages": messages, "users": 40, "kill_every": 1.0, "clients": 24}
    with start_sandbox("--mode", mode, "--account-kind", kind) as sandbox:
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
    assert result.runs >= messages
