"""Waits until a condition is true. Tests use this in place of a fixed time, which may be too short."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.launch import PATIENCE


def until(seen: Callable[[], Any], wanted: Callable[[Any], bool] = bool) -> Any:
    """Call `seen` until `wanted` accepts its result. Return it. Fail the test after PATIENCE seconds."""
    end, pause = time.monotonic() + PATIENCE, 0.005
    while True:
        found = seen()
        if wanted(found):
            return found
        if time.monotonic() > end:
            pytest.fail(f"not as wanted after {PATIENCE:g} s: {found!r}")
        time.sleep(pause)  # nothing tells us that the condition has changed
        pause = min(2 * pause, 0.2)
