"""Exchange a code once, even if two requests bring it. The second request gets the result of the first.

This module must not store the code itself, only its hash. WeChat sometimes calls the redirect twice within
moments, and answers a second exchange of the same code with 40163 (used code).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import VisitError
from bot.oauth.visitor import Visitor
from bot.store import Store
from bot.store.codec import dump, find
from bot.store.signing import fingerprint

_RESULT_SECONDS = 60.0  # how long the result is kept for a doubled redirect
_POLL_SECONDS = 0.05
_RUNNING = b"R"
_FAILED = b"F"
_DONE = b"V"


@dataclass(frozen=True)
class _Failure:
    """The VisitError of the first request."""

    reason: str
    status: int
    errcode: int | None


class DoubledRedirects:
    """Share results between all processes. The second request waits up to `patience` seconds for the
    result."""

    def __init__(
        self,
        store: Store,
        patience: float,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._patience = patience
        self._monotonic = monotonic
        self._sleep = sleep

    def once(self, code: str, exchange: Callable[[], Visitor]) -> Visitor:
        """Call `exchange` and return its result. A later call with the same code returns the same result.

        If `exchange` raises a VisitError, both calls raise it. The second call raises VisitError(used-code)
        if the result is not ready in time.
        """
        key = f"code:{fingerprint(code)}"
        if not self._store.add(key, _RUNNING, self._patience):
            return self._first_result(key)
        try:
            visitor = exchange()
        except VisitError as error:
            failure = _Failure(error.reason, error.status, error.errcode)
            self._store.put(key, _FAILED + dump(failure), _RESULT_SECONDS)
            raise
        self._store.put(key, _DONE + dump(visitor), _RESULT_SECONDS)
        return visitor

    def _first_result(self, key: str) -> Visitor:
        end = self._monotonic() + self._patience
        while True:
            record = self._store.get(key)
            if record is not None and record.startswith(_DONE):
                visitor = find(Visitor, record[1:])
                if visitor is not None:
                    return visitor
                record = None
            if record is not None and record.startswith(_FAILED):
                failure = find(_Failure, record[1:])
                if failure is not None:
                    raise VisitError(failure.reason, failure.status, failure.errcode)
                record = None
            if record is None or self._monotonic() > end:
                raise VisitError("used-code", 400)
            self._sleep(_POLL_SECONDS)
