"""Several machines for real: three bot hosts in network namespaces, with one Redis. One is cut off and
another killed in the middle of slow messages."""

import os
from collections.abc import Iterator

import pytest

from bench import machines, netns
from bench.account import Account
from tests.launch import start_sandbox
from tests.scenarios.alive import was_exactly_once


@pytest.fixture
def account() -> Iterator[Account]:
    account = Account()
    yield account
    account.close()


@pytest.fixture
def need_machines(need_redis: None) -> None:
    problem = netns.why_not()
    if problem and os.environ.get("CI") == "true" and "forbids" not in problem and "root" not in problem:
        pytest.fail(f"{problem}, and CI may skip nothing that it could have")
    if problem:
        pytest.skip(f"NOT TESTED: {problem}")


@pytest.mark.redis
def test_one_machine_cut_off_and_one_killed_lose_and_repeat_nothing(
    need_machines: None, account: Account
) -> None:
    with start_sandbox("--mode", "safe", "--allow-remote") as sandbox:
        result = machines.run(sandbox, account, messages=150, users=75, clients=40)
    assert was_exactly_once(result), result
    assert result.failure_lines == 0
