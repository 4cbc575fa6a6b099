"""Parse STORE_URL. Imports no backend, because settings are read before a backend is chosen."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bot.store.redis_url import SCHEMES, RedisUrl

_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class StoreUrl:
    """The URL of a store. `sqlite_path` is the file of an SQLite store, or None for a store in Redis."""

    text: str
    sqlite_path: str | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `sqlite:///path`, or a URL that RedisUrl reads.

        `sqlite:///var/bot.db` has a relative path, `sqlite:////var/bot.db` an absolute one. Raises ValueError
        for anything else. The error does not repeat the URL, because it may hold a password.
        """
        path = text.removeprefix(_SQLITE)
        if path and path != text:
            return cls(text, path)
        if not text.startswith(SCHEMES):
            raise ValueError("must be sqlite:///path or redis://host:port/db")
        RedisUrl.parse(text)
        return cls(text, None)

    def under(self, folder: Path) -> Self:
        """Return this URL with a relative SQLite path counted from `folder`."""
        if self.sqlite_path is None:
            return self
        path = str(folder / self.sqlite_path)
        return type(self)(_SQLITE + path, path)
