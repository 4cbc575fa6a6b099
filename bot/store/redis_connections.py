"""Open connections to the Redis of a URL: over TCP, TLS or a Unix socket, or to the master that Sentinels
name."""

import queue
import socket
import threading
import time
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError, Sentinel, SentinelConnectionPool, SentinelManagedSSLConnection

from bot.errors import StoreError
from bot.store.redis_refusals import fault
from bot.store.redis_url import RedisUrl

Address = tuple[str, int]

_SENTINEL_SECONDS = 1.0  # for the answers of all Sentinels
_AFTER_FIRST_SECONDS = 0.05  # for further answers, which may know a newer master
_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)


class Sentinels(Sentinel):
    """Sentinels that are asked all at the same time, for a second at most.

    The library asks them one after the other: those that are down would use up the time of a message. It also
    believes each of them, but after a failover some know the new master later than others.
    """

    _epoch = 0  # of the newest configuration seen; it grows with each failover

    def discover_master(self, service_name: str) -> Address:
        """Return host and port of the master. Raises MasterNotFoundError."""
        answers: queue.SimpleQueue[tuple[int, Address] | str] = queue.SimpleQueue()
        for one in self.sentinels:
            threading.Thread(target=self._ask, args=(one, service_name, answers), daemon=True).start()
        end = time.monotonic() + _SENTINEL_SECONDS
        found: list[tuple[int, Address]] = []
        problems: list[str] = []
        for _ in self.sentinels:
            try:
                answer = answers.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                break
            if isinstance(answer, str):
                problems.append(answer)
                continue
            found.append(answer)
            if answer[0] >= self._epoch:
                end = min(end, time.monotonic() + _AFTER_FIRST_SECONDS)
        if not found:
            reasons = "; ".join(problems) or f"none of {len(self.sentinels)} answers"
            raise MasterNotFoundError(f"the Sentinels name no master {service_name}: {reasons}")
        self._epoch, address = max(found)
        return address

    def _ask(self, one: Any, name: str, answers: "queue.SimpleQueue[tuple[int, Address] | str]") -> None:
        place = "{host}:{port}".format_map(one.connection_pool.connection_kwargs)
        try:
            state = one.sentinel_masters().get(name)
            found = one.sentinel_get_master_addr_by_name(name) if state else None
            if not state or not found:
                answers.put(f"{place} knows no master of this name")
                return
            host = found[0].decode() if isinstance(found[0], bytes) else str(found[0])
            address = host, int(found[1])
            is_down = state["is_sdown"] or state["is_odown"]
            # A replica that has just been promoted has another address than the master that is down.
            if is_down and address == (str(state["ip"]), int(state["port"])):
                answers.put(f"{place} says that the master is down")
            else:
                answers.put((int(state["config-epoch"]), address))
        except Exception as error:  # whatever one Sentinel answers, another one may know the master
            answers.put(f"{place}: {fault(error).words}")


class RedisConnector:
    """Opens connections to one Redis. An answer may take `seconds`. Threads may share it."""

    def __init__(self, url: str, seconds: float) -> None:
        """Raises StoreError if a file that the URL names is not there."""
        self._url = RedisUrl.parse(url)
        for name, file in self._url.tls.items():
            if isinstance(file, str) and name != "ssl_keyfile_password" and not Path(file).is_file():
                raise StoreError(f"STORE_URL: {name} names {file}, which is not there")
        self._options = _options(self._url, seconds)
        self._sentinels = _sentinels(self._url, self._options) if self._url.service else None
        self._class: Any = (
            redis.UnixDomainSocketConnection
            if self._url.socket
            else redis.SSLConnection
            if self._url.is_tls
            else redis.Connection
        )
        self.address: Address | None = None  # of the master that connections were last opened to

    @property
    def has_sentinels(self) -> bool:
        """Return True if Sentinels name the master, so that it may change."""
        return self._sentinels is not None

    def open(self) -> Any:
        """Return a new connection that is connected, to the master. Raises RedisError and OSError."""
        self.address = self.master()
        where: dict[str, Any] = dict(zip(("host", "port"), self.address or (), strict=False))
        connection = self._class(**self._options, **where)
        connection.connect()
        return connection

    def master(self) -> Address | None:
        """Return where the master is now, or None for a Unix socket. Asks the Sentinels if there are any.
        Raises RedisError."""
        if self._sentinels is not None:
            return self._sentinels.discover_master(self._url.service)
        return self._url.nodes[0] if self._url.nodes else None

    def pool(self) -> redis.ConnectionPool:
        """Return a pool for redis-py's clients, which follows the master, too."""
        if self._sentinels is None:
            where: dict[str, Any] = dict(zip(("host", "port"), self.master() or (), strict=False))
            return redis.ConnectionPool(self._class, **self._options, **where)
        kind = {"connection_class": SentinelManagedSSLConnection} if self._url.is_tls else {}
        options = {**kind, **self._options}
        return SentinelConnectionPool(self._url.service, self._sentinels, **options)  # type: ignore[no-untyped-call]


def _options(url: RedisUrl, seconds: float) -> dict[str, Any]:
    """Return the arguments of the library's connections, but for host and port."""
    options: dict[str, Any] = {
        "db": url.database,
        "username": url.username or None,
        "password": url.password or None,
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        # No retries: if the answer to a swap is lost, its retry finds the new value and reports a failure.
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,  # the same in all versions of the library; the newer protocol takes a call more
    }
    if url.socket:
        return options | {"path": url.socket}
    if _USER_TIMEOUT:
        # On Linux, the kernel drops unsent commands after the timeout. Otherwise they would reach Redis when
        # the network works again, although the caller got an error long ago.
        give_up = {_USER_TIMEOUT: round(seconds * 1000)}
        options |= {"socket_keepalive": True, "socket_keepalive_options": give_up}
    return options | _tls(url)


def _tls(url: RedisUrl) -> dict[str, Any]:
    given = dict(url.tls)
    if "ssl_keyfile_password" in given:
        given["ssl_password"] = given.pop("ssl_keyfile_password")
    return {"ssl_check_hostname": True, **given} if url.is_tls else {}


def _sentinels(url: RedisUrl, options: dict[str, Any]) -> Sentinels:
    login = {"username": url.sentinel_username or None, "password": url.sentinel_password or None}
    own = {**options, **login, "db": 0, "socket_timeout": _SENTINEL_SECONDS}
    own["socket_connect_timeout"] = _SENTINEL_SECONDS
    own["ssl"] = url.is_tls
    return Sentinels(url.nodes, sentinel_kwargs=own)  # type: ignore[no-untyped-call]
