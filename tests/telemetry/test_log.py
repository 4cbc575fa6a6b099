"""What a log line says of an exception: never what users wrote, unless a developer asked for it."""

import pytest

from bot.errors import StoreError
from bot.telemetry import log


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_exceptions_of_others_are_named_without_their_text() -> None:
    line = log.describe(raised(KeyError("private words")))
    assert line.startswith(f"KeyError at {__file__}:")
    assert "private" not in line
    assert log.describe(raised(StoreError("disk full"))).startswith("StoreError: disk full at ")


def test_a_developer_reads_the_text_as_far_as_it_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_with_texts", True)
    assert log.describe(raised(KeyError("hours"))).startswith("KeyError: 'hours' at ")
    assert len(log.describe(raised(ValueError("x" * 10_000)))) < 1000
