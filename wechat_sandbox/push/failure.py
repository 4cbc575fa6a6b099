"""What the network did instead of bringing an answer, in a developer's words."""

import aiohttp


def in_words(error: aiohttp.ClientError | OSError) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"no such host: {error.host}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"nobody listens there ({error.os_error.strerror})"
    if isinstance(error, (aiohttp.ServerDisconnectedError, ConnectionResetError)):
        return "the connection was closed without an answer"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the connection was closed in the middle of the answer"
    return f"not answered in HTTP ({type(error).__name__}: {error})"
