"""Read the properties of a browser from its request: IP address behind our proxies, kind, name and language.

Nothing here may decide who the visitor is, because a browser can send any header.
"""

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from bot.settings.readers import parts

_PC = re.compile(r"Windows NT|Macintosh|X11|CrOS")
_PHONE = re.compile(r"Mobile|Android|iPhone|iPad")
# The order matters: most browsers also send the names of their ancestors.
_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("QQBrowser", "QQ Browser"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Windows NT", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def address(environ: Mapping[str, Any], trusted: str) -> str:
    """Return the browser's IP address.

    X-Forwarded-For is read from its end, as far as our own proxies wrote it; `trusted` names them
    (TRUSTED_PROXIES). The part before that may be forged.
    """
    peer, forwarded = str(environ.get("REMOTE_ADDR", "")), str(environ.get("HTTP_X_FORWARDED_FOR", ""))
    return _behind(peer, forwarded, trusted)


@lru_cache(maxsize=1024)
def _behind(peer: str, forwarded: str, trusted: str) -> str:
    hops = [hop.strip() for hop in forwarded.split(",")]
    while _is_trusted(peer, trusted) and hops:
        hop = hops.pop()
        if not _is_address(hop):
            break
        peer = hop
    return peer


@lru_cache(maxsize=1024)
def network(address: str) -> str:
    """Return the network for rate limits: an IPv4 address, or the /64 of an IPv6 address.

    A household or a phone has a whole /64 and can use any address in it.
    """
    if not _is_address(address):
        return address
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
        found = found.ipv4_mapped
    return str(found)


def is_pc(environ: Mapping[str, Any]) -> bool:
    """Return True for a browser on a PC and outside WeChat, where a login is by QR code."""
    agent = _outside(environ)
    return _PC.search(agent) is not None and "Mobile" not in agent


def is_lost_phone(environ: Mapping[str, Any]) -> bool:
    """Return True for a phone's browser outside WeChat, which cannot open WeChat's pages."""
    return not is_pc(environ) and _PHONE.search(_outside(environ)) is not None


def _outside(environ: Mapping[str, Any]) -> str:
    """Return the User-Agent of a browser outside WeChat, or an empty text for WeChat's own browser.

    The User-Agent of WeChat's browser contains MicroMessenger, also on PCs. A request from a frame counts as
    WeChat's web view, because the sandbox shows it in a frame and no other site may frame our pages.
    """
    agent = str(environ.get("HTTP_USER_AGENT", ""))
    inside = "MicroMessenger" in agent or environ.get("HTTP_SEC_FETCH_DEST") == "iframe"
    return "" if inside else agent


def is_wechat(environ: Mapping[str, Any]) -> bool:
    """Return True for WeChat's own browser, on a phone or a PC."""
    return "MicroMessenger" in str(environ.get("HTTP_USER_AGENT", ""))


def name(environ: Mapping[str, Any]) -> str:
    """Return a name like `Chrome · Windows`, so that a person can compare it with the browser on their
    screen.

    It consists of fixed words only, and never of text from the header.
    """
    agent = str(environ.get("HTTP_USER_AGENT", ""))
    browser = next((said for mark, said in _BROWSERS if mark in agent), "")
    system = next((said for mark, said in _SYSTEMS if mark in agent), "")
    return " · ".join(part for part in (browser, system) if part)


def language(environ: Mapping[str, Any]) -> str:
    """Return `zh` or `en`, whichever Accept-Language prefers; `zh` if it has neither."""
    return _language(str(environ.get("HTTP_ACCEPT_LANGUAGE", ""))[:200])


@lru_cache(maxsize=256)
def _language(header: str) -> str:
    wishes: list[tuple[float, int, str]] = []
    for place, item in enumerate(header.split(",")):
        tag, _, weight = item.strip().partition(";q=")
        if tag[:2].lower() in ("zh", "en"):
            wishes.append((_number(weight), -place, tag[:2].lower()))
    best = max(wishes, default=(0.0, 0, "zh"))
    return best[2] if best[0] > 0 else "zh"


def _number(weight: str) -> float:
    try:
        return float(weight) if weight else 1.0
    except ValueError:
        return 0.0


@lru_cache(maxsize=16)
def _networks(trusted: str) -> tuple[Any, ...]:
    return tuple(ipaddress.ip_network(part) for part in parts(trusted))


def _is_trusted(hop: str, trusted: str) -> bool:
    if not _is_address(hop):
        return False
    found = ipaddress.ip_address(hop)
    return any(found in network for network in _networks(trusted))


def _is_address(hop: str) -> bool:
    try:
        ipaddress.ip_address(hop)
    except ValueError:
        return False
    return True
