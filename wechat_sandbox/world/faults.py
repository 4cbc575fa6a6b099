"""Faults that a test injects into API calls and deliveries, to test retries and error handling."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

DELIVERY = "delivery"


@dataclass(frozen=True)
class Fault:
    """One injected fault.

    `path` is a pattern over API paths such as `/cgi-bin/menu/*`, or `delivery`. `probability` is from 0 to 1.
    `count` is the number of calls or deliveries that the fault may still hit; None means no limit.

    In an API call: `delay` waits that many seconds before the answer, `drop` closes the connection without an
    answer, `status` answers with that HTTP status, `errcode` answers with that error, `content_type` replaces
    the Content-Type of the answer.

    In a delivery: `delay` waits that many seconds before sending, `drop` discards the answer of the account's
    server, so that the try ends at the deadline, `status` replaces the status of the answer, `duplicate`
    sends that many more copies at the same time, `overlap` starts the next try before this one ends,
    `reorder` sends the next message first.
    """

    path: str
    errcode: int | None = None
    delay: float = 0.0
    drop: bool = False
    status: int | None = None
    content_type: str | None = None
    duplicate: int = 0
    overlap: bool = False
    reorder: bool = False
    probability: float = 1.0
    count: int | None = None

    def to_json(self) -> dict[str, Any]:
        chosen: dict[str, Any] = {"path": self.path, "probability": self.probability}
        optional = {name: getattr(self, name) for name in ("errcode", "status", "content_type", "count")}
        switched_on = {
            name: getattr(self, name) for name in ("delay", "drop", "duplicate", "overlap", "reorder")
        }
        return (
            chosen
            | {name: value for name, value in optional.items() if value is not None}
            | {name: value for name, value in switched_on.items() if value}
        )


NO_FAULT = Fault(DELIVERY)


class Faults:
    """The list of faults. Calls `tell` with itself each time the `count` of a fault goes down."""

    def __init__(self, faults: list[Fault], tell: Callable[["Faults"], None] = lambda faults: None) -> None:
        self.list = list(faults)
        self._tell = tell

    def to_json(self) -> dict[str, Any]:
        return {"faults": [fault.to_json() for fault in self.list]}

    def strike(self, path: str) -> Fault:
        """Return the first fault that hits this call of `path`, and lower its count by one.

        Return NO_FAULT if no fault hits.
        """
        for index, fault in enumerate(self.list):
            if not fnmatchcase(path, fault.path) or fault.count == 0:
                continue
            if random.random() >= fault.probability:  # noqa: S311 - chance, not a secret
                continue
            if fault.count is not None:
                self.list[index] = replace(fault, count=fault.count - 1)
                self._tell(self)
            return fault
        return NO_FAULT
