"""Check the wx.config call of a page, as WeChat does (protocol §7, rule 33)."""

import hashlib
import hmac
from dataclasses import dataclass

from wechat_sandbox.web.domains import covers
from wechat_sandbox.world.world import World


@dataclass(frozen=True)
class Config:
    """The arguments that a page passed to wx.config, and the URL of the page."""

    app_id: str
    timestamp: str
    nonce_str: str
    signature: str
    url: str


def signature(ticket: str, nonce_str: str, timestamp: str, url: str) -> str:
    """Return the sha1 signature of a page as hex digits. `url` must not have a fragment."""
    text = f"jsapi_ticket={ticket}&noncestr={nonce_str}&timestamp={timestamp}&url={url}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def verdict(world: World, config: Config) -> str:
    """Return the errMsg of wx.config: `config:ok`, or the error that wx.error gets."""
    url = config.url.partition("#")[0]
    if config.app_id != world.account.app_id:
        return "config:invalid appid"
    if not covers(world.account.pages_domains, url, subdomains=True):
        return "config:invalid url domain"
    for ticket in world.tickets.verifying():
        expected = signature(ticket.value, config.nonce_str, config.timestamp, url)
        if hmac.compare_digest(expected.encode(), config.signature.encode()):
            return "config:ok"
    return "config:invalid signature"
