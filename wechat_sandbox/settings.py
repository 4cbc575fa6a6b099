"""Settings are fields of frozen dataclasses: their annotations make the command line and the settings call of
the control API, so that each setting is written down once."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, get_args, get_origin, get_type_hints


class SettingError(ValueError):
    """`name` is the setting as the code calls it; `reason` says what it must be."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"{name}: {reason}")


@dataclass(frozen=True)
class About:
    """What a field's annotation says of it as a setting; not `live`: it can be given at the start only."""

    help: str
    flag: str = ""
    metavar: str = ""
    live: bool = True


@dataclass(frozen=True)
class Setting:
    """`kind` is bool, int, float, str, a StrEnum, tuple or frozenset (both of strings)."""

    name: str
    kind: Any
    default: Any
    help: str
    flag: str
    metavar: str
    live: bool

    @property
    def many(self) -> bool:
        return self.kind in (tuple, frozenset)

    def read(self, value: Any) -> Any:
        """`value` as JSON gave it, in the field's own type. Raises SettingError."""
        if self.many:
            if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                raise SettingError(self.name, f"must be a list of strings, got {_shown(value)}")
            return self.kind(value)
        if isinstance(self.kind, type) and issubclass(self.kind, StrEnum):
            choices = [str(choice) for choice in self.kind]
            if value not in choices:
                raise SettingError(self.name, f"must be one of {', '.join(choices)}, got {_shown(value)}")
            return self.kind(value)
        accepted = (int, float) if self.kind is float else self.kind
        if not isinstance(value, accepted) or (isinstance(value, bool) and self.kind is not bool):
            raise SettingError(self.name, f"must be {_WORDS[self.kind]}, got {_shown(value)}")
        return self.kind(value)


def settings_of(group: Any) -> Iterator[Setting]:
    """Every setting of that dataclass, in order."""
    hints = get_type_hints(group, include_extras=True)
    for one in fields(group):
        hint, about = get_args(hints[one.name])
        # `tuple[str, ...]` is a tuple, whatever it holds.
        kind = get_origin(hint) or hint
        # A list is given one by one: --web-domain a --web-domain b.
        flag = about.flag or "--" + one.name.removesuffix("s" if kind is tuple else "").replace("_", "-")
        yield Setting(one.name, kind, one.default, about.help, flag, about.metavar, about.live)


def to_json(group: Any) -> dict[str, Any]:
    """The values of all settings of an instance, as JSON holds them."""
    return {one.name: _plain(getattr(group, one.name)) for one in settings_of(type(group))}


def must_match(name: str, value: str, pattern: str, rule: str) -> None:
    """Raises SettingError."""
    if not re.fullmatch(pattern, value):
        raise SettingError(name, f"must be {rule}; got {value!r}")


_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, frozenset)):
        return sorted(value) if isinstance(value, frozenset) else list(value)
    return str(value) if isinstance(value, StrEnum) else value


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
