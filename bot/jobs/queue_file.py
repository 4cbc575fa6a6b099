"""The file of the job queue with SQLite. It holds ids of jobs only, which the outbox has too: a file that
cannot be used is set aside and made anew.

Must never make the bot stop.
"""

import contextlib
import logging
import os
import sqlite3
from collections.abc import Callable
from typing import TypeVar

R = TypeVar("R")

log = logging.getLogger("bot.jobs")

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL)


class QueueFile:
    """The file at `path`."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._identity: tuple[int, int] | None = None

    def open(self, use: Callable[[str], R]) -> R | None:
        """Return what `use(path)` returns, which raises sqlite3.Error if the file is no queue. Set the file
        aside then, or if this user may not read it, and try once more. Return None if that does not help."""
        for _ in range(2):
            try:
                os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
                opened = use(self._path)
                self._identity = self._find()
                return opened
            except (OSError, sqlite3.Error) as error:
                self._set_aside(error)
        log.warning("[jobs] the job queue is kept in memory; slow answers may begin some seconds later")
        self._identity = self._find()
        return None

    def has_moved(self) -> bool:
        """Return True if the file was deleted or replaced since it was opened."""
        return self._find() != self._identity

    def report(self, error: Exception) -> None:
        """Set the file aside after an error of the queue, if a new one would help. has_moved() is then
        True."""
        code = getattr(error, "sqlite_errorcode", None)
        is_broken = isinstance(error, sqlite3.DatabaseError) and (code is None or code & 0xFF not in _BUSY)
        if is_broken and not self.has_moved():
            self._set_aside(error)

    def _set_aside(self, error: Exception) -> None:
        """Rename a file that cannot be used."""
        aside = self._path + ".broken"
        try:
            os.replace(self._path, aside)
        except OSError as problem:
            log.warning("[jobs] cannot use %s (%s), nor rename it: %s", self._path, error, problem.strerror)
            return
        log.warning("[jobs] cannot use %s (%s): it is now %s", self._path, error, aside)
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(OSError):
                os.unlink(self._path + suffix)

    def _find(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_dev, found.st_ino
