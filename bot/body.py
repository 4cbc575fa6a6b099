"""The body of a request, on any WSGI server: some wait for ever for more than was sent."""

from collections.abc import Mapping
from typing import Any


def read(environ: Mapping[str, Any], most: int) -> bytes:
    """The body, or, if it is longer than `most`, enough of it to see that."""
    length = str(environ.get("CONTENT_LENGTH") or "")
    if length.isascii() and length.isdigit():
        return bytes(environ["wsgi.input"].read(min(int(length), most + 1)))
    # Without a length only a server that marks the end may be asked.
    return bytes(environ["wsgi.input"].read(most + 1)) if environ.get("wsgi.input_terminated") else b""
