"""Several machines for real: three bot hosts in network namespaces, with one Redis. One is cut off and
another killed in the middle of slow messages."""

import os

import pytest

from bench import machines, netns
from bench.account import Account
from tests.launch import start_sandbox
from tests.scenarios.alive import answered_exactly_once


@pytest.fixture
def need_machines(need_redis: None) -> None:
    problem = netns.why_not()
    if problem and os.environ.get("CI") == "true" and "forbids" not in problem and "root" not in problem:
        pytest.fail(f"{problem}, and CI may skip nothing that it could have")
    if problem:
        pytest.skip(f"NOT TESTED: {problem}")


@pytest.mark.redis
def test_one_machine_cut_off_and_one_killed_lose_and_repeat_nothing(need_machines: None) -> None:
    def run(account: Account) -> machines.Result:
        with start_sandbox("--mode", "safe", "--allow-remote") as sandbox:
            return machines.run(sandbox, account, messages=150, users=75, clients=40)

    assert answered_exactly_once(run).failure_lines == 0
