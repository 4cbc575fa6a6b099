"""The live menus as they were before each change, in files: var/menus/APPID/TIME.json.

The newest one is number 1. This module must not ask WeChat anything.
"""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.menu.live_menus import MenuAnswers

FOLDER = Path("var/menus")
_NAME = "%Y-%m-%dT%H-%M-%S.%fZ"


@dataclass(frozen=True)
class SavedState:
    """One file. `saved_at` is in UTC."""

    path: Path
    saved_at: datetime

    def answers(self) -> MenuAnswers:
        """Return WeChat's answers in this file. Raises ValueError if the file cannot be read."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            answers = MenuAnswers(content["menu_get"], content["selfmenu_info"])
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{self.path} cannot be read: {error}") from None
        try:
            answers.menus()
        except ValueError as error:
            raise ValueError(f"{self.path} cannot be read: {error}") from None
        return answers


class SavedStates:
    """The saved states of one account. `clock` returns Unix seconds."""

    def __init__(self, app_id: str, clock: Callable[[], float]) -> None:
        self._folder = FOLDER / app_id
        self._clock = clock

    def all(self) -> list[SavedState]:
        """Return the saved states, the newest first. Raises OSError."""
        found = []
        for path in self._folder.glob("*.json"):
            try:
                found.append(SavedState(path, datetime.strptime(path.stem, _NAME).replace(tzinfo=UTC)))
            except ValueError:
                continue  # some other file
        return sorted(found, key=lambda state: state.saved_at, reverse=True)

    def save(self, answers: MenuAnswers) -> SavedState:
        """Write the live state into a file of its own, whole or not at all. Raises OSError.

        It is number 1 afterwards. If number 1 has the same content (a change failed, or `make run` began
        again), the new file takes its place.
        """
        before = self.all()
        at = datetime.fromtimestamp(self._clock(), UTC)
        if before and at <= before[0].saved_at:  # the clock was set back
            at = before[0].saved_at + timedelta(microseconds=1)
        state = SavedState(self._folder / f"{at.strftime(_NAME)}.json", at)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = {"menu_get": answers.menu_get, "selfmenu_info": answers.selfmenu_info}
        _write(state.path, content)
        if before and _content(before[0]) == content:
            before[0].path.unlink(missing_ok=True)
        return state


def _content(state: SavedState) -> Mapping[str, Any] | None:
    try:
        answers = state.answers()
    except ValueError:
        return None
    return {"menu_get": answers.menu_get, "selfmenu_info": answers.selfmenu_info}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON under another name, which only the owner can read, then rename it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
