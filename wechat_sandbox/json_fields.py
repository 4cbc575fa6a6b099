"""Read the JSON body of a control call field by field. Every error names the field."""

import json
import math
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, TypeVar

from aiohttp import web

# The largest integer of most other languages.
_LARGEST = 2**63 - 1
# Characters that XML cannot contain.
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
Choice = TypeVar("Choice", bound=StrEnum)


class BadRequest(Exception):
    """A wrong control call. It is answered with HTTP 400 and this message as `error`."""


class Fields:
    """The fields of a JSON object. Read each allowed field, then call `done` to refuse all others.

    Each reading method removes its field, and returns `default` if the field is missing. It raises BadRequest
    for a value of the wrong type, or for a missing field without a default.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = dict(values)

    def has(self, name: str) -> bool:
        return name in self._values

    def left(self) -> dict[str, Any]:
        """Return the fields that have not been read."""
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
        """Read a latitude (`most` 90) or a longitude (`most` 180), in degrees."""
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
        """Raise BadRequest if a field has not been read."""
        if self._values:
            raise BadRequest(f"{', '.join(sorted(self._values))}: no such field in this call")

    def _typed(self, name: str, kind: Any, what: str, default: Any) -> Any:
        value = self._values.pop(name, default)
        if value is None:
            raise BadRequest(f"{name}: missing, must be {what}")
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise BadRequest(f"{name}: must be {what}, got {json.dumps(value, ensure_ascii=False)}")
        return value


async def read_fields(request: web.Request) -> Fields:
    """Return the fields of the body; none for an empty body. Raises BadRequest if it is not a JSON object."""
    raw = await request.read()
    if not raw.strip():
        return Fields({})
    try:
        body = json.loads(raw, parse_constant=_refuse)
    except ValueError as error:
        raise BadRequest(f"body: is not JSON: {error}") from None
    except RecursionError:
        raise BadRequest("body: JSON is nested too deeply") from None
    if not isinstance(body, dict):
        raise BadRequest("body: must be a JSON object")
    if b"\\" in raw:  # JSON can contain such characters only as escapes
        for name, value in body.items():
            _must_be_text(name, value)
    return Fields(body)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not allowed in JSON")


def _must_be_text(name: str, value: Any) -> None:
    """Raise BadRequest for control characters and half surrogate pairs.

    XML cannot contain them, and no phone sends them.
    """
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
