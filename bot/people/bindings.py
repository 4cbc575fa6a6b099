"""openid <-> phone: one phone per person and one person per phone, whatever happens at the same moment.

Two records: the claim `phone -> openid` and the binding `openid -> phone`. A binding holds only while both
agree. Each record has one value, so of all who want a number one holds it, and nobody holds two: no moment
and no crash between the two writes can change that. What a crash leaves is taken over after a minute.
"""

import json
from dataclasses import asdict, dataclass, replace

from bot.errors import BindingError
from bot.store import Clock, Store

_FOR_EVER = 100 * 365 * 86400.0  # the store has no values without a lifetime
_DOUBLE_TAP_SECONDS = 10.0
_UNFINISHED_SECONDS = 60.0  # a claim without its binding may be under way for so long


@dataclass(frozen=True)
class Binding:
    """`phone` is E.164, `since` unix seconds, `unionid` empty where WeChat has named none."""

    openid: str
    phone: str
    unionid: str
    since: float


class Bindings:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def of(self, openid: str) -> Binding | None:
        """The binding of a person, or None."""
        record = self._store.get(_binding_key(openid))
        binding = Binding(**json.loads(record)) if record else None
        return binding if binding and self._claimant(binding.phone) == openid else None

    def is_new(self, openid: str) -> bool:
        """Whether this person was bound a moment ago: whoever taps twice finds the code used."""
        binding = self.of(openid)
        return binding is not None and self._clock() - binding.since < _DOUBLE_TAP_SECONDS

    def of_phone(self, phone: str) -> Binding | None:
        """The binding of an E.164 number, or None."""
        openid = self._claimant(phone)
        binding = self.of(openid) if openid else None
        return binding if binding and binding.phone == phone else None

    def of_unionid(self, unionid: str) -> Binding | None:
        """The binding of a person as other apps of the same Open Platform account know them, or None."""
        openid = self._store.get(_union_key(unionid))
        binding = self.of(openid.decode()) if openid else None
        return binding if binding and binding.unionid == unionid else None

    def bind(self, openid: str, phone: str, unionid: str = "") -> Binding:
        """Bind a phone whose ownership has been proven; an earlier phone of the person becomes free.

        Raises BindingError: taken (another person holds it or is about to) or busy (this person binds
        another one at this moment).
        """
        earlier = self._store.get(_binding_key(openid))
        before = Binding(**json.loads(earlier)) if earlier else None
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
        if (
            self._claimant(phone) != openid
        ):  # we took over a minute, and another took our claim for a dead one
            self._store.discard(_binding_key(openid), _json(binding))
            raise BindingError("taken")
        if unionid:
            self._store.put(_union_key(unionid), openid.encode(), _FOR_EVER)
        if before and before.phone != phone:
            self._release(openid, before.phone)
        return binding

    def learn(self, openid: str, unionid: str) -> None:
        """Note the unionid that WeChat names for a person, if they are bound: many bind by a silent login,
        which need not tell it."""
        way = _union_key(unionid)
        while record := self._store.get(_binding_key(openid)):
            binding = Binding(**json.loads(record))
            outdated = binding.unionid if binding.unionid != unionid else ""
            if binding.unionid == unionid and self._store.get(way) == openid.encode():
                return
            # The way to the binding first: what a crash leaves leads nowhere then, and is mended next time.
            self._store.put(way, openid.encode(), _FOR_EVER)
            named = _json(replace(binding, unionid=unionid))
            if named == record or self._store.swap(_binding_key(openid), record, named, _FOR_EVER):
                if outdated:
                    self._store.discard(_union_key(outdated), openid.encode())
                return
            # Unbound, bound anew or named by another login at this moment: look again.
        self._store.discard(way, openid.encode())  # who is not bound leaves nothing

    def unbind(self, openid: str) -> Binding | None:
        """Delete a person's binding; returns what it was."""
        record = self._store.take(_binding_key(openid))
        if record is None:
            return None
        binding = Binding(**json.loads(record))
        self._release(openid, binding.phone)
        if binding.unionid:
            self._store.discard(_union_key(binding.unionid), openid.encode())
        return binding

    def _claim(self, openid: str, phone: str) -> None:
        claim = json.dumps([openid, self._clock()]).encode()
        if self._store.add(_phone_key(phone), claim, _FOR_EVER):
            return
        held = self._store.get(_phone_key(phone))
        if held is not None:
            holder, at = json.loads(held)
            is_dead = self.of_phone(phone) is None and self._clock() > at + _UNFINISHED_SECONDS
            if (holder == openid or is_dead) and self._store.swap(_phone_key(phone), held, claim, _FOR_EVER):
                return
        raise BindingError("taken")

    def _write(self, binding: Binding, earlier: bytes | None) -> bool:
        """Write over what was there when we began, and over nothing else: of two tabs, one binds."""
        key = _binding_key(binding.openid)
        if earlier is None:
            return self._store.add(key, _json(binding), _FOR_EVER)
        return self._store.swap(key, earlier, _json(binding), _FOR_EVER)

    def _release(self, openid: str, phone: str) -> None:
        """Give up a claim, if it is ours and no binding of ours stands on it."""
        held = self._store.get(_phone_key(phone))
        if held is None or json.loads(held)[0] != openid:
            return
        record = self._store.get(_binding_key(openid))
        if record is None or json.loads(record)["phone"] != phone:
            self._store.discard(_phone_key(phone), held)

    def _claimant(self, phone: str) -> str:
        held = self._store.get(_phone_key(phone))
        return str(json.loads(held)[0]) if held else ""


def _json(binding: Binding) -> bytes:
    return json.dumps(asdict(binding)).encode()


def _binding_key(openid: str) -> str:
    return f"binding:{openid}"


def _phone_key(phone: str) -> str:
    return f"phone:{phone}"


def _union_key(unionid: str) -> str:
    return f"union:{unionid}"
