"""Replies as JSON values, for the store."""

from collections.abc import Mapping
from typing import Any

from bot.chat.replies.kinds import Reply
from bot.store.codec import build


def to_json(reply: Reply | None) -> dict[str, Any] | None:
    """Return a reply as values that codec.dump() can store."""
    return {"kind": type(reply).__name__, **vars(reply)} if reply else None


def from_json(stored: Mapping[str, Any] | None) -> Reply | None:
    """Return the reply that to_json() made. Raises ValueError if this version has no such kind, or the kind
    has other fields."""
    if not stored:
        return None
    name = stored.get("kind")
    kind = Reply.kinds.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError(f"there is no reply of kind {name!r}")
    return build(kind, dict(stored))
