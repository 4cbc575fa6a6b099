"""Find the files of the account that have changed, for `serve --reload`, by their modification times.

This module must not import the operator's package: its modules would stay as they were at the first start.
"""

import fnmatch
import importlib
import os
import re
import stat
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path

from bot.config import ROOT, load_config
from bot.errors import ConfigError

# caches, hidden files, copies that editors make while they save, and data that handlers write themselves
_IGNORED = [
    *("__pycache__", "*.pyc", ".*", "*~", "#*#", "*.swp", "*.tmp", "4913", "___jb_*"),
    *("*.db", "*.sqlite", "*.sqlite3", "*-wal", "*-shm", "*-journal", "*.log"),
]
_is_ignored = re.compile("|".join(fnmatch.translate(pattern) for pattern in _IGNORED)).match

_State = tuple[int, int, int]


class WatchedFiles:
    """The files of the account, as they were when they were last read. See `watched_folders`."""

    def __init__(self) -> None:
        self._package = _package()
        self._known = dict(_files(self._package))

    def changed(self) -> list[str]:
        """Return the paths of files that were written, created or deleted since the last call."""
        before, self._known = self._known, dict(_files(self._package))
        changed = sorted(
            path for path in before.keys() | self._known.keys() if before.get(path) != self._known.get(path)
        )
        if changed and self._package != _package():  # config.py names another one
            self._package = _package()
            self._known = dict(_files(self._package))
        return changed


def _package() -> str:
    """Return the name that HANDLERS has, also while other settings have a fault."""
    try:
        return load_config().handlers
    except ConfigError:
        return os.environ.get("BOT_HANDLERS", "handlers")


def watched_folders(package: str) -> list[Path]:
    """Return the folders that are watched: the operator's package, `templates/` and `static/`.

    An entry may also be a file, or a path where nothing is yet.
    """
    package = package.partition(".")[0]
    importlib.invalidate_caches()  # the package may be new
    spec = PathFinder.find_spec(package)
    if spec is None:
        own = [Path(package)]
    elif spec.submodule_search_locations is None:
        own = [Path(spec.origin or package)]
    else:
        own = [Path(folder) for folder in spec.submodule_search_locations]
    return [*own, ROOT / "templates", ROOT / "static"]


def _config_files() -> list[Path]:
    """Return the paths at which the settings file may be (see `bot/settings/sources.py`)."""
    named = os.environ.get("BOT_CONFIG")
    return [Path(named)] if named else [Path("config.py"), ROOT / "config.py"]


def _files(package: str) -> Iterator[tuple[str, _State]]:
    """Yield every watched file with its time, size and inode. A save changes at least one of them."""
    for top in [*_config_files(), *watched_folders(package)]:
        yield from _state(str(top))
        for folder, folders, names in os.walk(top):
            folders[:] = [name for name in folders if not _is_ignored(name)]
            for name in names:
                if not _is_ignored(name):
                    yield from _state(os.path.join(folder, name))


def _state(path: str) -> Iterator[tuple[str, _State]]:
    """Yield the state of `path`, if it is a file."""
    try:
        found = os.stat(path)
    except OSError:
        return  # it was deleted meanwhile, or is a link to nothing
    if stat.S_ISREG(found.st_mode):
        yield path, (found.st_mtime_ns, found.st_size, found.st_ino)
