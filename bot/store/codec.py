"""The codec of everything that is stored: a dataclass as JSON, and back.

Servers of two versions may use one store during an upgrade. So load() ignores fields that a newer version has
added, and takes the default of a field that an older version did not have.
"""

import json
from collections.abc import Hashable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

R = TypeVar("R")


def _fields_of(value: object) -> dict[str, Any]:
    if is_dataclass(value) and not isinstance(value, type):
        return vars(value)
    raise TypeError(f"{type(value).__name__} cannot be stored: it is neither a JSON value nor a dataclass")


_encode = json.JSONEncoder(default=_fields_of).encode  # json.dumps() would make a new encoder every time


def dump(record: object) -> bytes:
    """Return a dataclass as JSON. Its fields hold JSON values, other dataclasses, or lists of these.

    Raises TypeError for any other value.
    """
    return _encode(vars(record)).encode()


def load(kind: type[R], stored: bytes) -> R:
    """Return the record of class `kind` that dump() made.

    A JSON list is read as the values of the first fields, in their order: versions before 2026-12 wrote phone
    claims in this form. A field that holds another dataclass is built by `kind.__post_init__`.
    Raises ValueError if `stored` is no such record.
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


def dump_list(values: list[Any]) -> bytes:
    """Return a list of JSON values or dataclasses as JSON."""
    return _encode(values).encode()


def load_list(stored: bytes | None) -> list[Any]:
    """Return the list that dump_list() made; an empty one for None."""
    return json.loads(stored) if stored else []


@cache
def _names(kind: Hashable) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))  # type: ignore[arg-type]  # a dataclass
