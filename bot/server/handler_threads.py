"""Call handlers: in a thread each, or on the event loop if their route says `inline=True`.

A handler in a thread delays nobody, whatever it waits for. A handler on the event loop delays everybody, so a
warning names each one that takes long.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from bot.server import greenlets
from bot.server.call_threads import CallThreads
from bot.server.running_handlers import RunningHandlers
from bot.telemetry import metrics
from bot.telemetry.rare_warnings import RareWarnings

log = logging.getLogger("bot.server.handlers")

_PATIENCE_SECONDS = 0.002  # further threads start if calls have waited for so long
_STALL_SECONDS = 0.05  # an inline handler that takes longer is named in the log


class HandlerThreads:
    """Call handlers, each in a thread of its own if more than one runs. Up to `most` run at the same time.

    The pool starts no thread before it is needed. `running` notes which handlers run, for the supervisor.
    """

    def __init__(
        self,
        most: int,
        running: RunningHandlers | None = None,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._most = most
        # Twice as many threads: uploads and deletions use this pool, too.
        self._pool = CallThreads("handler", 2 * most, _PATIENCE_SECONDS)
        self._running = running or RunningHandlers()
        self._timer = timer
        self._stalls = RareWarnings(log)
        self._fulls = RareWarnings(log)

    def call(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """Call the handler `function` in a thread. Return what it returns, or raise what it raises."""
        return self.in_thread(self._running.note, name, function, *args)

    def inline(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """Call the handler `function` here: on the event loop, it delays everybody else until it returns."""
        if not greenlets.is_here():
            return self._running.note(name, function, *args)
        since = self._timer()
        try:
            return greenlets.without_pause(self._running.note, name, function, *args)
        finally:
            seconds = self._timer() - since
            if seconds >= _STALL_SECONDS:
                metrics.inline_stalls.inc()
                self._stalls.warn(
                    name,
                    "[handle] handler %s has inline=True and took %.0f ms, in which this process did nothing "
                    "else; remove inline=True",
                    name,
                    seconds * 1000,
                )

    def in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function that may block, in a thread. Return what it returns, or raise what it raises."""
        if not greenlets.is_here():
            return function(*args)
        return greenlets.pause(lambda one: self._pool.submit(function, args, one.settle))

    def has_room(self) -> bool:
        """Return True if another handler may begin. Otherwise write a warning, at most once a minute."""
        if self._pool.under_way < self._most:
            return True
        metrics.handlers_full.inc()
        self._fulls.warn(
            "",
            "[handle] %d handlers run in this process (HANDLER_THREADS): further ones run as jobs",
            self._most,
        )
        return False

    def close(self) -> None:
        """Let each thread end when its handler has ended. Do not wait for them."""
        self._pool.close()
