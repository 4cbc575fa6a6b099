"""A table of settings: a frozen dataclass whose fields are made by `setting()`, and its rows.

A row holds everything about one setting, so that reading, checking and `config.example.py` always agree.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from bot.settings.readers import Reader


@dataclass(frozen=True)
class Setting:
    """One row. `field` is its name in the dataclass, `help` one line for config.example.py."""

    field: str
    default: Any
    read: Reader
    help: str
    is_required: bool

    @property
    def name(self) -> str:
        """Return the name that operators write: `APP_ID` in config.py, `BOT_APP_ID` in the environment."""
        return self.field.upper()


def setting(default: Any, read: Reader, help_: str, *, required: bool = False) -> Any:
    """Return a dataclass field for one setting. A `required` setting must not be empty."""
    return field(default=default, metadata={"read": read, "help": help_, "required": required})


def rows(table: type) -> list[Setting]:
    """Return the rows of `table` in the order of its fields."""
    return [
        Setting(row.name, row.default, row.metadata["read"], row.metadata["help"], row.metadata["required"])
        for row in dataclasses.fields(table)
    ]
