"""Describe network errors in words that help a developer."""

import aiohttp


def in_words(error: aiohttp.ClientError | OSError) -> str:
    """Return a description of a request that got no complete HTTP answer."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"no such host: {error.host}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"nobody listens there ({error.os_error.strerror})"
    if isinstance(error, (aiohttp.ServerDisconnectedError, ConnectionResetError)):
        return "the connection was closed without an answer"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the connection was closed in the middle of the answer"
    return f"the answer is not HTTP ({type(error).__name__}: {error})"
