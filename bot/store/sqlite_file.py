"""The files of an SQLite database: made readable for this user only, watched, and kept small.

Uses the files by name, and opens no database.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

_Identity = tuple[int, int] | None
_BESIDE = ("-wal", "-shm")  # SQLite's files beside a database: its log, and the index of the log
_NO_FILE: _Identity = (-1, -1)
LOG_BYTES = 8 << 20  # a longer log is copied into the database and cut, see log_is_long()


class SqliteFile:
    """The database at `path`, which may be `:memory:`. Call its methods from one thread at a time."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._identity: dict[str, _Identity] = {}

    def make(self) -> None:
        """Make folder and file if they are missing, and remember which file it is. Raises OSError.

        The file contains tokens and visitors, so only this user may read it. SQLite gives the files beside it
        the same rights.
        """
        if self._path == ":memory:":
            return
        Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        with self._alone():
            if self._identity:
                self._remove_outdated()
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            self._identity = {"": _identity(self._path)}

    def problem(self) -> str:
        """Return in words what has happened to the file since make(), or an empty text."""
        if self._path == ":memory:":
            return ""
        now = _identity(self._path)
        if now == self._identity.get(""):
            self._identity |= {suffix: _identity(self._path + suffix) for suffix in _BESIDE}
            return ""
        what = "was deleted" if now is None else "was replaced by another file"
        return f"the file {what} while the bot was running; what it held is gone"

    def forget(self) -> None:
        """Let problem() report the file as replaced, because it does not hold what it should."""
        self._identity = {"": _NO_FILE}

    def log_is_long(self) -> bool:
        """Return True if the write-ahead log has grown beyond 8 MB. SQLite never makes it shorter itself."""
        with contextlib.suppress(OSError):
            return os.stat(self._path + "-wal").st_size > LOG_BYTES
        return False

    def _remove_outdated(self) -> None:
        """Remove the log of the former file. SQLite would take it for the log of the new one. Keep the log
        that another process has begun for the new file."""
        for suffix in _BESIDE:
            former = self._identity.get(suffix)
            if former is not None and former == _identity(self._path + suffix):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self._path + suffix)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process at a time look at the files and change them."""
        folder = os.open(Path(self._path).parent, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):  # some network file systems have no such locks
                fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def _identity(path: str) -> _Identity:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
