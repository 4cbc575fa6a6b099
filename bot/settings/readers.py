"""How one raw value of a setting is read and checked."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, urlsplit

Reader = Callable[[Any], Any]


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value.strip()


def number(low: float, high: float, kind: type = float) -> Reader:
    def read(value: Any) -> Any:
        try:
            read_value = kind(value)
        except (TypeError, ValueError):
            raise ValueError(f"must be a number, not {value!r}") from None
        if not low <= read_value <= high:
            raise ValueError(f"must be between {low} and {high}, not {value}")
        return read_value

    return read


def flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off", ""):
        return False
    raise ValueError(f"must be true or false, not {value!r}")


def one_of(*choices: str) -> Reader:
    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}, not {value!r}")
        return str(value)

    return read


def matching(pattern: str, meaning: str) -> Reader:
    def read(value: Any) -> str:
        given = text(value)
        if given and not re.fullmatch(pattern, given):
            raise ValueError(f"must be {meaning}")  # the value itself may be a secret: not repeated
        return given

    return read


def url(value: Any) -> str:
    given = text(value)
    if not given:
        return given
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"must be an http(s) URL without query, not {given!r}")
    return given.rstrip("/")


def site(value: Any) -> str:
    """Scheme and host only: WeChat looks for its verification files at the root of the domain, and pages,
    cookies and the callback are there, too. As browsers write them, for it is compared with theirs."""
    given = url(value)
    if not given:
        return given
    site = urlsplit(given)
    if site.path:
        raise ValueError(
            f"must be scheme and host without a path, not {given!r}: give the bot a host of its own"
        )
    return f"{site.scheme}://{host_of(site)}"


def host_of(url: SplitResult) -> str:
    """Host and port of an http(s) URL as browsers write them: small letters, and no port where it is the
    scheme's own. A name before an @ is part of it: such a URL is no page's."""
    return url.netloc.lower().removesuffix({"http": ":80", "https": ":443"}[url.scheme])


def listen_address(value: Any) -> str:
    given = text(value)
    host, _, port = given.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) <= 65535:
        raise ValueError(f"must be host:port, not {given!r}")
    if host == "localhost":
        return f"127.0.0.1:{port}"
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ValueError(f"must have brackets round an IPv6 address, as in [::1]:8080, not {given!r}")
    return given


def list_of(check: Callable[[str], object], meaning: str) -> Reader:
    """A text of several, commas between. It stays a text; `parts()` takes it apart."""

    def read(value: Any) -> str:
        given = text(value)
        try:
            for part in parts(given):
                check(part)
        except ValueError:
            raise ValueError(f"must be {meaning}, commas between") from None
        return given

    return read


def parts(text: str) -> tuple[str, ...]:
    """What a setting with commas in it names."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def host(text: str) -> None:
    if not re.fullmatch(r"[0-9A-Za-z.-]+(:\d{1,5})?", text):
        raise ValueError


def region(text: str) -> None:
    if not re.fullmatch("[A-Z]{2}", text):
        raise ValueError
