"""Logout everywhere: which sessions a person has, on all their devices and by either app.

A website app knows a person by another openid than the account does; the unionid is what both share. So a
session is in the list of its openid, and in that of its unionid where there is one.
"""

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

    def enter(self, openid: str, key: str, unionid: str = "") -> None:
        """Enter a session whose record has just been written, before its id is told to anybody."""
        self._enter(openid, key)
        if unionid:
            self._enter(_of_union(unionid), key)
            # WeChat names who unsubscribes by openid only. Known for twice as long as a session lives: the
            # PC's may have begun when the phone's was about to end.
            self._store.put(_union_key(openid), unionid.encode(), 2 * self._lifetime)

    def strike(self, openid: str, key: str, unionid: str = "") -> None:
        """Strike out a session that has ended."""
        for who in (openid, _of_union(unionid)) if unionid else (openid,):
            self._strike(who, key)

    def end_all(self, openid: str, unionid: str = "") -> None:
        """End every session of a person, also those by another openid of the same unionid. One that begins
        at this very moment may come after it."""
        known = self._store.take(_union_key(openid))
        unionid = unionid or (known.decode() if known else "")
        self._end_all(openid)
        if unionid:
            self._end_all(_of_union(unionid))

    def _enter(self, who: str, key: str) -> None:
        while True:
            record, keys = self._read(who)
            if len(keys) >= _MOST:
                keys = [kept for kept in keys if self._store.get(kept) is not None]
            kept, too_many = [*keys, key][-_MOST:], [*keys, key][:-_MOST]
            if self._write(who, record, kept):
                break
        for one in too_many:
            self._store.delete(one)

    def _strike(self, who: str, key: str) -> None:
        while True:
            record, keys = self._read(who)
            if key not in keys or self._write(who, record, [kept for kept in keys if kept != key]):
                return

    def _end_all(self, who: str) -> None:
        record = self._store.take(self._key(who))
        for key in json.loads(record) if record else ():
            self._store.delete(key)

    def _read(self, who: str) -> tuple[bytes | None, list[str]]:
        record = self._store.get(self._key(who))
        return record, json.loads(record) if record else []

    def _write(self, who: str, earlier: bytes | None, keys: list[str]) -> bool:
        """Over what was read, and over nothing else."""
        record = json.dumps(keys).encode()
        if earlier is None:
            return self._store.add(self._key(who), record, self._lifetime)
        return self._store.swap(self._key(who), earlier, record, self._lifetime)

    @staticmethod
    def _key(who: str) -> str:
        return f"sessions-of:{who}"


def _of_union(unionid: str) -> str:
    return f"union:{unionid}"


def _union_key(openid: str) -> str:
    return f"union-of:{openid}"
