"""Parse the URL of a store in Redis. Imports no Redis client, because settings are read before a store is
chosen.

Every fault is a ValueError whose text follows the name STORE_URL. It never quotes a part of the URL that
may be a piece of the password.
"""

import difflib
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote

ENCODE = (
    "percent-encode the password: # is %23, / is %2F, ? is %3F, @ is %40, % is %25. This writes one so: "
    'python -c "import getpass, urllib.parse as u; print(u.quote(getpass.getpass(), safe=str()))"'
)
_PORT, _SENTINEL_PORT = 6379, 26379
_LOGIN = ("username", "password")
_TLS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_keyfile_password", "ssl_check_hostname")
_OF_SENTINELS = ("sentinel_username", "sentinel_password")
# The options that each scheme may have, beside `db`, `username` and `password`.
_OPTIONS: dict[str, tuple[str, ...]] = {
    "redis": (),
    "rediss": _TLS,
    "unix": (),
    "redis+sentinel": _OF_SENTINELS,
    "rediss+sentinel": (*_TLS, *_OF_SENTINELS),
}
SCHEMES = tuple(f"{scheme}://" for scheme in _OPTIONS)
_HOST = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")
_NAME = re.compile(r"[0-9A-Za-z._-]+")
_OPTION = re.compile(r"[a-z_]+")
_FLAGS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


@dataclass(frozen=True)
class RedisUrl:
    """A store in Redis. `nodes` are its host and port, or those of its Sentinels if `service` is set: the
    name by which the Sentinels know it. `socket` is the path of a Unix socket, `tls` the TLS options by
    name."""

    nodes: tuple[tuple[str, int], ...] = ()
    service: str = ""
    socket: str = ""
    database: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    is_tls: bool = False
    tls: Mapping[str, str | bool] = field(default_factory=dict, repr=False)
    sentinel_username: str = ""
    sentinel_password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one of these. `USER` may be empty; without a user and password there is no `@`.

            redis://USER:PASSWORD@host:6379/0                                 rediss:// is the same over TLS
            unix://USER:PASSWORD@/run/redis/redis.sock?db=0
            redis+sentinel://USER:PASSWORD@host1:26379,host2:26379/mymaster/0   rediss+sentinel:// over TLS

        Raises ValueError.
        """
        scheme, _, rest = text.partition("://")
        if "#" in rest or re.search(r"\s", rest):
            raise ValueError(f"has a # or a space; {ENCODE}")
        head, _, query = rest.partition("?")
        authority, slash, path = head.partition("/")
        is_socket = scheme == "unix"
        # Python's and Redis's own readers end the host at the first / or ?, also within the password.
        if (
            "@" in query
            or ("@" in path and not is_socket)
            or (is_socket and authority and authority[-1] != "@")
        ):
            raise ValueError(f"has a / or ? before an @; {ENCODE}")
        login, _, hosts = authority.rpartition("@")
        options = _options(scheme, query) | _login(login, has_login="@" in authority)
        parts = {name: options.pop(name, "") for name in (*_LOGIN, *_OF_SENTINELS)}
        if parts["username"] and not parts["password"]:
            raise ValueError("has a user without a password; a password alone is written :PASSWORD@")
        database = options.pop("db", None)
        where: dict[str, object] = {}
        if is_socket:
            where["socket"] = _decoded(slash + path)
            if not path:
                raise ValueError("has no path of a socket; it must be unix:///path/to/redis.sock")
        else:
            is_sentinel = scheme.endswith("+sentinel")
            where["nodes"] = _nodes(hosts, _SENTINEL_PORT if is_sentinel else _PORT, several=is_sentinel)
            if is_sentinel:
                where["service"], _, path = path.partition("/")
                if not _NAME.fullmatch(str(where["service"])):
                    raise ValueError(
                        "must have the name of the master after the hosts, as in …:26379/mymaster/0"
                    )
            if path.removesuffix("/"):
                database = path.removesuffix("/")
        return cls(
            **where,  # type: ignore[arg-type]  # its fields by name
            **parts,  # type: ignore[arg-type]
            database=_database(database),
            is_tls=scheme.startswith("rediss"),
            tls={
                name: _flag(value) if name == "ssl_check_hostname" else value
                for name, value in options.items()
            },
        )


def _login(login: str, *, has_login: bool) -> dict[str, str]:
    """Return user and password by name. Raise ValueError if the password is not percent-encoded."""
    if "@" in login:
        raise ValueError(f"has more than one @; {ENCODE}")
    username, colon, password = login.partition(":")
    if has_login and not colon and username:
        raise ValueError("must have a colon before the password: :PASSWORD@host, or USER:PASSWORD@host")
    return {
        name: value for name in _LOGIN if (value := _decoded(username if name == "username" else password))
    }


def _decoded(text: str) -> str:
    """Return `text` with its percent-encoding undone. Raise ValueError if it has none, but a bare %."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise ValueError(f"has a % without two hex digits after it; {ENCODE}")
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise ValueError(f"has percent-encoded bytes that are not UTF-8; {ENCODE}") from None


def _nodes(hosts: str, port: int, *, several: bool) -> tuple[tuple[str, int], ...]:
    return tuple(_node(host, port) for host in (hosts.split(",") if several else [hosts]))


def _node(text: str, port: int) -> tuple[str, int]:
    """Return host and port. An IPv6 address has brackets."""
    found = re.fullmatch(r"(\[[^\[\]]*\]|[^:\[\]]*)(:(.*))?", text)
    host = found[1] if found else ""
    if found and not host:
        raise ValueError("has no host")
    if not found or not (_is_ipv6(host) if host.startswith("[") else _HOST.fullmatch(host)):
        raise ValueError(
            f"has a host that is neither a name nor an address. Is it a part of the password? Then {ENCODE}"
        )
    digits = found[3]
    if digits is None:
        return host.strip("[]"), port
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 5 and 0 < int(digits) <= 65535):
        raise ValueError(f"must have a port from 1 to 65535. Is it a part of the password? Then {ENCODE}")
    return host.strip("[]"), int(digits)


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        return False
    return True


def _database(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise ValueError("must end with the number of a database, as in /0")
    return int(text)


def _flag(text: str) -> bool:
    if text.lower() not in _FLAGS:
        raise ValueError("must have ssl_check_hostname=true or ssl_check_hostname=false")
    return _FLAGS[text.lower()]


def _options(scheme: str, query: str) -> dict[str, str]:
    """Return the options after the question mark. Raise ValueError for one that the scheme does not have."""
    allowed = ("db", *_LOGIN, *_OPTIONS[scheme])
    found: dict[str, str] = {}
    for part in query.split("&") if query else []:
        name, equals, value = part.partition("=")
        if name in allowed and equals and value and name not in found:
            found[name] = _decoded(value)
            continue
        if not equals or not _OPTION.fullmatch(name):
            raise ValueError(
                f"has options that are not name=value. Are they a part of the password? Then {ENCODE}"
            )
        problem = (
            "more than once or without a value" if name in allowed else "which this kind of URL does not have"
        )
        near = difflib.get_close_matches(name, allowed, n=1) if name not in allowed else []
        hint = f"; did you mean {near[0]}?" if near else f"; possible are {', '.join(allowed)}"
        raise ValueError(f"has the option {name}, {problem}{hint}")
    return found
