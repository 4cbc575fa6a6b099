"""A store's outage is said once, and its end once."""

import pytest

from bot.store.outage import Outage
from tests.conftest import Clock


def lines(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log.records]


def test_each_change_is_said_once(log: pytest.LogCaptureFixture) -> None:
    clock = Clock(100.0)
    outage = Outage("the store", clock)
    outage.ends(clock())
    for _ in range(3):
        clock.advance(1)
        outage.begins("gone", clock())
    for _ in range(3):
        clock.advance(1)
        outage.ends(clock())
    assert lines(log) == [
        "[store] the store does not work; the bot goes on without it: gone",
        "[store] the store works again",
    ]


def test_what_began_before_the_last_change_changes_nothing(log: pytest.LogCaptureFixture) -> None:
    clock = Clock(100.0)
    outage = Outage("the store", clock)
    before = clock()
    clock.advance(1)
    outage.begins("gone", clock())
    outage.ends(before)
    assert len(lines(log)) == 1, "its answer had come before the store was gone"
    during = clock()
    clock.advance(1)
    outage.ends(clock())
    outage.begins("timed out", during)
    assert len(lines(log)) == 2, "it had asked while the store was gone"
