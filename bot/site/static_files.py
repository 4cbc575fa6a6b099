"""/static/: the files of the operator's package and of the project, by WhiteNoise.

This module must not decide which file wins: the one that is added last does.
"""

import os
from typing import Any

from whitenoise import WhiteNoise


class StaticFiles(WhiteNoise):  # type: ignore[misc]  # WhiteNoise has no types
    """WSGI middleware for static files.

    WhiteNoise reads length and time of a file once, when it is added. A file that is changed later (`git
    pull` before the restart) would then be cut off. So these are read again if the file has changed.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self._added: dict[str, tuple[str, tuple[int, int] | None]] = {}
        super().__init__(*args, **options)

    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Any = None) -> None:
        """Add the file `path`, to be served at `url`. Overrides WhiteNoise's method."""
        super().add_file_to_dictionary(url, path, stat_cache)
        self._added[url] = (path, _version(path))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Serve the file of this path, or call the application. Overrides WhiteNoise's method."""
        url = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
        if url in self._added:
            path, version = self._added[url]
            now = _version(path)
            if now is None:
                self.files.pop(url, None)
            elif now != version:
                self.add_file_to_dictionary(url, path)
        return super().__call__(environ, start_response)


def _version(path: str) -> tuple[int, int] | None:
    """Return what differs after a file has been changed, or None if it is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
