"""Failures on purpose: which calls and deliveries go wrong, how, how likely and how often."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

DELIVERY = "delivery"


@dataclass(frozen=True)
class Fault:
    """`path` is a pattern over API paths, or `delivery`. `count` None means without end.

    For an API: `delay` seconds late, `drop` closes the connection unanswered, `status` answers that HTTP
    status, `errcode` answers that error, `content_type` replaces the answer's. For a delivery: `delay`
    delivers late, `drop` loses the server's answer on its way back, which WeChat notices when its time is
    over, `status` replaces the answer's, `duplicate` sends so many copies at once, `overlap` starts the next
    try before this one ends, `reorder` lets the next message go first.
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
    """`tell` hears of every change to the list, which is a count that has gone down."""

    def __init__(self, faults: list[Fault], tell: Callable[["Faults"], None] = lambda faults: None) -> None:
        self.list = list(faults)
        self._tell = tell

    def to_json(self) -> dict[str, Any]:
        return {"faults": [fault.to_json() for fault in self.list]}

    def strike(self, path: str) -> Fault:
        """The first fault that hits this call of `path`, its count used by one; NO_FAULT if none does."""
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
