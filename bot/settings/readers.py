"""Readers: each turns one raw value into a checked one.

A raw value is a text from the environment or any object from config.py. A reader returns the value or raises
ValueError with a text that follows the setting's name: `WORKERS` + `must be a number, not 'two'`. Settings
that may hold a secret use `text`, `matching` or `list_of`, whose errors do not repeat the value.
"""

import contextlib
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, urlsplit

import idna

Reader = Callable[[Any], Any]

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def text(value: Any) -> str:
    """Return `value` without white space at its ends. Raises ValueError if `value` is not a `str`."""
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value.strip()


def number(low: float, high: float, kind: type = float) -> Reader:
    """Return a reader for an `int` or `float` (`kind`) from `low` to `high`, both included."""

    def read(value: Any) -> Any:
        try:
            found = kind(value)
        except (TypeError, ValueError, OverflowError):  # int() of infinity overflows
            raise ValueError(f"must be a number, not {value!r}") from None
        if not low <= found <= high:
            raise ValueError(f"must be between {low} and {high}, not {value}")
        return found

    return read


def flag(value: Any) -> bool:
    """Return a `bool`. Accepts the texts 1, true, yes, on, and 0, false, no, off and the empty text."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off", ""):
        return False
    raise ValueError(f"must be true or false, not {value!r}")


def one_of(*choices: str) -> Reader:
    """Return a reader that accepts exactly these texts."""

    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}, not {value!r}")
        return str(value)

    return read


def matching(pattern: str, meaning: str) -> Reader:
    """Return a reader for an empty text or one that matches `pattern`. Errors describe it as `meaning`."""

    def read(value: Any) -> str:
        given = text(value)
        if given and not re.fullmatch(pattern, given):
            raise ValueError(f"must be {meaning}")
        return given

    return read


def url(value: Any) -> str:
    """Return an empty text or an http(s) URL without query, fragment and slash at its end. A host name with
    other letters than ASCII is written as browsers send it: `xn--…`."""
    given = text(value)
    if not given:
        return given
    found = urlsplit(given)
    if found.scheme not in ("http", "https") or not found.hostname or found.query or found.fragment:
        raise ValueError(f"must be an http(s) URL without query, not {given!r}")
    _ = found.port  # raises ValueError, in words, for a port that is none
    if not found.netloc.isascii():
        given = found._replace(netloc=ascii_host(found.netloc)).geturl()
    return given.rstrip("/")


def site(value: Any) -> str:
    """Return an empty text or scheme and host of a URL without a path, written as browsers write an origin.

    A path is refused: WeChat looks for its verification files at the root of the domain, and our pages,
    cookies and callback are there too.
    """
    given = url(value)
    if not given:
        return given
    found = urlsplit(given)
    if found.path:
        raise ValueError(
            f"must be scheme and host without a path, not {given!r}: give the bot a host of its own"
        )
    return f"{found.scheme}://{_without_last_dot(host_of(found))}"


def host_of(url: SplitResult) -> str:
    """Return host and port of an http(s) URL as browsers write them: `bot.example.com` for
    `https://Bot.Example.com:443`, `xn--fiq228c.cn` for `https://中文.cn`. A user name before an @ is kept, so
    that such a URL never counts as one of our pages."""
    written = url.netloc.lower()
    with contextlib.suppress(ValueError):  # a name that is none stays as it is
        written = ascii_host(written)
    return written.removesuffix(_DEFAULT_PORTS[url.scheme])


def ascii_host(written: str) -> str:
    """Return a host name, perhaps with user and port, in ASCII (IDNA, as UTS 46 has it for browsers).

    An ASCII name is returned unchanged. Raises ValueError for a name that IDNA does not allow.
    """
    if written.isascii():
        return written
    user, at, rest = written.rpartition("@")
    name, colon, port = rest.partition(":")
    try:
        return f"{user}{at}{idna.encode(name, uts46=True).decode()}{colon}{port}"
    except idna.IDNAError as error:
        raise ValueError(f"has a host name that DNS cannot have; write it as xn--… ({error})") from None


def _without_last_dot(host: str) -> str:
    """Return `host`, perhaps with a port, without the dot of a fully qualified name: WeChat compares
    names."""
    return re.sub(r"\.(?=(:\d*)?$)", "", host)


def listen_address(value: Any) -> str:
    """Return `host:port` with a port from 1 to 65535. An IPv6 address needs brackets: `[::1]:8080`.

    `localhost` becomes 127.0.0.1, so that the server listens on one address only.
    """
    given = text(value)
    host, _, port = given.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) <= 65535:
        raise ValueError(f"must be host:port, not {given!r}")
    if host == "localhost":
        return f"127.0.0.1:{port}"
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ValueError(f"must have brackets round an IPv6 address, as in [::1]:8080, not {given!r}")
    return given


def list_of(check: Callable[[str], object], meaning: str) -> Reader:
    """Return a reader for a text of several items with commas between them; `parts()` splits it.

    `check` raises ValueError for a bad item, and may return the text that stands for a good one. Errors
    describe the items as `meaning`.
    A text of only commas is read as an empty text, so that a required setting counts as missing.
    """

    def read(value: Any) -> str:
        given = text(value)
        try:
            found = [(item, check(item)) for item in parts(given)]
        except ValueError:
            raise ValueError(f"must be {meaning}, commas between") from None
        if any(isinstance(read, str) for _, read in found):
            return ", ".join(read if isinstance(read, str) else item for item, read in found)
        return given if found else ""

    return read


def parts(text: str) -> tuple[str, ...]:
    """Return the items of a setting that `list_of` has read. `"CN, HK,"` gives `("CN", "HK")`."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def host(text: str) -> str:
    """Return a host name with or without a port as host_of() writes it. Raises ValueError for any other text.
    For `list_of`."""
    written = _without_last_dot(ascii_host(text).lower())
    if not re.fullmatch(r"[0-9a-z.-]+(:\d{1,5})?", written):
        raise ValueError
    return re.sub(":(80|443)$", "", written)


def region(text: str) -> None:
    """Raise ValueError unless `text` is two capital letters, as ISO 3166 names countries. For `list_of`."""
    if not re.fullmatch("[A-Z]{2}", text):
        raise ValueError
