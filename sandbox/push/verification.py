"""The GET that WeChat sends when a server URL is saved (rule 1)."""

import asyncio
import secrets
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from sandbox.push.envelope import signature
from sandbox.push.request import HEADERS, new_nonce, with_query
from sandbox.world.world import World


class NotVerified(Exception):
    """The text says what was wrong with the URL or its answer."""


async def verify(world: World, http: aiohttp.ClientSession, callback: str) -> None:
    """Returns if the server proves that it knows the token; raises NotVerified."""
    parts = urlsplit(callback)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotVerified(f"url: must be an absolute http:// or https:// URL, got {callback!r}")
    timestamp, nonce = str(world.clock.seconds()), new_nonce()
    echostr = str(secrets.randbelow(9 * 10**18) + 10**18)
    query = {
        "signature": signature(world.account.token, timestamp, nonce),
        "echostr": echostr,
        "timestamp": timestamp,
        "nonce": nonce,
    }
    url = URL(with_query(callback, query), encoded=True)
    headers = {name: value for name, value in HEADERS.items() if name != "Content-Type"}
    try:
        async with asyncio.timeout(world.behaviour.deadline):
            async with http.get(url, headers=headers, allow_redirects=False) as response:
                status, body = response.status, await response.read()
    except TimeoutError:
        raise NotVerified(f"{callback}: no answer within {world.behaviour.deadline:g} s") from None
    except (aiohttp.ClientError, OSError) as error:
        raise NotVerified(f"{callback}: {type(error).__name__}: {error}") from None
    if status != 200:
        raise NotVerified(
            f"{callback}: HTTP status {status}, must be 200 (is the token the same on both sides?)"
        )
    if body != echostr.encode():
        shown = body[:120].decode(errors="replace")
        raise NotVerified(
            f"{callback}: the body must be the echostr {echostr!r} and nothing else, got {shown!r}"
        )
