"""The codec of everything that is stored: a dataclass as JSON, and back.

Servers of two versions may use one store during an upgrade. So load() ignores fields that a newer version has
added, and takes the default of a field that an older version did not have.
"""

import json
import logging
import types
import typing
from collections.abc import Hashable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

log = logging.getLogger("bot.store")

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


def find(kind: type[R], stored: bytes | None) -> R | None:
    """Return the record of class `kind`, or None if nothing is stored or this version cannot read it: another
    version has written it. The latter is logged once for each kind."""
    if not stored:
        return None
    try:
        return load(kind, stored)
    except ValueError:
        note_unreadable(kind.__name__)
        return None


@cache
def note_unreadable(kind: str) -> None:
    """Log that a record of this kind cannot be read, once in each process."""
    log.warning("[store] a stored %s of another version cannot be read; such records are ignored", kind)


def build(kind: type[R], values: Any) -> R:
    """Return the record of class `kind` from its JSON values. Raises ValueError as load() does, also if a
    value has another type than its field."""
    shape = _shape(kind)  # type: ignore[arg-type]  # a class is hashable
    if isinstance(values, list):
        values = dict(zip(shape, values, strict=False))
    if not isinstance(values, dict):
        raise ValueError(f"not a stored {kind.__name__}")
    found = {name: values[name] for name in shape if name in values}
    for name, value in found.items():
        if (wanted := shape[name]) and not isinstance(value, wanted):
            raise ValueError(f"not a stored {kind.__name__}: {name} is a {type(value).__name__}")
    try:
        return kind(**found)
    except TypeError as error:  # a field without a default is missing
        raise ValueError(f"not a stored {kind.__name__}: {error}") from None


def dump_list(values: list[Any]) -> bytes:
    """Return a list of JSON values or dataclasses as JSON."""
    return _encode(values).encode()


def load_list(stored: bytes | None, of: type[R]) -> list[R]:
    """Return the values of class `of` in the list that dump_list() made; an empty list for None, and for what
    is no list. Values of other classes are left out."""
    try:
        values = json.loads(stored) if stored else []
    except ValueError:
        values = None
    if not isinstance(values, list):
        note_unreadable("list")
        return []
    return [value for value in values if isinstance(value, of)]


@cache
def _shape(kind: Hashable) -> dict[str, tuple[type, ...] | None]:
    """Return the types that the JSON value of each field may have, or None if any may."""
    try:
        hints = typing.get_type_hints(kind)
    except NameError:  # a class of the operator's, whose types cannot be found
        hints = {}
    return {field.name: _types(hints.get(field.name)) for field in fields(kind)}  # type: ignore[arg-type]


def _types(hint: Any) -> tuple[type, ...] | None:
    origin = typing.get_origin(hint) or hint
    if origin in (typing.Union, types.UnionType):
        parts = [_types(part) for part in typing.get_args(hint)]
        return None if None in parts else tuple(one for part in parts if part for one in part)
    if origin is float:
        return (int, float)
    if origin in (list, tuple):
        return (list, tuple)
    if origin in (str, int, bool, dict, types.NoneType):
        return (origin,)
    return (dict, origin) if is_dataclass(origin) and isinstance(origin, type) else None
