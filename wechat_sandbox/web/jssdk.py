"""WeChat's verdict on a page's wx.config (protocol §7, rule 33)."""

import hashlib
import hmac
from dataclasses import dataclass

from wechat_sandbox.web.domains import covers
from wechat_sandbox.world.world import World


@dataclass(frozen=True)
class Config:
    """What the page gave to wx.config, and the page's own address."""

    app_id: str
    timestamp: str
    nonce_str: str
    signature: str
    url: str


def signature(ticket: str, nonce_str: str, timestamp: str, url: str) -> str:
    text = f"jsapi_ticket={ticket}&noncestr={nonce_str}&timestamp={timestamp}&url={url}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def verdict(world: World, config: Config) -> str:
    """The errMsg that wx.ready or wx.error will see."""
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
