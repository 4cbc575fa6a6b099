"""Logout everywhere: each person has a generation, and a session of an earlier one is over."""

import secrets

from bot.store import Store


class Generations:
    """A generation is a random text, none at first: a number could come round again once its key had lapsed.

    `lifetime` is that of the longest session, in seconds.
    """

    def __init__(self, store: Store, lifetime: float) -> None:
        self._store = store
        self._lifetime = lifetime

    def join(self, openid: str) -> str:
        """The generation of a session that begins now; kept at least as long as the session may last."""
        generation = self._store.get(self._key(openid)) or b""
        if generation:  # swap, not put: an advance at this moment must not be undone
            self._store.swap(self._key(openid), generation, generation, self._lifetime)
        return generation.decode()

    def is_current(self, openid: str, generation: str) -> bool:
        return (self._store.get(self._key(openid)) or b"").decode() == generation

    def advance(self, openid: str) -> None:
        """End every session of a person."""
        self._store.put(self._key(openid), secrets.token_hex(8).encode(), self._lifetime)

    @staticmethod
    def _key(openid: str) -> str:
        return f"generation:{openid}"
