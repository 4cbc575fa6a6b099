"""Waits for a condition: how long that takes depends on the machine, whether it comes does not."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.launch import PATIENCE


def until(seen: Callable[[], Any], wanted: Callable[[Any], bool] = bool) -> Any:
    """Return what `seen` returns once that is as `wanted`. Fail the test after PATIENCE seconds."""
    end, pause = time.monotonic() + PATIENCE, 0.005
    while True:
        found = seen()
        if wanted(found):
            return found
        if time.monotonic() > end:
            pytest.fail(f"not as wanted after {PATIENCE:g} s: {found!r}")
        time.sleep(pause)
        pause = min(2 * pause, 0.2)
