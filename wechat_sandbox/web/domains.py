"""Check a URL against the domains that the account has set in the console (protocol §6.1 and §7.1)."""

from collections.abc import Iterable
from urllib.parse import urlsplit


def covers(domains: Iterable[str], url: str, subdomains: bool) -> bool:
    """Return True if `url` is under one of `domains`.

    Web authorization needs exactly the host (rule 25). The JS-SDK also accepts sub-domains (rule 33): pass
    `subdomains` True. A domain without a port covers every port, because WeChat's domains have no port.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    # urlsplit ignores line breaks, but they would break the Location header.
    if parts.scheme not in ("http", "https") or any(character <= " " for character in url):
        return False
    for domain in domains:
        name, _, only_port = domain.lower().partition(":")
        if only_port in ("", str(port)) and (host == name or (subdomains and host.endswith("." + name))):
            return True
    return False
