"""Several machines for real: three bot hosts in network namespaces, with one Redis. One is cut off and
another killed in the middle of slow messages."""

import os
from collections.abc import Iterator

import pytest

from bench import machines, netns
from bench.account import Account
from tests.launch import start_sandbox


@pytest.fixture
def need_machines(need_redis: None) -> None:
    problem = netns.why_not()
    if problem and os.environ.get("CI") == "true" and "forbids" not in problem and "root" not in problem:
        pytest.fail(f"{problem}, and CI may skip nothing that it could have")
    if problem:
        pytest.skip(f"NOT TESTED: {problem}")


@pytest.fixture
def account(need_machines: None) -> Iterator[Account]:
    account = Account()
    yield account
    account.close()


@pytest.mark.redis
def test_one_machine_cut_off_and_one_killed_lose_and_repeat_nothing(account: Account) -> None:
    with start_sandbox("--mode", "safe", "--allow-remote") as sandbox:
        result = machines.run(sandbox, account, messages=150, users=75, clients=40)
    assert (result.lost, result.repeated, result.answered_once) == ([], [], 150)
    assert result.failure_lines == 0
