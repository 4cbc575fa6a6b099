"""Read the phones and count how often each message was answered."""

import collections
import dataclasses
import re
import time
from collections.abc import Collection, Iterable, Mapping, Sequence

from tests.launch import Json, Sandbox

_CUT_SECONDS = 0.5

Work = Mapping[str, Sequence[str]]  # openid -> the names of the messages that this user writes
Disaster = tuple[float, float]  # begin and end of a kill or a cut of the network, in unix seconds
Bubbles = dict[str, list[Json]]


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The names of messages by result. Two lists name those that docs/flow.md explains under "What cannot be
    guaranteed": `cut_pushes` of `repeated`, and `unnoticed` of `lost`."""

    messages: int
    answered_once: int
    lost: list[str]
    repeated: list[str]
    cut_pushes: list[str]
    unnoticed: list[str]
    failure_lines: int


def answers(bubble: Json) -> list[str]:
    """Return the names of the messages that a bubble of the account answers. A bubble may hold several late
    answers."""
    return re.findall(r"answer (\S+)", str(bubble.get("content", "")))


def named(bubbles: Sequence[Json]) -> set[str]:
    """Return the names of the messages that these bubbles answer."""
    return {name for bubble in bubbles for name in answers(bubble)}


def until_all_are_answered(sandbox: Sandbox, work: Work, patience: float = 120.0) -> Bubbles:
    """Return the account's bubbles on each phone, as soon as every message is answered, or after `patience`
    seconds. A late answer may have to wait for a lease and a sweep."""
    end = time.monotonic() + patience
    while True:
        seen = {
            openid: [bubble for bubble in sandbox.chat(openid) if bubble["from"] != "user"] for openid in work
        }
        answered = {name for bubbles in seen.values() for name in named(bubbles)}
        if len(answered) == sum(map(len, work.values())) or time.monotonic() > end:
            return seen
        time.sleep(0.5)


def with_grey_line(sandbox: Sandbox, openids: Iterable[str]) -> set[str]:
    """Return the names of the messages that WeChat got no answer to. On the phone, a grey error line follows
    each of them."""
    names, name = set(), ""
    for openid in openids:
        for bubble in sandbox.chat(openid):
            if bubble["from"] == "user":
                name = str(bubble.get("content", "")).rpartition(" ")[2]
            elif bubble["from"] == "system":
                names.add(name)
    return names


def judge(seen: Bubbles, work: Work, disasters: Sequence[Disaster], grey: Collection[str] = ()) -> Verdict:
    """Count how often each message was answered. Find the repetitions that a kill or a cut of the network
    explains, and the lost messages that are in `grey` (see with_grey_line)."""
    shown: dict[str, list[Json]] = collections.defaultdict(list)
    for bubbles in seen.values():
        for bubble in bubbles:
            for name in answers(bubble):
                shown[name].append(bubble)
    names = [name for names in work.values() for name in names]
    repeated = [name for name in names if len(shown[name]) > 1]
    lost = [name for name in names if not shown[name]]
    return Verdict(
        messages=len(names),
        answered_once=sum(len(shown[name]) == 1 for name in names),
        lost=lost,
        repeated=repeated,
        cut_pushes=[name for name in repeated if _was_cut(shown[name], disasters)],
        unnoticed=[name for name in lost if name.partition("-")[0] in grey],
        failure_lines=sum(bubble["from"] == "system" for bubbles in seen.values() for bubble in bubbles),
    )


def _was_cut(bubbles: list[Json], disasters: Sequence[Disaster]) -> bool:
    """Return True if both of two answers were pushes, and the first came at the time of a kill or a cut.

    WeChat may have accepted that push a moment later.
    """
    first = bubbles[0]
    return (
        len(bubbles) == 2
        and all(bubble["via"] == "custom" for bubble in bubbles)
        and any(begun - _CUT_SECONDS < first["at"] < ended + _CUT_SECONDS for begun, ended in disasters)
    )
