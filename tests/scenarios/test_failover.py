"""The master of the store changes while messages flow: nobody misses an answer or gets one twice."""

from pathlib import Path

import pytest

from bench.account import Account
from bench.failover import run
from tests.launch import Sandbox
from tests.store.redis_servers import Group

pytestmark = [pytest.mark.redis, pytest.mark.slow]


def test_the_bot_follows_the_sentinels(
    sandbox: Sandbox, account: Account, tmp_path_factory: pytest.TempPathFactory, need_redis: None
) -> None:
    group = Group(Path(tmp_path_factory.mktemp("r")))
    try:
        result = run(sandbox, account, group, failovers=1, pause=2, replicas=1, users=8)
    finally:
        group.close()
    assert result.failovers == 1
    assert result.quick.messages > 20
    assert (result.quick.lost, result.quick.repeated) == ([], [])
    assert (result.slow.first_lost, result.slow.first_repeated) == (0, 0)
    assert result.grey_lines == 0
