"""Checks which answers of bench/account.py the sandbox's phones show, and how often."""

from bench import phones
from bench.phones import Verdict
from tests.launch import Sandbox


def answers(sandbox: Sandbox, openid: str) -> list[str]:
    """Return the names of the messages that the phone shows answers to, one for each answer."""
    return [
        name
        for bubble in sandbox.chat(openid)
        if bubble["from"] == "account"
        for name in phones.answers(bubble)
    ]


def grey_lines(sandbox: Sandbox, openid: str) -> int:
    return sum(bubble["from"] == "system" for bubble in sandbox.chat(openid))


def was_exactly_once(result: Verdict) -> bool:
    """Return True if every message was answered exactly once.

    Excused are at most two answers that come twice, pushes that were under way when their process was killed,
    and at most two lost ones of an account that may not push, whose connections all broke (docs/flow.md,
    "What cannot be guaranteed").
    """
    excused = result.repeated == result.cut_pushes and len(result.cut_pushes) <= 2
    return excused and result.lost == result.unnoticed and len(result.unnoticed) <= 2
