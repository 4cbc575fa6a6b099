"""Sessions: idle and absolute lifetimes, rotation, the end of one and of all."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot.oauth.session import Sessions
from bot.oauth.visitor import Visitor
from bot.people import OpenSessions
from bot.store import Store, open_store
from bot.store.signing import fingerprint
from tests.conftest import APP_ID, Clock, MakeConfig

DAY = 86400.0
ONE, TWO = Visitor("one", "snsapi_base"), Visitor("two", "snsapi_base")


@pytest.fixture
def store(make_config: MakeConfig, clock: Clock) -> Iterator[Store]:
    store = open_store(make_config().store_url, clock, app_id=APP_ID)
    yield store
    store.close()


@pytest.fixture
def sessions(store: Store, clock: Clock) -> Sessions:
    return Sessions(store, OpenSessions(store, 30 * DAY), 30 * DAY, 7 * DAY, clock)


def visit(sessions: Sessions, session_id: str) -> bool:
    session = sessions.find(session_id)
    if session:
        sessions.touch(session_id, session)
    return session is not None


def test_an_id_is_long_and_random(sessions: Sessions) -> None:
    ids = {sessions.begin(ONE) for _ in range(50)}
    assert len(ids) == 50
    assert all(len(session_id) >= 32 for session_id in ids)


def test_a_session_ends_without_visits(sessions: Sessions, clock: Clock) -> None:
    session_id = sessions.begin(ONE)
    clock.advance(7 * DAY - 1)
    assert visit(sessions, session_id)
    clock.advance(7 * DAY - 1)
    assert visit(sessions, session_id)
    clock.advance(7 * DAY + 1)
    assert not visit(sessions, session_id)


def test_a_session_ends_after_its_days_whatever_is_visited(sessions: Sessions, clock: Clock) -> None:
    session_id = sessions.begin(ONE)
    for _ in range(29):
        clock.advance(DAY)
        assert visit(sessions, session_id)
    clock.advance(DAY)
    assert not visit(sessions, session_id)


def test_a_visit_writes_only_now_and_then(sessions: Sessions, store: Store, clock: Clock) -> None:
    session_id = sessions.begin(ONE)
    writes: list[str] = []
    swap = store.swap
    store.swap = lambda *args: writes.append(args[0]) or swap(*args)  # type: ignore[method-assign, func-returns-value]
    for _ in range(100):
        clock.advance(10)
        assert visit(sessions, session_id)
    assert len(writes) == 3


def test_a_visit_does_not_bring_an_ended_session_back(sessions: Sessions, clock: Clock) -> None:
    session_id = sessions.begin(ONE)
    session = sessions.find(session_id)
    assert session
    sessions.end(session_id)
    clock.advance(1000)
    sessions.touch(session_id, session, TWO)
    assert sessions.find(session_id) is None


def test_ending_all_ends_that_persons_and_nobody_elses(sessions: Sessions) -> None:
    mine, phone, theirs = sessions.begin(ONE), sessions.begin(ONE), sessions.begin(TWO)
    sessions.end_all("one")
    assert [visit(sessions, session_id) for session_id in (mine, phone, theirs)] == [False, False, True]
    again = sessions.begin(ONE)
    assert visit(sessions, again)
    assert not visit(sessions, mine)


def test_an_ended_session_never_comes_back(sessions: Sessions, clock: Clock) -> None:
    """Whatever lapses in between."""
    old = [sessions.begin(ONE)]
    for _ in range(12):
        clock.advance(5 * DAY)
        sessions.end_all("one")
        old.append(sessions.begin(ONE))
        clock.advance(1)
        assert [visit(sessions, session_id) for session_id in old] == [False] * (len(old) - 1) + [True]


def test_an_old_session_is_ended_with_the_others(sessions: Sessions, clock: Clock) -> None:
    """Also one that began weeks ago and was kept alive since."""
    old = sessions.begin(ONE)
    for _ in range(5):
        clock.advance(5 * DAY)
        assert visit(sessions, old)
    sessions.end_all("one")
    assert not visit(sessions, old)


def test_a_session_that_begins_while_all_are_ended_is_ended_or_can_be(
    sessions: Sessions, store: Store
) -> None:
    """The list is taken away between its being read and written."""
    swap, ended = store.swap, sessions.begin(ONE)

    def interrupted(*args: Any) -> bool:
        store.swap = swap  # type: ignore[method-assign]
        sessions.end_all("one")
        return swap(*args)

    store.swap = interrupted  # type: ignore[method-assign]
    new = sessions.begin(ONE)
    assert (visit(sessions, ended), visit(sessions, new)) == (False, True)
    sessions.end_all("one")
    assert not visit(sessions, new)


def test_of_very_many_sessions_the_first_ends_and_ended_ones_count_for_nothing(sessions: Sessions) -> None:
    pc = sessions.begin(ONE)
    for _ in range(200):  # a menu link ends the session before and begins another
        sessions.end(sessions.begin(ONE))
    assert visit(sessions, pc)
    many = [sessions.begin(ONE) for _ in range(50)]
    assert not visit(sessions, pc)
    assert all(visit(sessions, session_id) for session_id in many)


@pytest.mark.parametrize("kept", [b"{}", b"[]", b'{"visitor": {"x": 1}}', b'{"openid": "one", "scope": "s"}'])
def test_a_record_of_an_earlier_version_is_no_session(sessions: Sessions, store: Store, kept: bytes) -> None:
    session_id = sessions.begin(ONE)
    import hashlib

    store.put("session:" + hashlib.sha256(session_id.encode()).hexdigest()[:40], kept, 60)
    assert sessions.find(session_id) is None


def test_a_visit_is_noted_in_a_record_of_a_newer_version(
    sessions: Sessions, store: Store, clock: Clock
) -> None:
    session_id = sessions.begin(ONE)
    key = f"session:{fingerprint(session_id)}"
    newer = json.loads(store.get(key) or b"{}") | {"added_later": 1}
    store.put(key, json.dumps(newer).encode(), 7 * DAY)
    clock.advance(DAY)
    assert visit(sessions, session_id)
    session = sessions.find(session_id)
    assert session is not None
    assert session.seen == clock.now
