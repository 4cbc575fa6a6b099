"""The rows of a table of settings."""

from dataclasses import field
from typing import Any

from bot.settings.readers import Reader


def setting(default: Any, read: Reader, help_: str, *, required: bool = False) -> Any:
    """A row of the table: its default, how a raw value is read, its help line, whether it must be given."""
    return field(default=default, metadata={"read": read, "help": help_, "required": required})
