"""Read the properties of a browser from its request: IP address behind our proxies, kind, name and language.

Nothing here may decide who the visitor is, because a browser can send any header.
"""

import contextlib
import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from bot.settings.readers import parts

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_WRITTEN = re.compile(r"\[(?P<bracketed>[^\]]*)\](:\d+)?|(?P<v4>[\d.]+)(:\d+)?|(?P<v6>[^\[\]]*)")
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
    """Return the browser's IP address, without port, brackets and zone.

    X-Forwarded-For is read from its end, as far as our own proxies wrote it; `trusted` names them
    (TRUSTED_PROXIES). The part before that may be forged.
    """
    peer, forwarded = str(environ.get("REMOTE_ADDR", "")), str(environ.get("HTTP_X_FORWARDED_FOR", ""))
    return _behind(peer, forwarded, trusted)


@lru_cache(maxsize=1024)
def _behind(peer: str, forwarded: str, trusted: str) -> str:
    found = _read_address(peer)
    if found is None:
        return peer
    hops = [
        hop for hop in forwarded.split(",") if hop.strip()
    ]  # empty parts of a list mean nothing (RFC 9110)
    while hops and _is_trusted(found, trusted):
        hop = _read_address(hops.pop())
        if hop is None:  # `unknown`: the proxy does not tell, and what stands before it may be forged
            break
        found = hop
    return str(found)


def _read_address(text: str) -> IpAddress | None:
    """Return the IP address in one part of X-Forwarded-For, or None.

    Proxies write it with a port (`192.0.2.1:4411`, `[2001:db8::1]:4411`), in brackets, in quotes, with a zone
    (`fe80::1%eth0`), or as an IPv4 address mapped to IPv6. The result has none of these.
    """
    found = _WRITTEN.fullmatch(text.strip().strip('"'))
    if found is None:
        return None
    written = str(found["bracketed"] or found["v4"] or found["v6"] or "").partition("%")[0]
    without_port = re.sub(r":\d+$", "", written)  # of an IPv6 address that should have had brackets
    for candidate in (written, without_port):
        with contextlib.suppress(ValueError):
            address = ipaddress.ip_address(candidate)
            return getattr(address, "ipv4_mapped", None) or address
    return None


@lru_cache(maxsize=1024)
def network(address: str) -> str:
    """Return the network for rate limits: an IPv4 address, or the /64 of an IPv6 address.

    A household or a phone has a whole /64 and can use any address in it.
    """
    found = _read_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
    return str(found or address)


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


def _is_trusted(hop: IpAddress, trusted: str) -> bool:
    return any(hop in network for network in _networks(trusted))
