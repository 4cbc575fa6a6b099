"""Read faults from a JSON object, or from a line of text such as `/cgi-bin/* errcode=-1 count=2`."""

import json
import shlex
from typing import Any

from wechat_sandbox.json_fields import BadRequest, Fields
from wechat_sandbox.world.faults import DELIVERY, Fault

_DELIVERIES_ONLY = ("duplicate", "overlap", "reorder")
_CALLS_ONLY = ("errcode", "content_type")
_EFFECTS = (*_CALLS_ONLY, "status", "delay", "drop", *_DELIVERIES_ONLY)


def fault_of_json(values: Any) -> Fault:
    """Return the fault that a JSON object describes. Raises BadRequest, which names the wrong field."""
    if not isinstance(values, dict):
        raise BadRequest("must be an object")
    fields = Fields(values)
    fault = Fault(
        path=fields.text("path"),
        errcode=fields.whole("errcode") if fields.has("errcode") else None,
        delay=fields.number("delay", 0.0),
        drop=fields.flag("drop", False),
        status=fields.whole("status") if fields.has("status") else None,
        content_type=fields.text("content_type") if fields.has("content_type") else None,
        duplicate=fields.whole("duplicate", 0),
        overlap=fields.flag("overlap", False),
        reorder=fields.flag("reorder", False),
        probability=fields.number("probability", 1.0),
        count=fields.whole("count") if fields.has("count") else None,
    )
    fields.done()
    _check(fault)
    return fault


def fault_of_text(text: str) -> Fault:
    """Return the fault that a line `PATTERN key=value …` describes.

    A value is read as JSON (a number, true, false) if possible, else as text. Raises BadRequest, which names
    the wrong field.
    """
    try:
        path, *pairs = shlex.split(text)
    except ValueError:
        raise BadRequest(f"must be 'PATTERN key=value …', got {text!r}") from None
    values: dict[str, Any] = {"path": path}
    for pair in pairs:
        name, mark, value = pair.partition("=")
        if not mark:
            raise BadRequest(f"{name}: must be {name}=value")
        try:
            values[name] = json.loads(value)
        except ValueError:
            values[name] = value
    return fault_of_json(values)


def _check(fault: Fault) -> None:
    told = fault.to_json()
    if fault.path == DELIVERY:
        for name in _CALLS_ONLY:
            if name in told:
                raise BadRequest(
                    f"{name}: a delivery has none; use drop, status, delay, duplicate, overlap or reorder"
                )
    else:
        if not fault.path.startswith(("/", "*")):
            raise BadRequest(
                f"path: must be `{DELIVERY}` or a pattern over API paths such as /cgi-bin/menu/*"
            )
        for name in _DELIVERIES_ONLY:
            if name in told:
                raise BadRequest(f"{name}: only deliveries have it")
    if not 0 <= fault.delay <= 600:
        raise BadRequest(f"delay: must be 0 to 600 seconds (got {fault.delay:g})")
    if not 0 <= fault.duplicate <= 100:
        raise BadRequest(f"duplicate: must be 0 to 100 (got {fault.duplicate})")
    if not 0 <= fault.probability <= 1:
        raise BadRequest(f"probability: must be 0 to 1 (got {fault.probability:g})")
    if fault.status is not None and not 200 <= fault.status <= 599:
        raise BadRequest(f"status: must be 200 to 599 (got {fault.status})")
    if fault.content_type is not None and not fault.content_type.isprintable():
        raise BadRequest(f"content_type: must be one line, got {fault.content_type!r}")
    if fault.count is not None and fault.count < 0:
        raise BadRequest(f"count: must not be negative, got {fault.count}")
    if not told.keys() - {"path", "probability", "count"}:
        raise BadRequest(f"{'/'.join(_EFFECTS)}: one of them must say what happens")
