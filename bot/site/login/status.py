"""The paths by which the login page learns that its login was scanned, confirmed or refused.

`/login/status` answers once, `/login/events` reports each change while the page is open. This module must not
change a login.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import web

from bot.oauth.request import BROWSER_COOKIE
from bot.people import Logins
from bot.site.page import Page

_STREAM_SECONDS = 25.0  # then the browser connects again; a closed page holds a thread no longer than this
_LOOK_SECONDS = 0.7


class Status(Page):
    """`/login/status`: the status of this browser's login, as JSON. It costs two reads of the store."""

    def GET(self) -> str:
        logins = self.site.account.people.logins
        return self.json(**status(logins, self.request.cookies.get(BROWSER_COOKIE, "")))


class Events(Page):
    """`/login/events`: report the status of this browser's login as server-sent events.

    Each open stream holds a thread, so the number of streams is limited. Above the limit a browser gets 503,
    and requests /login/status every two seconds instead.
    """

    def GET(self) -> Iterator[bytes]:
        known = self.request.cookies.get(BROWSER_COOKIE, "")
        streams = self.site.streams
        if not known or not streams.acquire(blocking=False):
            web.ctx.status = "503 Service Unavailable"
            return iter(())
        web.header("Content-Type", "text/event-stream")
        web.header("Cache-Control", "no-store")
        web.header("X-Accel-Buffering", "no")  # nginx would keep the events until there are many
        return Stream(events(self.site.account.people.logins, known), streams.release)


class Stream(Iterator[bytes]):
    """Yield events, and call `close` exactly once when the stream ends, for whatever reason.

    `close` is also called if the server drops the stream before the first event.
    """

    def __init__(self, events: Iterator[bytes], close: Any) -> None:
        self._events = events
        self._close = close

    def __next__(self) -> bytes:
        try:
            return next(self._events)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        close, self._close = self._close, None
        if close:
            close()

    def __del__(self) -> None:
        self.close()


def events(
    logins: Logins,
    known: str,
    monotonic: Any = time.monotonic,
    sleep: Any = time.sleep,
) -> Iterator[bytes]:
    """Yield a server-sent event for the login's status now and for each change of it.

    Ends when the login is over, or after 25 s: the browser then connects again.
    """
    end = monotonic() + _STREAM_SECONDS
    before: dict[str, Any] = {}
    yield b"retry: 1000\n\n"
    while monotonic() < end:
        now = status(logins, known)
        seen = {name: value for name, value in now.items() if name != "left"}
        if seen != before:
            yield b"data: " + json.dumps(now).encode() + b"\n\n"
            before = seen
        if now["status"] in ("confirmed", "none"):
            return
        sleep(_LOOK_SECONDS)
        yield b": still here\n\n"  # fails if the browser has gone


def status(logins: Logins, known: str) -> dict[str, Any]:
    """Return the status of the login of the browser `known`, for JSON.

    `status` is `none` for a login that has lapsed, is finished or has not begun. `version` changes with each
    new QR code; `left` is in seconds.
    """
    login = logins.of(known)
    if login is None:
        return {"status": "none", "version": "", "left": 0}
    return {"status": login.status, "version": login.id[:8], "left": round(logins.left(login))}
