"""Real bots on a bench account, and a bounded wait for what the phone shows."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from bench import phones
from bench.phones import Verdict
from tests.launch import Sandbox

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
        for name in phones.answers(bubble)
    ]


def grey_lines(sandbox: Sandbox, openid: str) -> int:
    return sum(bubble["from"] == "system" for bubble in sandbox.chat(openid))


def was_exactly_once(result: Verdict) -> bool:
    """Nothing was lost, and nothing came twice but what a process was pushing when it was killed, which comes
    again (docs/flow.md, "What cannot be promised"); that is rare."""
    excused = result.repeated == result.cut_pushes and len(result.cut_pushes) <= 2
    return excused and not result.lost
