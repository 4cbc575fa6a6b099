"""Step 4: a visitor stays known by a random id in a cookie; who they are stays here, in the store."""

import hashlib
import secrets

from bot.oauth.visitor import Visitor
from bot.store import Store

_TICKET_SECONDS = 60.0


class Sessions:
    """The store sees only the hash of an id: who reads the store cannot take over a session."""

    def __init__(self, store: Store, lifetime: float) -> None:
        self._store = store
        self._lifetime = lifetime

    def begin(self, visitor: Visitor) -> str:
        """A new session; returns its id, for the cookie."""
        return self._put("session", visitor, self._lifetime)

    def find(self, session_id: str) -> Visitor | None:
        record = self._store.get(self._key("session", session_id))
        return Visitor.from_json(record) if record else None

    def update(self, session_id: str, visitor: Visitor) -> None:
        """Write a renewed profile. The session's lifetime starts anew with it."""
        self._store.put(self._key("session", session_id), visitor.to_json(), self._lifetime)

    def end(self, session_id: str) -> None:
        self._store.delete(self._key("session", session_id))

    def ticket(self, visitor: Visitor) -> str:
        """Good for one page within a minute: for a browser that may not send our cookie back."""
        return self._put("ticket", visitor, _TICKET_SECONDS)

    def redeem(self, ticket: str) -> Visitor | None:
        record = self._store.take(self._key("ticket", ticket))
        return Visitor.from_json(record) if record else None

    def _put(self, kind: str, visitor: Visitor, lifetime: float) -> str:
        secret = secrets.token_urlsafe(24)
        self._store.put(self._key(kind, secret), visitor.to_json(), lifetime)
        return secret

    @staticmethod
    def _key(kind: str, secret: str) -> str:
        return f"{kind}:" + hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()[:40]
