"""Write one log line for every request, delivery or page, and count it in the metrics."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bot.config import CALLBACK_PATH, LOGIN_STATUS_PATH
from bot.telemetry import metrics
from bot.telemetry.log import request_id
from bot.telemetry.refusal_lines import RefusalLines

log = logging.getLogger("bot.request")

# Monitoring and the login page request these every few seconds. They are logged only if they fail.
_UNLOGGED = {("/healthz", "200"), ("/readyz", "200"), (LOGIN_STATUS_PATH, "200")}
refusal_lines = RefusalLines(log)


@contextmanager
def logged(method: str, path: str, address: Callable[[], str]) -> Iterator[dict[str, Any]]:
    """Give the request an id, and write its log line at the end.

    Yield the facts of that line, a dict that the caller adds to. `status` is "500" until the caller sets it.
    If the request is refused, its line has what `address` returns.
    """
    started = time.perf_counter()
    token = request_id.set(f"{random.getrandbits(32):08x}")  # an id, which need not be secret
    facts: dict[str, Any] = {"method": method, "path": path, "status": "500", "ms": 0.0}
    try:
        yield facts
    finally:
        seconds = time.perf_counter() - started
        facts["ms"] = round(seconds * 1000, 1)
        _count(facts, seconds)
        if "reason" in facts or facts["status"] == "401":
            refusal_lines.add({**facts, "address": address()})
        elif (path, facts["status"]) not in _UNLOGGED:
            log.info("request", extra={"facts": facts})
        if refusal_lines.counts:
            refusal_lines.tell()
        request_id.reset(token)


def _count(facts: dict[str, Any], seconds: float) -> None:
    if facts["path"] != CALLBACK_PATH:
        metrics.pages.labels(facts["status"]).inc()
        return
    metrics.delivery_seconds.observe(seconds)
    metrics.delivered(facts.get("result", "fault")).inc()
    if "reason" in facts:
        metrics.refusals.labels(facts["reason"]).inc()
