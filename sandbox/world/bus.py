"""What has just happened, told to whoever listens (the phone page, over server-sent events)."""

import asyncio
from typing import Any

_BACKLOG = 500


class Listener:
    """One reader's queue. `events.get()` gives `(type, data)`, or None once the reader has been dropped."""

    def __init__(self) -> None:
        # One place more than the backlog, so that the farewell always fits.
        self.events: asyncio.Queue[tuple[str, Any] | None] = asyncio.Queue(_BACKLOG + 1)


class Bus:
    """Publishing never waits: a reader who is `_BACKLOG` events behind is dropped."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def publish(self, kind: str, data: Any) -> None:
        for listener in tuple(self._listeners):
            if listener.events.qsize() >= _BACKLOG:
                self.leave(listener)
            else:
                listener.events.put_nowait((kind, data))

    def join(self) -> Listener:
        listener = Listener()
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Ends the listener's stream. May be called twice."""
        if listener in self._listeners:
            self._listeners.remove(listener)
            listener.events.put_nowait(None)

    def close(self) -> None:
        for listener in tuple(self._listeners):
            self.leave(listener)
