"""The state of a login: random, for one code, for ten minutes; and the constant one of menu links."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import VisitError
from bot.oauth.session import Sessions
from bot.oauth.state import States
from bot.oauth.visitor import Visitor
from bot.people import OpenSessions
from bot.store import Store, open_store
from tests.conftest import APP_ID, Clock, MakeConfig


@pytest.fixture
def store(make_config: MakeConfig, clock: Clock) -> Iterator[Store]:
    store = open_store(make_config().store_url, clock, app_id=APP_ID)
    yield store
    store.close()


@pytest.fixture
def states(store: Store) -> States:
    return States(store, "x" * 32)


def test_a_state_is_good_for_one_code(states: States) -> None:
    state = states.new("/page?a=1", "browser")
    assert states.use(state, "code", "browser") == "/page?a=1"
    assert states.use(state, "code", "browser") == "/page?a=1", "a doubled redirect"
    with pytest.raises(VisitError) as error:
        states.use(state, "another", "browser")
    assert error.value.reason == "old-state"


def test_a_doubled_redirect_is_taken_for_a_minute(states: States, clock: Clock) -> None:
    state = states.new("/", "browser")
    states.use(state, "code", "browser")
    clock.advance(60)
    with pytest.raises(VisitError):
        states.use(state, "code", "browser")


def test_repeated_redirects_do_not_make_the_minute_longer(states: States, clock: Clock) -> None:
    state = states.new("/", "browser")
    states.use(state, "code", "browser")
    clock.advance(50)
    states.use(state, "code", "browser")
    clock.advance(10)
    with pytest.raises(VisitError):
        states.use(state, "code", "browser")


def test_of_two_codes_at_once_one_is_taken(states: States) -> None:
    for _ in range(20):
        state, start = states.new("/", "browser"), threading.Barrier(2)

        def use(code: str, state: str = state, start: threading.Barrier = start) -> bool:
            start.wait()
            try:
                states.use(state, code, "")
            except VisitError:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(task.result() for task in [pool.submit(use, "a"), pool.submit(use, "b")]) == [
                False,
                True,
            ]


def test_the_store_sees_neither_state_nor_session(
    make_config: MakeConfig, store: Store, clock: Clock
) -> None:
    secret = States(store, "x" * 32).new("/", "browser")
    sessions = Sessions(store, OpenSessions(store, 60), 60, 60, clock)
    session = sessions.begin(Visitor("o", "snsapi_base"))
    ticket = sessions.ticket(Visitor("o", "snsapi_base"))
    path = make_config().store_url.removeprefix("sqlite:///")
    content = b"".join(Path(file).read_bytes() for file in (path, path + "-wal"))
    for value in (secret, session, ticket):
        assert value.encode() not in content


def test_a_menu_state_is_wechats_letters_and_digits_and_bound_to_page_and_key(store: Store) -> None:
    one, other = States(store, "x" * 32), States(store, "y" * 32)
    state = one.for_menu("/")
    assert state.isalnum()
    assert len(state) <= 128
    assert one.is_for_menu(state, "/")
    assert not one.is_for_menu(state, "/account")
    assert not other.is_for_menu(state, "/")


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    store = open_store("sqlite:///:memory:", Clock(), app_id=APP_ID)
    states = States(store, "x" * 32)
    assert not states.is_for_menu(text, "/")
    with pytest.raises(VisitError):
        states.use(text, text, "")
    store.close()
