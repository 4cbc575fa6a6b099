"""Real bots on a bench account, and a bounded wait for what the phone shows."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from bench import exactly_once, machines
from bench.account import Account
from tests.launch import Sandbox

Result = exactly_once.Result | machines.Result

_PATIENCE = 40.0


def until(seen: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """What `seen` returns once it is as `wanted`, looked at five times a second; AssertionError if it is not
    within 40 s."""
    end = time.monotonic() + _PATIENCE
    while True:
        found = seen()
        if wanted(found):
            return found
        if time.monotonic() > end:
            pytest.fail(f"not as wanted after {_PATIENCE:g} s: {found!r}")
        time.sleep(0.2)


def answers(sandbox: Sandbox, openid: str) -> list[str]:
    """The names of the messages that are answered on the phone, each as often as it is."""
    return [
        name
        for bubble in sandbox.chat(openid)
        if bubble["from"] == "account"
        for name in re.findall(r"answer (\S+)", str(bubble.get("content", "")))
    ]


def grey_lines(sandbox: Sandbox, openid: str) -> int:
    return sum(bubble["from"] == "system" for bubble in sandbox.chat(openid))


def answered_exactly_once(run: Callable[[Account], Result]) -> Result:
    """What `run` saw, after nothing was lost and nothing came twice.

    A push that WeChat takes just when its process is killed comes again (docs/flow.md, "What cannot be
    promised"). A run in which that happened once is made once more.
    """
    result = _on_an_account_of_its_own(run)
    if len(result.repeated) == 1:
        assert result.lost == []
        result = _on_an_account_of_its_own(run)
    assert (result.lost, result.repeated, result.answered_once) == ([], [], result.messages), result
    return result


def _on_an_account_of_its_own(run: Callable[[Account], Result]) -> Result:
    account = Account()
    try:
        return run(account)
    finally:
        account.close()
