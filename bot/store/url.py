"""STORE_URL, taken apart in one place. Imports no backend: settings are read before one is chosen."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

_SQLITE = "sqlite:///"
_REDIS = ("redis://", "rediss://", "unix://")  # plain, over TLS, over a socket of this machine


@dataclass(frozen=True)
class StoreUrl:
    """The URL of a store. `sqlite_path` is the file of an SQLite store, or None for a store in Redis."""

    text: str
    sqlite_path: str | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `sqlite:///path`, `redis://…`, `rediss://…` or `unix://…`.

        `sqlite:///var/bot.db` has a relative path, `sqlite:////var/bot.db` an absolute one. Raises ValueError
        for anything else, without repeating it: it may hold a password.
        """
        path = text.removeprefix(_SQLITE)
        if path and path != text:
            return cls(text, path)
        if text.startswith(_REDIS):
            return cls(text, None)
        raise ValueError("must be sqlite:///path or redis://host:port/db")

    def under(self, folder: Path) -> Self:
        """Return this URL with a relative SQLite path counted from `folder`."""
        if self.sqlite_path is None:
            return self
        path = str(folder / self.sqlite_path)
        return type(self)(_SQLITE + path, path)
