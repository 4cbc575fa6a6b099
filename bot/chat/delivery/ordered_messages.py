"""Decide when a message of an ordered route may be handled: one user's messages take turns, in all processes.

The store has a line of messages for each user. This module must not run a handler or read a job's work
beyond whether its handler has ended.
"""

from collections.abc import Callable
from typing import Any

from bot.chat.wire.messages import Incoming
from bot.jobs.outbox import Outbox
from bot.store import DELETE, Store, Write
from bot.store.codec import dump_list, load_list

_KEEP_SECONDS = 7 * 86400.0  # as long as the outbox keeps a job
_MOST_WAITING = 100  # messages of one user

_Line = list[list[Any]]  # [CreateTime, job id] of each message, the first one being handled


class OrderedMessages:
    """The lines of all users. A message is in its user's line from its arrival until its handler has ended.

    A line holds the ids of jobs. A job whose process was killed stays first, because another process runs it
    again. A job that has failed or that no longer exists gives up its place. Every method raises StoreError.
    """

    def __init__(self, store: Store, outbox: Outbox) -> None:
        self._store = store
        self._outbox = outbox

    def enter(self, incoming: Incoming) -> bool:
        """Put a message into its user's line, behind the messages that the user sent before it. Return False
        if a hundred messages of this user are waiting. Its job must already be in the outbox."""
        return any(job_id == incoming.key for _, job_id in self._entered(incoming, _MOST_WAITING))

    def ahead(self, incoming: Incoming) -> int:
        """Return how many messages of the user must be handled before this one. Put the message into the line
        if it is not there, for example if an operator retries it."""
        while True:
            ids = [job_id for _, job_id in self._entered(incoming)]
            if ids[0] == incoming.key or not self._has_ended(ids[0]):
                return ids.index(incoming.key)
            self._remove(incoming.openid, ids[0])

    def leave(self, incoming: Incoming) -> str | None:
        """Remove a message whose handler has ended. Return the id of the job that is first now, or None."""
        line = self._remove(incoming.openid, incoming.key)
        return str(line[0][1]) if line else None

    def forget(self, openid: str) -> None:
        """Delete the line of a user whose jobs have been deleted."""
        self._store.delete(f"ordered:{openid}")

    def _entered(self, incoming: Incoming, most: float = float("inf")) -> _Line:
        entry = [incoming.created, incoming.key]

        def add(line: _Line) -> _Line:
            if entry in line or len(line) >= most:
                return line
            # The first one is being handled. WeChat may deliver a message late: it goes before those that
            # the user sent after it.
            place = next((i for i, one in enumerate(line) if i and one[0] > entry[0]), len(line))
            return [*line[:place], entry, *line[place:]]

        return self._change(incoming.openid, add)

    def _remove(self, openid: str, key: str) -> _Line:
        return self._change(openid, lambda line: [one for one in line if one[1] != key])

    def _change(self, openid: str, change: Callable[[_Line], _Line]) -> _Line:
        """Change the line and return it."""
        line: _Line = []

        def write(record: bytes | None) -> Write | None:
            nonlocal line
            before: _Line = load_list(record, list)
            line = change(before)
            if line == before:
                return None
            return Write(dump_list(line), _KEEP_SECONDS) if line else DELETE

        self._store.update(f"ordered:{openid}", write)
        return line

    def _has_ended(self, job_id: str) -> bool:
        try:
            job = self._outbox.get(job_id)
        except ValueError:  # a newer version has written it
            return True
        return job is None or job.state == "failed" or "ended" in job.work
