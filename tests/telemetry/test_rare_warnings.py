"""A warning that would be repeated is written once a minute for each subject."""

import logging

import pytest

from bot.telemetry.rare_warnings import RareWarnings


def test_each_subject_has_one_line_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = 1000.0
    warnings = RareWarnings(logging.getLogger("bot.test"), lambda: now)
    for seconds, subject in ((0, "a"), (0, "a"), (1, "b"), (58, "a"), (1, "a"), (0, "b"), (1, "b")):
        now += seconds
        warnings.warn(subject, "%s at %d", subject, now)
    assert [record.getMessage() for record in caplog.records] == [
        "a at 1000",
        "b at 1001",
        "a at 1060",
        "b at 1061",
    ]
