"""Read the body of a request on any WSGI server. Some servers block for ever if more bytes are read than were
sent.

This module must not parse the body.
"""

from collections.abc import Mapping
from typing import Any

from bot.errors import FormError


def read(environ: Mapping[str, Any], most: int) -> bytes:
    """Return the body, or its first `most` + 1 bytes if it is longer. Raises FormError if the sender hangs up
    before the end of the body."""
    length = str(environ.get("CONTENT_LENGTH") or "")
    if length.isascii() and length.isdigit():
        wanted = min(int(length), most + 1)
    else:  # without Content-Length, read only if the server marks the end of the body
        wanted = most + 1 if environ.get("wsgi.input_terminated") else 0
    try:
        return bytes(environ["wsgi.input"].read(wanted))
    except ConnectionError:
        raise FormError("bad-form", 400) from None
