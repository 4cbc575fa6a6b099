"""Sessions: idle and absolute lifetimes, rotation, the end of one and of all; on both stores."""

from collections.abc import Iterator

import pytest

from bot.accounts import Generations
from bot.oauth.session import Sessions
from bot.oauth.visitor import Visitor
from bot.store import Store, open_store
from tests.conftest import Clock, MakeConfig

DAY = 86400.0
ONE, TWO = Visitor("one", "snsapi_base"), Visitor("two", "snsapi_base")


@pytest.fixture
def store(make_config: MakeConfig, clock: Clock) -> Iterator[Store]:
    store = open_store(make_config().store_url, clock)
    yield store
    store.close()


@pytest.fixture
def sessions(store: Store, clock: Clock) -> Sessions:
    return Sessions(store, Generations(store, 30 * DAY), 30 * DAY, 7 * DAY, clock)


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


def test_an_ended_generation_never_comes_back(sessions: Sessions, clock: Clock) -> None:
    """Whatever lapses in between."""
    old = [sessions.begin(ONE)]
    for _ in range(12):
        clock.advance(5 * DAY)
        sessions.end_all("one")
        old.append(sessions.begin(ONE))
        clock.advance(1)
        assert [visit(sessions, session_id) for session_id in old] == [False] * (len(old) - 1) + [True]


def test_a_session_of_a_generation_lasts_its_whole_life(sessions: Sessions, clock: Clock) -> None:
    sessions.end_all("one")
    clock.advance(29 * DAY)
    session_id = sessions.begin(ONE)
    for _ in range(5):
        clock.advance(5 * DAY)
        assert visit(sessions, session_id)


@pytest.mark.parametrize("kept", [b"{}", b"[]", b'{"visitor": {"x": 1}}', b'{"openid": "one", "scope": "s"}'])
def test_a_record_of_an_earlier_version_is_no_session(sessions: Sessions, store: Store, kept: bytes) -> None:
    session_id = sessions.begin(ONE)
    import hashlib

    store.put("session:" + hashlib.sha256(session_id.encode()).hexdigest()[:40], kept, 60)
    assert sessions.find(session_id) is None
