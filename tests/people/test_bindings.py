"""One phone per person and one person per phone, on both stores, under races and crashes."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.errors import BindingError, StoreError
from bot.people.bindings import Binding, Bindings
from bot.store import Store
from tests.conftest import Clock, in_processes

A, B = "+8613800138000", "+8613900139000"


@pytest.fixture
def bindings(store: Store, clock: Clock) -> Bindings:
    return Bindings(store, clock)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(BindingError) as error:
        act()
    return error.value.reason


def test_a_binding_is_found_from_both_sides_and_by_unionid(bindings: Bindings, clock: Clock) -> None:
    binding = bindings.bind("one", A, "union")
    assert binding == Binding("one", A, "union", clock.now)
    assert bindings.of("one") == bindings.of_phone(A) == bindings.of_unionid("union") == binding
    assert bindings.of("two") is bindings.of_phone(B) is bindings.of_unionid("other") is None


def test_a_unionid_is_learnt_later_and_goes_with_the_binding(bindings: Bindings) -> None:
    bindings.learn("one", "union")
    assert bindings.of_unionid("union") is None, "who is not bound leaves nothing"
    bindings.bind("one", A)
    for unionid in ("union", "union", "of another platform"):
        bindings.learn("one", unionid)
        assert bindings.of_unionid(unionid) == bindings.of("one")
    assert bindings.of_unionid("union") is None
    bindings.bind("one", B)
    assert bindings.of_unionid("of another platform") == bindings.of("one"), "another phone, the same person"
    bindings.unbind("one")
    assert bindings.of_unionid("of another platform") is None


def test_a_unionid_that_two_logins_tell_at_once_is_learnt(
    bindings: Bindings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    bindings.bind("one", A)
    swap = store.swap

    def after_another(key: str, old: bytes, new: bytes, lifetime: float) -> bool:
        monkeypatch.undo()
        bindings.learn("one", "union")
        return swap(key, old, new, lifetime)

    monkeypatch.setattr(store, "swap", after_another)
    bindings.learn("one", "union")
    assert bindings.of_unionid("union") == bindings.of("one") is not None


def test_a_way_to_a_binding_that_was_lost_is_mended_by_the_next_login(
    bindings: Bindings, store: Store
) -> None:
    bindings.bind("one", A, "union")
    store.delete("union:union")
    assert bindings.of_unionid("union") is None
    bindings.learn("one", "union")
    assert bindings.of_unionid("union") == bindings.of("one")


def test_a_bound_phone_is_nobody_elses(bindings: Bindings) -> None:
    bindings.bind("one", A)
    assert refused(lambda: bindings.bind("two", A)) == "taken"
    assert bindings.of("two") is None
    assert bindings.of_phone(A).openid == "one"  # type: ignore[union-attr]


def test_binding_the_same_again_changes_nothing(bindings: Bindings) -> None:
    bindings.bind("one", A)
    assert bindings.bind("one", A).phone == A
    assert bindings.of("one").phone == A  # type: ignore[union-attr]


def test_a_changed_phone_leaves_the_old_one_free(bindings: Bindings) -> None:
    bindings.bind("one", A)
    bindings.bind("one", B)
    assert bindings.of_phone(A) is None
    assert bindings.of_phone(B).openid == "one"  # type: ignore[union-attr]
    assert bindings.bind("two", A).openid == "two"


def test_an_unbound_person_and_phone_are_free(bindings: Bindings) -> None:
    bindings.bind("one", A, "union")
    assert bindings.unbind("one").phone == A  # type: ignore[union-attr]
    assert bindings.unbind("one") is None
    assert bindings.of("one") is bindings.of_phone(A) is bindings.of_unionid("union") is None
    bindings.bind("two", A)


def test_a_binding_outlives_years(bindings: Bindings, clock: Clock) -> None:
    bindings.bind("one", A)
    clock.advance(20 * 365 * 86400)
    assert bindings.of("one")


def at_once(acts: list[Callable[[], object]]) -> list[str]:
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        start.wait()
        try:
            act()
        except BindingError as error:
            return error.reason
        return "bound"

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(task.result() for task in [pool.submit(run, act) for act in acts])


def test_of_many_who_want_one_number_one_gets_it_and_the_others_read_why(bindings: Bindings) -> None:
    for n in range(15):
        phone = f"+86138001380{n:02d}"
        names = [f"{name}{n}" for name in "abcdef"]
        said = at_once([lambda name=name, phone=phone: bindings.bind(name, phone) for name in names])  # type: ignore[misc]
        assert said == ["bound"] + ["taken"] * 5
        assert sum(bindings.of(name) is not None for name in names) == 1


def test_a_person_who_binds_two_numbers_at_once_has_one(bindings: Bindings) -> None:
    for n in range(15):
        phones = [f"+86138{n:02d}{i}38000" for i in range(100, 104)]
        said = at_once([lambda phone=phone, n=n: bindings.bind(f"p{n}", phone) for phone in phones])  # type: ignore[misc]
        assert "bound" in said
        mine = bindings.of(f"p{n}")
        assert mine
        assert [phone for phone in phones if bindings.of_phone(phone)] == [mine.phone]


def test_two_processes_are_no_different(store: Store, store_url: str, bindings: Bindings) -> None:
    outputs = in_processes(2, CHILD, store_url)
    bound = [set(output.split()) for output in outputs]
    assert len(bound[0] | bound[1]) == 40
    assert not bound[0] & bound[1], "no number is bound twice"


CHILD = """
import os, sys
from bot.people.bindings import Bindings
from bot.errors import BindingError
from bot.store import open_store
store = open_store(sys.argv[1], lambda: 1_700_000_000.0, app_id='wx0123456789abcdef')
bindings = Bindings(store, lambda: 1_700_000_000.0)
store.ping()
print("ready", flush=True)
sys.stdin.readline()
for n in range(40):
    try:
        bindings.bind(f"{os.getpid()}-{n}", f"+861380013{n:04d}")
        print(n)
    except BindingError:
        pass
store.close()
"""


class Crash(Exception):
    """kill -9, for a store."""


class Crashing:
    """A store that stops for ever before its n-th write."""

    def __init__(self, store: Store, writes: int) -> None:
        self._store, self._left = store, writes

    def __getattr__(self, name: str) -> object:
        if name in ("put", "add", "swap", "take", "discard", "delete"):
            self._left -= 1
            if self._left < 0:
                raise Crash
        return getattr(self._store, name)


@pytest.mark.parametrize("writes", range(5))
@pytest.mark.parametrize("act", ["bind", "change", "unbind"])
def test_a_crash_at_any_moment_leaves_one_for_one_and_nothing_stuck(
    store: Store, clock: Clock, writes: int, act: str
) -> None:
    whole = Bindings(store, clock)
    if act != "bind":
        whole.bind("one", A, "union")
    broken = Bindings(Crashing(store, writes), clock)  # type: ignore[arg-type]
    try:
        if act == "unbind":
            broken.unbind("one")
        else:
            broken.bind("one", A if act == "bind" else B, "union")
    except Crash:
        pass
    mine = whole.of("one")
    for phone in (A, B):
        found = whole.of_phone(phone)
        assert (found is not None) == (mine is not None and mine.phone == phone)
    clock.advance(61)
    for number, phone in enumerate((A, B)):
        if mine is None or mine.phone != phone:
            assert whole.bind(f"other{number}", phone).phone == phone, "no number is lost to a crash"


def test_a_claim_under_way_is_not_taken_over(store: Store, bindings: Bindings, clock: Clock) -> None:
    store.put(f"phone:{A}", json.dumps(["slow", clock.now]).encode(), 60)
    clock.advance(30)
    assert refused(lambda: bindings.bind("two", A)) == "taken"


def test_a_dead_claimant_that_wakes_up_gets_nothing(store: Store, clock: Clock) -> None:
    """It paused between its two writes, for longer than a claim lives."""
    other = Bindings(store, clock)

    class Pausing:
        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

        def add(self, key: str, value: bytes, lifetime: float) -> bool:
            if key.startswith("binding:"):
                clock.advance(61)
                other.bind("quick", A)
            return store.add(key, value, lifetime)

    slow = Bindings(Pausing(), clock)  # type: ignore[arg-type]
    assert refused(lambda: slow.bind("slow", A)) == "taken"
    assert other.of_phone(A).openid == "quick"  # type: ignore[union-attr]
    assert other.of("slow") is None


def test_a_store_that_is_down_is_a_store_error(bindings: Bindings, store: Store) -> None:
    class Down:
        def __getattr__(self, name: str) -> object:
            raise StoreError("down")

    with pytest.raises(StoreError):
        Bindings(Down(), lambda: 0.0).bind("one", A)  # type: ignore[arg-type]


def test_of_two_numbers_at_once_the_later_is_told_so(
    bindings: Bindings, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = bindings._claim

    def overtaken(openid: str, phone: str) -> None:
        claim(openid, phone)
        monkeypatch.undo()
        bindings.bind("one", B)

    monkeypatch.setattr(bindings, "_claim", overtaken)
    assert refused(lambda: bindings.bind("one", A)) == "busy"
    assert bindings.of("one").phone == B  # type: ignore[union-attr]
    bindings.bind("two", A)
