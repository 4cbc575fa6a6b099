"""Which changes of files restart the bot of `serve --reload`."""

import os
from pathlib import Path

import pytest

from bot.cli.watched_files import WatchedFiles, watched_folders
from tests.launch import ROOT


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the operator's package, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("BOT_HANDLERS", "shop")
    monkeypatch.delenv("BOT_CONFIG", raising=False)
    folder = tmp_path / "shop"
    (folder / "templates").mkdir(parents=True)
    (folder / "__init__.py").touch()
    return folder


def test_what_is_watched(shop: Path) -> None:
    assert watched_folders("shop") == [shop, ROOT / "templates", ROOT / "static"]


def test_a_package_of_one_file_is_watched(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.parent / "small.py").touch()
    monkeypatch.setenv("BOT_HANDLERS", "small")
    assert watched_folders("small")[0] == shop.parent / "small.py"


@pytest.mark.parametrize("name", ["menu.py", "templates/home.html", "style.css", "prices.json"])
def test_a_file_that_is_new_or_changed_or_gone_is_found_once(shop: Path, name: str) -> None:
    files, path = WatchedFiles(), shop / name
    path.write_text("1")
    assert (files.changed(), files.changed()) == ([str(path)], [])
    path.write_text("22")
    assert (files.changed(), files.changed()) == ([str(path)], [])
    path.unlink()
    assert (files.changed(), files.changed()) == ([str(path)], [])


def test_a_save_that_keeps_size_and_time_is_found(shop: Path) -> None:
    """Editors write a new file and rename it. Some tools then restore the time."""
    path, new = shop / "menu.py", shop / "menu.py.new"
    path.write_text("1")
    new.write_text("2")
    os.utime(path, (1, 1))
    os.utime(new, (1, 1))
    files = WatchedFiles()
    new.rename(path)
    assert str(path) in files.changed()


@pytest.mark.parametrize(
    "name",
    [
        *(".menu.py.swp", "menu.py~", "#menu.py#", ".#menu.py", "4913", "menu.pyc", "__pycache__/menu.pyc"),
        *("shop.db", "shop.db-wal", "shop.sqlite3-journal", ".git/index", "shop.log"),
    ],
)
def test_what_editors_and_handlers_write_is_no_change(shop: Path, name: str) -> None:
    files, path = WatchedFiles(), shop / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("1")
    assert files.changed() == []


def test_settings_and_a_package_that_is_made_later_are_found(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_HANDLERS", "cafe")
    files = WatchedFiles()
    (shop.parent / "config.py").write_text("THREADS = 4")
    assert files.changed() == ["config.py"]
    (shop.parent / "cafe").mkdir()
    (shop.parent / "cafe" / "__init__.py").touch()
    assert [Path(path).name for path in files.changed()] == ["__init__.py"]
    assert files.changed() == []


def test_the_file_that_bot_config_names_is_the_one_with_the_settings(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = shop.parent / "other.py"
    monkeypatch.setenv("BOT_CONFIG", str(named))
    files = WatchedFiles()
    (shop.parent / "config.py").touch()
    assert files.changed() == []
    named.touch()
    assert files.changed() == [str(named)]
