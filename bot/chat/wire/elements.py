"""The attributes of typed messages and events: each reads one element of the delivery.

Reading an attribute never raises and never changes the delivery. If the element is missing or holds something
else, the attribute is empty: `""`, 0, 0.0, None for a time, or an empty list or dict. This module must not
know what an element means.
"""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, Self, TypeVar, overload

from wechatpy.fields import (
    Base64DecodeField,
    BaseField,
    DateTimeField,
    FieldDescriptor,
    FloatField,
    IntegerField,
    StringField,
    default_timezone,
)
from wechatpy.utils import ObjectDict

Fields = dict[str, Any]
Value = TypeVar("Value")
Typed = TypeVar("Typed")

_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,20}\s*")
_FLOAT = re.compile(r"\s*[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})\s*")
_LATEST = 253_000_000_000  # seconds; in the year 9987


def as_text(value: object) -> str:
    """Return a text as it is, and "" for anything else."""
    return value if isinstance(value, str) else ""


def as_integer(value: object) -> int:
    """Return the number in a text, or 0."""
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else 0


def as_float(value: object) -> float:
    """Return the number in a text, or 0.0."""
    return float(value) if isinstance(value, str) and _FLOAT.fullmatch(value) else 0.0


def as_time(value: object) -> datetime | None:
    """Return the time of a text with unix seconds, in China's time zone, or None."""
    seconds = as_integer(value)
    return datetime.fromtimestamp(seconds, tz=default_timezone) if 0 < seconds < _LATEST else None


def as_decoded(value: object) -> str:
    """Return the text that a base64 text holds, or ""."""
    try:
        return base64.b64decode(as_text(value)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def as_dict(value: object) -> Fields:
    """Return the children of an element, or {}. Of several elements, the first one counts."""
    for one in as_list(value):
        if isinstance(one, dict):
            return ObjectDict(one)  # type: ignore[no-any-return]
    return {}


def as_list(value: object) -> list[Any]:
    """Return a list: WeChat sends one element alone, several as a list, and none as an empty text."""
    if isinstance(value, list):
        return list(value)
    return [] if value is None or value == "" else [value]


def records(value: object, *path: str) -> list[Fields]:
    """Return the elements at `path` below `value` that have children: `records(fields, "ResultList",
    "item")`.

    Every element on the way may be missing, may be one, or several.
    """
    found = as_list(value)
    for name in path:
        found = [inner for one in found if isinstance(one, dict) for inner in as_list(one.get(name))]
    return [one for one in found if isinstance(one, dict)]


class Element(Generic[Value]):
    """An attribute that reads the element `name`, which stands in the element `inside` if that is given."""

    kind = ""
    convert: Callable[[object], Any] = staticmethod(as_text)

    def __init__(self, name: str, inside: str = "") -> None:
        self.name = name
        self.inside = inside

    @overload
    def __get__(self, message: None, owner: type) -> Self: ...
    @overload
    def __get__(self, message: object, owner: type) -> Value: ...
    def __get__(self, message: Any, owner: type) -> Self | Value:
        if message is None:
            return self
        fields = as_dict(message._data.get(self.inside)) if self.inside else message._data
        value: Value = self.convert(fields.get(self.name))
        return value


class TextElement(Element[str]):
    """A text."""

    kind = "text"

    # The text of a message is read for every message, so this takes one call instead of two.
    @overload
    def __get__(self, message: None, owner: type) -> Self: ...
    @overload
    def __get__(self, message: object, owner: type) -> str: ...
    def __get__(self, message: Any, owner: type) -> Self | str:
        if message is None:
            return self
        if self.inside:
            return as_text(as_dict(message._data.get(self.inside)).get(self.name))
        value = message._data.get(self.name)
        return value if isinstance(value, str) else ""


class IntegerElement(Element[int]):
    """A whole number."""

    kind = "number"
    convert = staticmethod(as_integer)


class FloatElement(Element[float]):
    """A number with a fraction."""

    kind = "decimal number"
    convert = staticmethod(as_float)


class TimeElement(Element[datetime | None]):
    """A time that WeChat sends as unix seconds."""

    kind = "time"
    convert = staticmethod(as_time)


class DecodedElement(Element[str]):
    """A text that WeChat sends as base64."""

    kind = "text"
    convert = staticmethod(as_decoded)


class DictElement(Element[Fields]):
    """The children of an element."""

    kind = "dict"
    convert = staticmethod(as_dict)


_OURS: dict[type[BaseField], type[Element[Any]]] = {
    StringField: TextElement,
    IntegerField: IntegerElement,
    FloatField: FloatElement,
    DateTimeField: TimeElement,
    Base64DecodeField: DecodedElement,
    BaseField: DictElement,
}


def tolerant(typed_class: type[Typed]) -> type[Typed]:
    """Give a class of wechatpy, or a subclass, our attributes under the same names. Return the class.

    wechatpy's own attributes raise if a number is not a number, and write defaults into the delivery.
    """
    in_force: dict[str, Any] = {}
    for base in reversed(typed_class.__mro__):
        in_force |= vars(base)
    for name, value in in_force.items():
        if isinstance(value, FieldDescriptor):
            setattr(typed_class, name, _OURS[type(value.field)](value.field.name))
    return typed_class


def tolerant_copy(wechatpy_class: Any) -> Any:
    """Return a subclass of a wechatpy class in which our attributes replace wechatpy's. The wechatpy class
    does not change."""
    copied = type(wechatpy_class)(wechatpy_class.__name__, (wechatpy_class,), {"__module__": __name__})
    return tolerant(copied)


def elements_of(typed_class: type) -> dict[str, Element[Any]]:
    """Return the attributes of a class that read one element each, by name."""
    in_force: dict[str, Any] = {}
    for base in reversed(typed_class.__mro__):
        in_force |= vars(base)
    return {name: value for name, value in in_force.items() if isinstance(value, Element)}
