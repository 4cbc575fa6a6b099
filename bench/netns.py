"""Simulate machines on one host: network namespaces on a bridge. Needs Linux, root and iproute2."""

import contextlib
import ctypes
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET of sched.h


def why_not() -> str:
    """Return the reason why machines cannot be simulated here, or an empty text if they can."""
    if shutil.which("ip") is None:
        return "iproute2 is not installed (Debian package iproute2)"
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    name = f"probe{secrets.token_hex(2)}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if made.returncode:
        return f"this kernel or container forbids network namespaces: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "delete", name], check=True)
    return ""


@contextlib.contextmanager
def own_network() -> Iterator[None]:
    """Run the body of the `with` statement in a new network namespace, with this thread and all threads and
    processes that it starts there.

    Other programs do not notice the addresses that the body adds. Chromium, for one, drops all its
    connections when the host gets an address.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net") as before:
        if libc.unshare(_NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "unshare")
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            yield
        finally:
            libc.setns(before.fileno(), _NEW_NETWORK)


class Network:
    """A bridge with this host (`host`) and `count` machines on it, none of them connected to anything else.

    Addresses lie in 198.18.0.0/15, which is reserved for measurements like these.
    """

    def __init__(self, count: int) -> None:
        tag = secrets.token_hex(2)
        self._bridge = f"br{tag}"
        self._machines = [f"m{n}{tag}" for n in range(count)]
        self._net = f"198.18.{secrets.randbelow(250) + 1}"
        self.host = f"{self._net}.1"
        try:
            self._ip("link", "add", self._bridge, "type", "bridge")
            self._ip("addr", "add", f"{self.host}/24", "dev", self._bridge)
            self._ip("link", "set", self._bridge, "up")
            for n, machine in enumerate(self._machines):
                self._ip("netns", "add", machine)
                self._ip(
                    "link", "add", f"v{machine}", "type", "veth", "peer", "name", "eth0", "netns", machine
                )
                self._ip("link", "set", f"v{machine}", "master", self._bridge, "up")
                self._ip("-n", machine, "addr", "add", f"{self.address(n)}/24", "dev", "eth0")
                self._ip("-n", machine, "link", "set", "eth0", "up")
                self._ip("-n", machine, "link", "set", "lo", "up")
        except BaseException:
            self.close()
            raise

    def address(self, number: int) -> str:
        return f"{self._net}.{number + 10}"

    def inside(self, number: int) -> Sequence[str]:
        """Return the words to put before a command to run it on that machine."""
        return ("ip", "netns", "exec", self._machines[number])

    def cut_off(self, number: int) -> None:
        """Disconnect the machine: its packets are lost and its connections hang."""
        self._ip("link", "set", f"v{self._machines[number]}", "nomaster")

    def reconnect(self, number: int) -> None:
        self._ip("link", "set", f"v{self._machines[number]}", "master", self._bridge)

    def close(self) -> None:
        for machine in self._machines:
            subprocess.run(["ip", "netns", "delete", machine], capture_output=True)
            subprocess.run(["ip", "link", "delete", f"v{machine}"], capture_output=True)
        subprocess.run(["ip", "link", "delete", self._bridge], capture_output=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @staticmethod
    def _ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)
