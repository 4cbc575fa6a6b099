"""The body of a request, on any WSGI server: some wait for ever for more than was sent."""

from collections.abc import Mapping
from typing import Any

from bot.errors import FormError


def read(environ: Mapping[str, Any], most: int) -> bytes:
    """The body, or, if it is longer than `most`, enough of it to see that. Raises FormError if its sender
    goes away meanwhile."""
    length = str(environ.get("CONTENT_LENGTH") or "")
    if length.isascii() and length.isdigit():
        wanted = min(int(length), most + 1)
    else:  # then only a server that marks the end may be asked
        wanted = most + 1 if environ.get("wsgi.input_terminated") else 0
    try:
        return bytes(environ["wsgi.input"].read(wanted))
    except ConnectionError:
        raise FormError("bad-form", 400) from None
