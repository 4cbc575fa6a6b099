"""What has just happened, told to whoever listens (the phone page, over server-sent events)."""

import asyncio
from typing import Any

BACKLOG = 5000

Event = tuple[str, Any]


class Listener:
    """One reader's queue, which ends with None once the reader has been dropped."""

    def __init__(self) -> None:
        # One place more than the backlog, so that the farewell always fits.
        self.events: asyncio.Queue[Event | None] = asyncio.Queue(BACKLOG + 1)

    async def next(self) -> list[Event]:
        """All that has happened since the last call, as soon as anything has; empty when it is over."""
        event = await self.events.get()
        happened: list[Event] = []
        while event is not None:
            happened.append(event)
            if self.events.empty():
                break
            event = self.events.get_nowait()
        if event is None and happened:
            # The farewell is for the next call.
            self.events.put_nowait(None)
        return happened


class Bus:
    """Publishing never waits: a reader who is `BACKLOG` events behind is dropped."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def publish(self, kind: str, data: Any) -> None:
        for listener in tuple(self._listeners):
            if listener.events.qsize() >= BACKLOG:
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
