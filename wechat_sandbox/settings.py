"""Read the settings from the annotated fields of frozen dataclasses.

The command line and the settings call of the control API are both made from them, so each setting is
defined once.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, get_args, get_origin, get_type_hints


class SettingError(ValueError):
    """A wrong setting. `name` is the name of the field; `reason` says what its value must be."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"{name}: {reason}")


@dataclass(frozen=True)
class About:
    """The annotation of a field that is a setting.

    `help` is the text of the command line. `flag` is its option, if it differs from the field's name. With
    `live` False the setting can be given at the start only.
    """

    help: str
    flag: str = ""
    metavar: str = ""
    live: bool = True


@dataclass(frozen=True)
class Setting:
    """One setting. `kind` is bool, int, float, str, a StrEnum, or a tuple or frozenset of strings."""

    name: str
    kind: Any
    default: Any
    help: str
    flag: str
    metavar: str
    live: bool

    @property
    def many(self) -> bool:
        """Return True if the setting has several values."""
        return self.kind in (tuple, frozenset)

    def read(self, value: Any) -> Any:
        """Return the JSON value `value` in the type of the field. Raises SettingError if it does not fit."""
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
    """Return the settings of a dataclass, in the order of its fields."""
    hints = get_type_hints(group, include_extras=True)
    for one in fields(group):
        hint, about = get_args(hints[one.name])
        # The origin of `tuple[str, ...]` is `tuple`.
        kind = get_origin(hint) or hint
        # The values of a list are given one by one: --web-domain a --web-domain b.
        flag = about.flag or "--" + one.name.removesuffix("s" if kind is tuple else "").replace("_", "-")
        yield Setting(one.name, kind, one.default, about.help, flag, about.metavar, about.live)


def to_json(group: Any) -> dict[str, Any]:
    """Return the values of all settings of an instance, as a JSON object."""
    return {one.name: _plain(getattr(group, one.name)) for one in settings_of(type(group))}


def must_match(name: str, value: str, pattern: str, rule: str) -> None:
    """Raise SettingError unless `value` matches `pattern`. `rule` describes the pattern in words."""
    if not re.fullmatch(pattern, value):
        raise SettingError(name, f"must be {rule}; got {value!r}")


_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, frozenset)):
        return sorted(value) if isinstance(value, frozenset) else list(value)
    return str(value) if isinstance(value, StrEnum) else value


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
