"""Open the listening sockets of the server, one for each worker. This module must not import the server: the
process behind `serve --reload` opens the sockets, too, and stays small."""

import socket


def listen_all(address: str, count: int) -> list[socket.socket]:
    """Return `count` sockets bound to `address` (`host:port`).

    Raises OSError, also if another server listens there. Without that check the kernel would silently share
    the port between that server and ours.
    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    with socket.socket(_family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, int(port)))
    return [listen(host, int(port)) for _ in range(count)]


def listen(host: str, port: int) -> socket.socket:
    """Return a new socket bound to the address. Several sockets may be bound to one address: the kernel
    gives each connection to one of them. Raises OSError."""
    listening = socket.socket(_family(host))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((host, port))
    return listening


def adopt(descriptor: int) -> socket.socket:
    """Return the socket of a file descriptor that this process got from its parent."""
    inherited = socket.socket(fileno=descriptor)
    inherited.set_inheritable(False)  # programs that a handler starts must not keep the port
    return inherited


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
