"""The metrics of `/metrics`, for Prometheus: summed over all worker processes of this machine.

Text from a client must not become a label: every label has a small fixed set of values.
"""

import functools
import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST
# The folder in which worker processes share their numbers. The library reads this variable on import only, so
# `python -m bot` sets it first.
_SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

deliveries = Counter("bot_deliveries", "Deliveries by WeChat, by result", ["result"])
delivered = functools.cache(deliveries.labels)  # cached: the lookup takes 0.7 us for every message
refusals = Counter("bot_refusals", "Deliveries that did not pass the gate", ["reason"])
mended_deliveries = Counter("bot_mended_deliveries", "Deliveries whose XML was broken and has been mended")
missing_elements = Counter(
    "bot_missing_elements", "Elements that WeChat's documents list and deliveries lacked", ["element"]
)
delivery_seconds = Histogram(
    "bot_delivery_seconds",
    "Time from request to answer of a delivery; WeChat hangs up at 5 s",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 4, 5),
)
pages = Counter("bot_pages", "Requests that are not deliveries, by status", ["status"])
handlers_full = Counter("bot_handlers_full", "Handlers that found no free thread and became jobs")
pages_full = Counter("bot_pages_full", "Requests that waited because THREADS pages ran")
jobs_full = Counter("bot_jobs_full", "Times that JOB_THREADS jobs ran, and the next one had to wait")
inline_stalls = Counter("bot_inline_stalls", "Runs of an inline handler that kept the event loop for 50 ms")
wechat_calls = Counter("bot_wechat_calls", "Calls to WeChat's API, by errcode (0: taken)", ["errcode"])


def text() -> bytes:
    """Return all metrics in Prometheus' text format."""
    if _SHARED_FOLDER not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
