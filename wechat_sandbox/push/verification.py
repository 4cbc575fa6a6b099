"""Send the GET with which WeChat checks a server URL before it saves it (rule 1)."""

import asyncio
import secrets
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from wechat_sandbox.push.envelope import signature
from wechat_sandbox.push.failure import in_words
from wechat_sandbox.push.request import HEADERS, new_nonce, with_query
from wechat_sandbox.world.world import World


class NotVerified(Exception):
    """The server URL was not verified. The message says what is wrong with the URL or the answer."""


def is_web_url(text: str) -> bool:
    """Return True if `text` is an http:// or https:// URL with a host."""
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


async def verify(world: World, http: aiohttp.ClientSession, callback: str) -> None:
    """Send the verification GET. Raises NotVerified unless the account's server answers with the exact
    echostr.

    The server must answer within the deadline, with status 200 and the echostr as its whole body.
    """
    if not is_web_url(callback):
        raise NotVerified(f"url: must be an absolute http:// or https:// URL, got {callback!r}")
    _check_port(world, callback)
    timestamp, nonce = str(world.clock.real_seconds()), new_nonce()
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
        raise NotVerified(f"{callback}: {in_words(error)}") from None
    if status != 200:
        shown = body[:120].decode(errors="replace")
        raise NotVerified(
            f"{callback}: HTTP status {status}, must be 200 (is the token the same on both sides?); "
            f"got {shown!r}"
        )
    if body != echostr.encode():
        shown = body[:120].decode(errors="replace")
        raise NotVerified(
            f"{callback}: the body must be the echostr {echostr!r} and nothing else, got {shown!r}"
        )


def _check_port(world: World, callback: str) -> None:
    """Raise NotVerified for a port that WeChat does not call, if `callback_public_ports_only` is on (rule 2).

    The check is off by default, because a developer's machine seldom offers ports 80 and 443.
    """
    try:
        port = URL(callback).port
    except ValueError:
        raise NotVerified(f"url: must be a URL, got {callback!r}") from None
    if world.behaviour.callback_public_ports_only and port not in (80, 443):
        raise NotVerified(f"url: WeChat calls ports 80 and 443 only, got {port}")
