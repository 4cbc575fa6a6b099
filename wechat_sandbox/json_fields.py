"""Reads the JSON of a control call field by field; every complaint names the field."""

import json
import math
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, TypeVar

from aiohttp import web

# What fits into the numbers of other languages.
_LARGEST = 2**63 - 1
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
Choice = TypeVar("Choice", bound=StrEnum)


class BadRequest(Exception):
    """Becomes HTTP 400 with this text as `error`."""


class Fields:
    """Take every field that may be there, then call `done`, which refuses what was not asked for."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = dict(values)

    def has(self, name: str) -> bool:
        return name in self._values

    def left(self) -> dict[str, Any]:
        """What nobody has taken yet."""
        return dict(self._values)

    def any(self, name: str, default: Any = None) -> Any:
        return self._values.pop(name, default)

    def text(self, name: str, default: str | None = None) -> str:
        return str(self._typed(name, str, "a string", default))

    def whole(self, name: str, default: int | None = None) -> int:
        value = int(self._typed(name, int, "a whole number", default))
        if abs(value) > _LARGEST:
            raise BadRequest(f"{name}: too large a number")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        value = self._typed(name, (int, float), "a number", default)
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise BadRequest(f"{name}: too large a number")
        return number

    def degrees(self, name: str, most: float, default: float | None = None) -> float:
        """A latitude (`most` 90) or a longitude (180)."""
        degrees = self.number(name, default)
        if abs(degrees) > most:
            raise BadRequest(f"{name}: must be from -{most:g} to {most:g} degrees, got {degrees:g}")
        return degrees

    def flag(self, name: str, default: bool | None = None) -> bool:
        return bool(self._typed(name, bool, "true or false", default))

    def choice(self, name: str, choices: type[Choice]) -> Choice:
        text = self.text(name)
        if text not in list(choices):
            raise BadRequest(f"{name}: must be one of {', '.join(choices)}; got {text!r}")
        return choices(text)

    def list(self, name: str) -> "list[Any]":
        found: list[Any] = self._typed(name, list, "a list", None)
        return found

    def done(self) -> None:
        if self._values:
            raise BadRequest(f"{', '.join(sorted(self._values))}: no such field here")

    def _typed(self, name: str, kind: Any, what: str, default: Any) -> Any:
        value = self._values.pop(name, default)
        if value is None:
            raise BadRequest(f"{name}: missing, must be {what}")
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise BadRequest(f"{name}: must be {what}, got {json.dumps(value, ensure_ascii=False)}")
        return value


async def read_fields(request: web.Request) -> Fields:
    """The fields of the body; an empty body has none."""
    raw = await request.read()
    if not raw.strip():
        return Fields({})
    try:
        body = json.loads(raw, parse_constant=_refuse)
    except ValueError as error:
        raise BadRequest(f"body: not JSON: {error}") from None
    except RecursionError:
        raise BadRequest("body: not JSON that can be read: nested too deeply") from None
    if not isinstance(body, dict):
        raise BadRequest("body: must be a JSON object")
    if b"\\" in raw:  # only escapes bring such characters through JSON
        for name, value in body.items():
            _must_be_text(name, value)
    return Fields(body)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _must_be_text(name: str, value: Any) -> None:
    """No phone sends halves of surrogate pairs or control characters, and XML cannot hold them."""
    bad = next((found for text in (name, *_texts(value)) if (found := _NO_TEXT.search(text))), None)
    if bad:
        shown = name.encode(errors="backslashreplace").decode()
        raise BadRequest(f"{shown}: must be text that XML can hold, has \\u{ord(bad[0]):04x}")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
