"""Logout everywhere: which sessions a person has, on all their devices."""

import json

from bot.store import Store

_MOST = 50  # devices of one person; who logs in on one more is logged out on the first


class OpenSessions:
    """A list for each person of the store's keys under which their sessions are kept. A session is a session
    by its own record: to end it is to delete that, and a visit never has to look into the list.

    `lifetime` is that of the longest session, in seconds.
    """

    def __init__(self, store: Store, lifetime: float) -> None:
        self._store = store
        self._lifetime = lifetime

    def enter(self, openid: str, key: str) -> None:
        """Enter a session whose record has just been written, before its id is told to anybody."""
        while True:
            record, keys = self._read(openid)
            if len(keys) >= _MOST:
                keys = [kept for kept in keys if self._store.get(kept) is not None]
            kept, too_many = [*keys, key][-_MOST:], [*keys, key][:-_MOST]
            if self._write(openid, record, kept):
                break
        for one in too_many:
            self._store.delete(one)

    def strike(self, openid: str, key: str) -> None:
        """Strike out a session that has ended."""
        while True:
            record, keys = self._read(openid)
            if key not in keys or self._write(openid, record, [kept for kept in keys if kept != key]):
                return

    def end_all(self, openid: str) -> None:
        """End every session of a person. One that begins at this very moment may come after it."""
        record = self._store.take(self._key(openid))
        for key in json.loads(record) if record else ():
            self._store.delete(key)

    def _read(self, openid: str) -> tuple[bytes | None, list[str]]:
        record = self._store.get(self._key(openid))
        return record, json.loads(record) if record else []

    def _write(self, openid: str, earlier: bytes | None, keys: list[str]) -> bool:
        """Over what was read, and over nothing else."""
        record = json.dumps(keys).encode()
        if earlier is None:
            return self._store.add(self._key(openid), record, self._lifetime)
        return self._store.swap(self._key(openid), earlier, record, self._lifetime)

    @staticmethod
    def _key(openid: str) -> str:
        return f"sessions-of:{openid}"
