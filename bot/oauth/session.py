"""Keep a visitor logged in: the browser has a random id in a cookie, and the store has the visitor."""

import secrets
from dataclasses import dataclass
from typing import Any

from bot.oauth.visitor import Visitor
from bot.people import OpenSessions
from bot.store import Clock, Store, Write
from bot.store.codec import build, dump, find
from bot.store.signing import fingerprint

_TICKET_SECONDS = 60.0
_TOUCH_SECONDS = 300.0  # a visit is written only if the last written one is older


@dataclass(frozen=True)
class Session:
    """The session of a visitor. `begun` and `seen` (the last visit, to five minutes) are unix seconds."""

    visitor: Visitor
    begun: float
    seen: float

    def __post_init__(self) -> None:
        stored: Any = self.visitor
        if isinstance(stored, dict):
            object.__setattr__(self, "visitor", build(Visitor, stored))


class Sessions:
    """The sessions of all browsers. A session ends after `lifetime` seconds, after `idle` seconds without a
    visit, or by logout: of this browser (`end`) or of the person on all devices (`end_all`).

    The store has only the hash of an id, so a reader of the store cannot take over a session.
    """

    def __init__(
        self, store: Store, open_sessions: OpenSessions, lifetime: float, idle: float, clock: Clock
    ) -> None:
        self._store = store
        self._open = open_sessions
        self._lifetime = lifetime
        self._idle = min(idle, lifetime)
        self._clock = clock

    def begin(self, visitor: Visitor) -> str:
        """Begin a session. Return its id, for the cookie."""
        now, secret = self._clock(), secrets.token_urlsafe(24)
        key = _key("session", secret)
        self._store.put(key, dump(Session(visitor, now, now)), self._idle)
        self._open.enter(visitor.openid, key, visitor.unionid)
        return secret

    def find(self, session_id: str) -> Session | None:
        """Return the session with this id, or None if it has ended. The present visit is not counted yet."""
        record = self._store.get(_key("session", session_id)) if session_id else None
        session = find(Session, record)
        if session is None:
            return None
        return session if self._clock() < session.begun + self._lifetime else None

    def touch(self, session_id: str, session: Session, visitor: Visitor | None = None) -> None:
        """Record a visit, and the `visitor` if it has changed. A session that has ended stays ended."""
        now = self._clock()
        if visitor is None and now < session.seen + _TOUCH_SECONDS:
            return
        left = min(self._idle, session.begun + self._lifetime - now)
        touched = Write(dump(Session(visitor or session.visitor, session.begun, now)), max(1.0, left))

        def touch(record: bytes | None) -> Write | None:
            return touched if record and find(Session, record) == session else None

        self._store.update(_key("session", session_id), touch)

    def end(self, session_id: str) -> None:
        key = _key("session", session_id)
        record = self._store.take(key) if session_id else None
        session = find(Session, record)
        if session:
            self._open.strike(session.visitor.openid, key, session.visitor.unionid)

    def end_all(self, openid: str, unionid: str = "") -> None:
        """End every session of a person, on every device."""
        self._open.end_all(openid, unionid)

    def ticket(self, visitor: Visitor) -> str:
        """Return a new ticket. It opens one page within a minute, for a browser that may not keep our
        cookie."""
        secret = secrets.token_urlsafe(24)
        self._store.put(_key("ticket", secret), dump(visitor), _TICKET_SECONDS)
        return secret

    def redeem(self, ticket: str) -> Visitor | None:
        record = self._store.take(_key("ticket", ticket))
        return find(Visitor, record)


def _key(kind: str, secret: str) -> str:
    return f"{kind}:{fingerprint(secret)}"
