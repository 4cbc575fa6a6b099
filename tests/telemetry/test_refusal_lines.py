"""Whoever sends forged deliveries fills no log, and is named."""

import itertools
import logging
import re
from collections.abc import Callable

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from bot.telemetry.refusal_lines import RefusalLines
from tests.conftest import StartWeChat
from tests.launch import Bot

FORGED = {"signature": "0" * 40, "timestamp": "1", "nonce": "n"}


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.facts: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.facts.append(record.facts)  # type: ignore[attr-defined]  # the `extra` of the line


def lines_at(now: Callable[[], float]) -> tuple[RefusalLines, Lines]:
    lines = Lines()
    log = logging.Logger("refusals")
    log.addHandler(lines)
    return RefusalLines(log, now), lines


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 3)), max_size=60))
def test_each_refusal_is_counted_and_no_address_has_two_lines_in_a_second(
    steps: list[tuple[str, float]],
) -> None:
    now = 0.0
    refusals, lines = lines_at(lambda: now)
    written: list[float] = []
    for address, pause in steps:
        now += pause
        refusals.add({"address": address})
        refusals.tell()
        written += [now] * (len(lines.facts) - len(written))
    now += 1
    refusals.tell()
    now += 1
    refusals.tell()
    written += [now] * (len(lines.facts) - len(written))
    assert sum(int(str(facts.get("count", 1))) for facts in lines.facts) == len(steps)
    for address in "abc":
        times = [at for at, facts in zip(written, lines.facts, strict=True) if facts["address"] == address]
        assert all(later - earlier >= 1 for earlier, later in itertools.pairwise(times))


def test_thousands_of_addresses_in_a_second_are_counted_together() -> None:
    now = 0.0
    refusals, lines = lines_at(lambda: now)
    for number in range(5000):
        refusals.add({"address": str(number)})
    assert len(lines.facts) == 1001
    now = 1.0
    refusals.tell()
    assert [(facts["address"], facts["count"]) for facts in lines.facts[1001:]] == [("others", 3999)]


def test_a_thousand_forged_deliveries_are_some_lines_with_their_address_and_number(
    start_wechat: StartWeChat, bots: Callable[..., Bot]
) -> None:
    """The forged ones come through a proxy of ours. Another visitor's lines stay as they are."""
    bot = bots(start_wechat())
    headers = {"X-Forwarded-For": "203.0.113.9"}

    def forge() -> None:
        with requests.Session() as session:
            session.trust_env = False
            for number in range(1000):
                if number % 2:
                    session.post(bot.callback, params=FORGED, data=b"<xml/>", headers=headers, timeout=60)
                else:
                    session.get(bot.callback, params=FORGED, headers=headers, timeout=60)

    lines = [line for line in bot.log_of(forge) if "path=/wechat" in line]
    assert 1 <= len(lines) < 500, "one a second"
    assert all("address=203.0.113.9" in line and "reason=bad-signature" in line for line in lines)
    counted = [int(found[1]) if (found := re.search(r"count=(\d+)", line)) else 1 for line in lines]
    assert sum(counted) <= 1000
    assert "WARNING" in lines[0]


@pytest.mark.parametrize("log_requests", ["0", "1"])
def test_the_lines_of_refusals_are_written_whether_or_not_requests_are(
    start_wechat: StartWeChat, bots: Callable[..., Bot], log_requests: str
) -> None:
    bot = bots(start_wechat(), {"BOT_LOG_REQUESTS": log_requests})
    bot.http.post(bot.callback, params=FORGED, data=b"<xml/>", timeout=60)
    bot.stop()
    (line,) = [line for line in bot.output if "reason=bad-signature" in line]
    assert "address=127.0.0.1" in line
