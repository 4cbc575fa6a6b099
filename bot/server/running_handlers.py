"""Note which handlers run, in memory that the supervisor can read after the death of this process.

A handler can end its process without a log line (`os._exit`, a fault in a C library, too much memory). The
supervisor then reads the names from this memory, and writes them to the log.
"""

import collections
import mmap
from collections.abc import Callable
from typing import Any

_SLOTS = 1024  # handlers at the same time; further ones are not noted
_BYTES = 64  # for one name
_EMPTY = bytes(1)


class RunningHandlers:
    """The names of the handlers that run in one process. Noting a handler takes 1 us.

    If it was made before a fork, both processes see the same names.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, (1 + _SLOTS) * _BYTES)  # the first bytes are for is_serving
        self._free = collections.deque(range(_BYTES, (1 + _SLOTS) * _BYTES, _BYTES))
        self._encoded: dict[str, bytes] = {}

    def note(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """Call the handler `function`. Return what it returns, or raise what it raises. While it runs, its
        `name` is in names()."""
        try:
            slot = self._free.pop()
        except IndexError:
            return function(*args)
        encoded = self._encoded.get(name) or self._encode(name)
        self._memory[slot : slot + len(encoded)] = encoded
        try:
            return function(*args)
        finally:
            self._memory[slot : slot + 1] = _EMPTY
            self._free.append(slot)

    def names(self) -> list[str]:
        """Return the names of the handlers that run, each once, in the order of the alphabet."""
        whole = self._memory[_BYTES:]
        slots = (whole[at : at + _BYTES] for at in range(0, len(whole), _BYTES))
        return sorted({slot.partition(b"\0")[0].decode(errors="replace") for slot in slots if slot[0]})

    def reset(self) -> None:
        """Forget all names, and that the process has begun to serve: another process begins."""
        self._memory[:] = bytes(len(self._memory))

    @property
    def is_serving(self) -> bool:
        """Return True if the process has begun to answer requests."""
        return self._memory[0] == 1

    def begin_to_serve(self) -> None:
        """Set is_serving."""
        self._memory[0] = 1

    def _encode(self, name: str) -> bytes:
        encoded = self._encoded[name] = name.encode()[: _BYTES - 1] + b"\0"
        return encoded


_mine: RunningHandlers | None = None


def of_this_process() -> RunningHandlers:
    """Return the memory that the supervisor reads, or new memory in a process without a supervisor."""
    return _mine or RunningHandlers()


def set_of_this_process(running: RunningHandlers) -> None:
    """Note the handlers of this process in `running` from now on. Call it before the parts are built."""
    global _mine
    _mine = running
