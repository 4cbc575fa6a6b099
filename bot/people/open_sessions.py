"""List of each person's open sessions, so that a person can be logged out on all devices.

A person has one openid in the account and another in a website app, but the same unionid. So a session is in
the list of its openid, and also in the list of its unionid if it has one.
"""

from bot.store import Store, Write
from bot.store.codec import dump_list, load_list

_MOST = 50  # the most sessions of one person; a further one ends the oldest


class OpenSessions:
    """The lists of all people. A list holds the store keys of a person's sessions.

    A session ends when its record is deleted, so a visit never has to read the list. `lifetime` is the
    longest lifetime of a session, in seconds. Every method raises StoreError.
    """

    def __init__(self, store: Store, lifetime: float) -> None:
        self._store = store
        self._lifetime = lifetime

    def enter(self, openid: str, key: str, unionid: str = "") -> None:
        """Add a session. Call it after its record is written and before its id is sent to the browser."""
        self._enter(openid, key)
        if unionid:
            self._enter(_of_union(unionid), key)
            # An unsubscribe event has only the openid. Keep its unionid for two lifetimes of a session: the
            # session on the PC may begin just before the one on the phone ends.
            self._store.put(_union_key(openid), unionid.encode(), 2 * self._lifetime)

    def strike(self, openid: str, key: str, unionid: str = "") -> None:
        """Remove a session that has ended."""
        for who in (openid, _of_union(unionid)) if unionid else (openid,):
            self._strike(who, key)

    def end_all(self, openid: str, unionid: str = "") -> None:
        """End every session of a person, also those with another openid of the same unionid. A session that
        begins during this call may stay open."""
        known = self._store.take(_union_key(openid))
        unionid = unionid or (known.decode() if known else "")
        self._end_all(openid)
        if unionid:
            self._end_all(_of_union(unionid))

    def _enter(self, who: str, key: str) -> None:
        too_many: list[str] = []

        def enter(record: bytes | None) -> Write:
            keys = load_list(record, str)
            if len(keys) >= _MOST:
                keys = [one for one in keys if self._store.get(one) is not None]
            too_many[:] = [*keys, key][:-_MOST]
            return Write(dump_list([*keys, key][-_MOST:]), self._lifetime)

        self._store.update(self._key(who), enter)
        for one in too_many:
            self._store.delete(one)

    def _strike(self, who: str, key: str) -> None:
        def strike(record: bytes | None) -> Write | None:
            keys = load_list(record, str)
            if key not in keys:
                return None
            return Write(dump_list([one for one in keys if one != key]), self._lifetime)

        self._store.update(self._key(who), strike)

    def _end_all(self, who: str) -> None:
        for key in load_list(self._store.take(self._key(who)), str):
            self._store.delete(key)

    @staticmethod
    def _key(who: str) -> str:
        return f"sessions-of:{who}"


def _of_union(unionid: str) -> str:
    return f"union:{unionid}"


def _union_key(openid: str) -> str:
    return f"union-of:{openid}"
