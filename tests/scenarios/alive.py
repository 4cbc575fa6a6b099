"""Reads what the phones of a sandbox show, for tests whose bots have the handlers of bench/account.py."""

from bench import phones
from bench.phones import Verdict
from tests.launch import Sandbox


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
