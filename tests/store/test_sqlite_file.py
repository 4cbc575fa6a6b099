"""The file of the SQLite store while the bot runs: deleted, replaced, emptied; and its log, which stays
short."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.store import sqlite_file
from bot.store.sqlite import SqliteStore
from tests.conftest import APP_ID, Clock

Harm = Callable[[Path], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


@pytest.fixture
def store(path: Path, clock: Clock) -> Iterator[SqliteStore]:
    with closing(SqliteStore(str(path), APP_ID, clock)) as store:
        store.put("before", b"v", 60)
        store.tend()
        yield store


def other_database(path: Path) -> None:
    with closing(sqlite3.connect(path.parent / "other.db")) as db:
        db.execute("CREATE TABLE other (x)")
    (path.parent / "other.db").replace(path)


def delete_all(path: Path) -> None:
    for file in path.parent.glob("bot.db*"):
        file.unlink()


def move_away(path: Path) -> None:
    path.replace(path.parent / "old.db")


def replace_by_nothing(path: Path) -> None:
    path.unlink()
    path.touch()


HARM: dict[str, Harm] = {
    "deleted": Path.unlink,
    "deleted with its log": delete_all,
    "moved away": move_away,
    "replaced": other_database,
    "replaced by an empty file": replace_by_nothing,
}


@pytest.mark.parametrize("check", ["tend", "ping"])
@pytest.mark.parametrize("harm", HARM)
def test_another_file_is_noticed_and_used(
    harm: str, check: str, store: SqliteStore, path: Path, clock: Clock, log: pytest.LogCaptureFixture
) -> None:
    HARM[harm](path)
    getattr(store, check)()
    assert [record.levelname for record in log.records] == ["ERROR", "WARNING"]
    assert "while the bot was running" in log.text
    store.put("after", b"w", 60)
    with closing(SqliteStore(str(path), APP_ID, clock)) as other:
        assert other.get("before") is None
        assert other.get("after") == b"w"
        other.put("of other", b"x", 60)
        assert store.get("of other") == b"x"
    store.tend()
    assert len(log.records) == 2
    if not harm.startswith("replaced"):
        assert path.stat().st_mode & 0o077 == 0


def test_two_processes_end_with_the_same_new_file(
    store: SqliteStore, path: Path, clock: Clock, log: pytest.LogCaptureFixture
) -> None:
    with closing(SqliteStore(str(path), APP_ID, clock)) as other:
        other.tend()
        path.unlink()
        other.tend()
        other.put("k", b"v", 60)
        store.put("lost", b"v", 60)  # it has not looked yet
        store.tend()
        assert store.get("k") == b"v"
        store.put("k", b"w", 60)
        assert other.get("k") == b"w"
    assert store.get("k") == b"w"
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_folder_that_is_gone_is_an_outage_until_it_is_back(
    path: Path, store: SqliteStore, log: pytest.LogCaptureFixture
) -> None:
    path.unlink()
    path.mkdir()
    for _ in range(3):
        with pytest.raises(StoreError):
            store.ping()
    assert len(log.records) == 1
    path.rmdir()
    store.ping()
    assert [record.levelname for record in log.records] == ["ERROR", "WARNING"]


def test_a_file_that_was_emptied_gets_its_tables_again(store: SqliteStore, path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        for table in ("entry", "timetable"):
            db.execute(f"DROP TABLE {table}")
    with pytest.raises(StoreError, match="no such table"):
        store.put("k", b"v", 60)
    store.tend()
    store.put("k", b"v", 60)
    assert store.get("k") == b"v"


def test_a_store_in_memory_has_no_file(clock: Clock) -> None:
    with closing(SqliteStore(":memory:", APP_ID, clock)) as store:
        store.ping()
        store.tend()


def test_the_log_does_not_stay_at_its_peak(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "LOG_BYTES", 100_000)
    log = path.with_name("bot.db-wal")
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM entry").fetchone()  # SQLite may not begin its log anew meanwhile
        for number in range(300):
            store.put(f"k{number}", b"x" * 1000, 60)
        peak = log.stat().st_size
        assert peak > 100_000
        store.tend()
        assert log.stat().st_size == peak
        assert store.get("k1"), "the store works meanwhile"
        reader.execute("COMMIT")
    store.tend()
    assert log.stat().st_size == 0
    assert store.get("k299") == b"x" * 1000
