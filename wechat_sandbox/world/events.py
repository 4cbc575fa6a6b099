"""Send events to listeners, such as the phone page (over server-sent events)."""

import asyncio
from typing import Any

BACKLOG = 5000

Event = tuple[str, Any]


class Listener:
    """The event queue of one reader. None in the queue marks its end: the bus has removed the reader."""

    def __init__(self) -> None:
        # One place more than the backlog, so that the end mark always fits.
        self.events: asyncio.Queue[Event | None] = asyncio.Queue(BACKLOG + 1)

    async def next(self) -> list[Event]:
        """Wait for an event, then return all queued events. Return an empty list at the end of the queue."""
        event = await self.events.get()
        happened: list[Event] = []
        while event is not None:
            happened.append(event)
            if self.events.empty():
                break
            event = self.events.get_nowait()
        if event is None and happened:
            # Put the end mark back: the next call returns an empty list.
            self.events.put_nowait(None)
        return happened


class Bus:
    """Pass each event to all listeners without waiting. Remove a listener with `BACKLOG` unread events."""

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
        """Remove `listener` and end its queue. Does nothing if it was removed before."""
        if listener in self._listeners:
            self._listeners.remove(listener)
            listener.events.put_nowait(None)

    def close(self) -> None:
        for listener in tuple(self._listeners):
            self.leave(listener)
