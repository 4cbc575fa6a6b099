"""Bind phones to people: one phone per person and one person per phone, even if two requests arrive at once.

There are two records: the claim `phone -> openid` and the binding `openid -> phone`. A binding is valid only
while both agree. A phone has one claim and a person one binding, so no order of writes and no crash between
them gives a phone to two people. A claim without its binding (after a crash) may be replaced after a minute.
"""

from dataclasses import dataclass, replace

from bot.errors import BindingError
from bot.store import DELETE, Clock, Store, Write
from bot.store.codec import dump, find

_FOR_EVER = 100 * 365 * 86400.0  # the store has no values without a lifetime
_DOUBLE_TAP_SECONDS = 10.0
_UNFINISHED_SECONDS = 60.0  # the time in which bind() writes the binding after the claim


@dataclass(frozen=True)
class Binding:
    """A person and their phone. `phone` is E.164, `since` unix seconds, `unionid` empty if unknown."""

    openid: str
    phone: str
    unionid: str
    since: float


@dataclass(frozen=True)
class _Claim:
    """The person who holds a phone, and since when (unix seconds)."""

    openid: str
    at: float


class Bindings:
    """The bindings of all people. Every method raises StoreError."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def of(self, openid: str) -> Binding | None:
        """Return the binding of a person, or None."""
        binding = self._read(openid)
        return binding if binding and self._claimant(binding.phone) == openid else None

    def is_new(self, openid: str) -> bool:
        """Return True if this person was bound in the last ten seconds. A second tap on the button is then
        not an error, although the code is used up."""
        binding = self.of(openid)
        return binding is not None and self._clock() - binding.since < _DOUBLE_TAP_SECONDS

    def of_phone(self, phone: str) -> Binding | None:
        """Return the binding of an E.164 number, or None."""
        openid = self._claimant(phone)
        binding = self.of(openid) if openid else None
        return binding if binding and binding.phone == phone else None

    def of_unionid(self, unionid: str) -> Binding | None:
        """Return the binding of the person with this unionid, or None. All apps of one Open Platform account
        know a person by the same unionid."""
        openid = self._store.get(_union_key(unionid))
        binding = self.of(openid.decode()) if openid else None
        return binding if binding and binding.unionid == unionid else None

    def bind(self, openid: str, phone: str, unionid: str = "") -> Binding:
        """Bind a phone after its owner has proven that it is theirs. The person's earlier phone can then be
        bound by others.

        Raises BindingError: taken (another person has this phone, or is binding it) or busy (this person is
        binding another phone in another request).
        """
        earlier = self._store.get(_binding_key(openid))
        before = find(Binding, earlier)
        if before:
            unionid = unionid or before.unionid
        binding = Binding(openid, phone, unionid, self._clock())
        self._claim(openid, phone)
        if not self._write(binding, earlier):
            now = self.of(openid)
            if now and now.phone == phone:
                return now  # the same form sent twice
            self._release(openid, phone)
            raise BindingError("busy")
        # If the writes took over a minute, another person may have replaced our claim.
        if self._claimant(phone) != openid:
            self._store.discard(_binding_key(openid), dump(binding))
            raise BindingError("taken")
        if unionid:
            self._store.put(_union_key(unionid), openid.encode(), _FOR_EVER)
        if before and before.phone != phone:
            self._release(openid, before.phone)
        return binding

    def learn(self, openid: str, unionid: str) -> None:
        """Record the unionid of a person, if they are bound. It may be missing until now, because a silent
        login need not give the unionid."""
        by_unionid = _union_key(unionid)
        known = self._read(openid)
        if known and known.unionid == unionid and self._store.get(by_unionid) == openid.encode():
            return
        outdated = ""

        def name(record: bytes | None) -> Write | None:
            nonlocal outdated
            binding = find(Binding, record)
            if binding is None:
                return None
            # Write the unionid's key before the binding: without the binding, of_unionid() ignores the key.
            self._store.put(by_unionid, openid.encode(), _FOR_EVER)
            outdated = binding.unionid if binding.unionid != unionid else ""
            return Write(dump(replace(binding, unionid=unionid)), _FOR_EVER)

        if self._store.update(_binding_key(openid), name) is None:
            self._store.discard(by_unionid, openid.encode())  # keep nothing about unbound people
        elif outdated:
            self._store.discard(_union_key(outdated), openid.encode())

    def unbind(self, openid: str) -> Binding | None:
        """Delete a person's binding and return it, or None."""
        binding = find(Binding, self._store.take(_binding_key(openid)))
        if binding is None:
            return None
        self._release(openid, binding.phone)
        if binding.unionid:
            self._store.discard(_union_key(binding.unionid), openid.encode())
        return binding

    def _claim(self, openid: str, phone: str) -> None:
        mine = dump(_Claim(openid, self._clock()))

        def claim(record: bytes | None) -> Write | None:
            held = find(_Claim, record)
            if held is not None:
                is_abandoned = self.of_phone(phone) is None and self._clock() > held.at + _UNFINISHED_SECONDS
                if held.openid != openid and not is_abandoned:
                    return None
            return Write(mine, _FOR_EVER)

        if self._store.update(_phone_key(phone), claim) is None:
            raise BindingError("taken")

    def _write(self, binding: Binding, earlier: bytes | None) -> bool:
        """Replace exactly the record that bind() has read. If two browser tabs bind at once, one succeeds."""
        key = _binding_key(binding.openid)
        if earlier is None:
            return self._store.add(key, dump(binding), _FOR_EVER)
        return self._store.swap(key, earlier, dump(binding), _FOR_EVER)

    def _release(self, openid: str, phone: str) -> None:
        """Give up the claim to `phone` if it is this person's and they are not bound to it."""

        def release(record: bytes | None) -> Write | None:
            held = find(_Claim, record)
            if held is None or held.openid != openid:
                return None
            binding = self._read(openid)
            return None if binding and binding.phone == phone else DELETE

        self._store.update(_phone_key(phone), release)

    def _read(self, openid: str) -> Binding | None:
        return find(Binding, self._store.get(_binding_key(openid)))

    def _claimant(self, phone: str) -> str:
        held = find(_Claim, self._store.get(_phone_key(phone)))
        return held.openid if held else ""


def _binding_key(openid: str) -> str:
    return f"binding:{openid}"


def _phone_key(phone: str) -> str:
    return f"phone:{phone}"


def _union_key(unionid: str) -> str:
    return f"union:{unionid}"
