"""The codec for stored records: dump() turns a dataclass into JSON, load() turns it back.

Servers of two versions may use one store during an upgrade. So load() ignores fields that a newer version has
added, and uses the default of a field that an older version did not have.
"""

import json
from collections.abc import Hashable
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

R = TypeVar("R")

_encode = json.JSONEncoder(default=vars).encode  # json.dumps() would make a new encoder every time


def dump(record: object) -> bytes:
    """Return a dataclass as JSON. Its fields hold JSON values, other dataclasses, or lists of these."""
    return _encode(vars(record)).encode()


def load(kind: type[R], stored: bytes) -> R:
    """Return the record of class `kind` that dump() made.

    A JSON list is read as the values of the first fields, in their order: versions before 2026-12 wrote phone
    claims in this form. A field that holds another dataclass is built by `kind.__post_init__`.
    Raises ValueError if `stored` is not such a record.
    """
    return build(kind, json.loads(stored))


def build(kind: type[R], values: Any) -> R:
    """Return the record of class `kind` from its JSON values. Raises ValueError as load() does."""
    names = _names(kind)  # type: ignore[arg-type]  # a class is hashable
    if isinstance(values, list):
        values = dict(zip(names, values, strict=False))
    if not isinstance(values, dict):
        raise ValueError(f"not a stored {kind.__name__}")
    try:
        return kind(**{name: values[name] for name in names if name in values})
    except TypeError as error:  # a field without a default is missing
        raise ValueError(f"not a stored {kind.__name__}: {error}") from None


@cache
def _names(kind: Hashable) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))  # type: ignore[arg-type]  # a dataclass
