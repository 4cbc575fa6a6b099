"""A SQLite store that cannot write: the disk is full, or another program holds the file."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.chat import on
from bot.errors import StoreError
from bot.store import sqlite
from bot.store.sqlite import SqliteStore
from tests.chat.desk import MakeDesk, echo, errors
from tests.conftest import APP_ID, Clock, MakeConfig


@pytest.fixture
def store(make_config: MakeConfig, clock: Clock) -> Iterator[SqliteStore]:
    store = SqliteStore(make_config().store_url.removeprefix("sqlite:///"), APP_ID, clock)
    yield store
    store.close()


def fill_up(store: SqliteStore) -> None:
    """SQLite's own limit gives the error of a full disk. It holds for the caller's thread."""
    store._connection().db.execute("PRAGMA max_page_count=1")


def test_a_full_disk_is_a_clear_error_and_spoils_nothing(
    store: SqliteStore, log: pytest.LogCaptureFixture
) -> None:
    store.put("before", b"v", 60)
    fill_up(store)
    for _ in range(3):
        with pytest.raises(StoreError, match=r"bot\.db: database or disk is full"):
            store.put("big", b"x" * 100_000, 60)
    assert store.get("before") == b"v"
    assert store.get("big") is None
    store._connection().db.execute("PRAGMA max_page_count=100000")
    store.put("big", b"x" * 100_000, 60)
    assert store._connection().db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@contextmanager
def no_room(path: str) -> Iterator[None]:
    """No file of this process may grow beyond what the store's log has now."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (Path(path + "-wal").stat().st_size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_store_that_cannot_write_is_not_ready_and_says_so_once(
    store: SqliteStore, clock: Clock, log: pytest.LogCaptureFixture
) -> None:
    store.put("k", b"v", 60)
    store.ping()
    with no_room(store._path):
        for _ in range(3):
            clock.advance(1)
            with pytest.raises(StoreError):
                store.put("k", b"w", 60)
            assert store.swap("nothing", b"v", b"w", 60) is False, "what changes nothing needs no room"
            with pytest.raises(StoreError):
                store.ping()
    assert len(errors(log)) == 1
    store.ping()
    assert [record.levelname for record in log.records] == ["ERROR", "WARNING"]


def test_a_file_that_another_program_holds_is_a_clear_error(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, make_config: MakeConfig, clock: Clock
) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_SECONDS", 0.05)
    path = make_config().store_url.removeprefix("sqlite:///")
    impatient = SqliteStore(path, APP_ID, clock)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            impatient.put("k", b"v", 60)
        assert impatient.get("k") is None, "readers never wait"
        other.execute("ROLLBACK")
    impatient.put("k", b"v", 60)
    assert impatient.get("k") == b"v"
    impatient.close()


def test_a_message_is_answered_though_the_disk_is_full(
    make_desk: MakeDesk, log: pytest.LogCaptureFixture
) -> None:
    desk = make_desk(on.message("text", echo))
    assert isinstance(desk.store, SqliteStore)
    fill_up(desk.store)
    said = {desk.said(desk.text("x" * 2000, msg_id=n, openid=f"o{n}")) for n in range(1, 40)}
    assert len(said) == 1
    assert all(text is not None and text.startswith("echo xx") for text in said)
    assert any("full" in line for line in errors(log))


def test_what_has_passed_makes_room(store: SqliteStore, clock: Clock) -> None:
    """The file does not grow without bound: rows of the past go, and their room is used again."""
    for _ in range(6):
        for n in range(1500):
            store.put(f"{clock()}-{n}", b"x" * 200, 60)
        clock.advance(61)
    db = store._connection().db
    (rows,) = db.execute("SELECT count(*) FROM entry").fetchone()
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    assert rows < 2 * 1500 + 1024
    assert pages * 4096 < 4 * 1500 * 400
