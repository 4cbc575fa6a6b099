"""Parse STORE_URL. Imports no backend, because settings are read before a backend is chosen."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

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
        for anything else, and for a port that is not a number. The error does not repeat the URL, because it
        may hold a password.
        """
        path = text.removeprefix(_SQLITE)
        if path and path != text:
            return cls(text, path)
        if text.startswith(_REDIS) and _is_readable(text):
            return cls(text, None)
        raise ValueError("must be sqlite:///path or redis://host:port/db")

    @property
    def is_remote(self) -> bool:
        """Return True if the store may be on another machine."""
        return self.sqlite_path is None and not self.text.startswith("unix:")

    def under(self, folder: Path) -> Self:
        """Return this URL with a relative SQLite path counted from `folder`."""
        if self.sqlite_path is None:
            return self
        path = str(folder / self.sqlite_path)
        return type(self)(_SQLITE + path, path)


def _is_readable(url: str) -> bool:
    """Return False if host or port cannot be read. The Redis client would raise when the store is opened."""
    try:
        _ = urlsplit(url).port
    except ValueError:
        return False
    return True
