"""The files of saved states: their order, whole or not at all, one account beside another."""

from pathlib import Path
from typing import Any

import pytest

from bot.menu.live_menus import MenuAnswers
from bot.menu.saved_states import SavedStates
from tests.conftest import APP_ID

NONE = MenuAnswers(None, {"is_menu_open": 0, "selfmenu_info": {"button": []}})


def answers(name: str) -> MenuAnswers:
    button = {"type": "click", "name": name, "key": "k", "sub_button": []}
    return MenuAnswers({"menu": {"button": [button]}}, {"is_menu_open": 1, "selfmenu_info": {}})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "var" / "menus"


def names(states: SavedStates) -> list[Any]:
    found = [state.answers().menus().default for state in states.all()]
    return [default and default["button"][0]["name"] for default in found]


def test_the_newest_is_first_also_if_the_clock_was_set_back() -> None:
    times = iter([2_000_000_000.0, 1_000_000_000.0, 1_000_000_000.0])
    states = SavedStates(APP_ID, lambda: next(times))
    for name in "abc":
        states.save(answers(name))
    assert names(states) == ["c", "b", "a"]


def test_the_same_state_as_the_newest_takes_its_place() -> None:
    times = iter(range(10))
    states = SavedStates(APP_ID, lambda: next(times))
    for name in "abba":
        states.save(answers(name))
    assert names(states) == ["a", "b", "a"]
    assert states.all()[1].saved_at.second == 2, "the time of the last run"


def test_two_accounts_have_two_histories(folder: Path) -> None:
    first, second = SavedStates(APP_ID, lambda: 0), SavedStates("wxfedcba9876543210", lambda: 0)
    first.save(answers("a"))
    second.save(NONE)
    assert (names(first), names(second)) == (["a"], [None])
    assert sorted(path.name for path in folder.iterdir()) == sorted([APP_ID, "wxfedcba9876543210"])


def test_other_files_in_the_folder_are_not_states(folder: Path) -> None:
    states = SavedStates(APP_ID, lambda: 0)
    states.save(answers("a"))
    for name in ("notes.txt", "2026.json", ".x.part"):
        (folder / APP_ID / name).write_text("{}")
    assert names(states) == ["a"]


def test_no_folder_is_no_history() -> None:
    assert SavedStates(APP_ID, lambda: 0).all() == []
