"""Whether a page lies under the domains that the account has set in the console (protocol §6.1 and §7.1)."""

from collections.abc import Iterable
from urllib.parse import urlsplit


def covers(domains: Iterable[str], url: str, subdomains: bool) -> bool:
    """Web authorization wants exactly the host (rule 25), the JS-SDK takes its sub-domains too (rule 33).

    A domain that was set without a port covers every port, since real ones have none.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    # The parser overlooks line breaks in a URL, a header would not.
    if parts.scheme not in ("http", "https") or any(character <= " " for character in url):
        return False
    for domain in domains:
        name, _, only_port = domain.lower().partition(":")
        if only_port in ("", str(port)) and (host == name or (subdomains and host.endswith("." + name))):
            return True
    return False
