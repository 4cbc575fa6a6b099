"""The menu that the account last installed."""

from dataclasses import dataclass
from typing import Any

Button = dict[str, Any]


@dataclass(frozen=True)
class Menu:
    """`menuid` is what VIEW events carry as MenuId; a newly created menu gets a new one."""

    buttons: list[Button]
    menuid: int

    def to_json(self) -> dict[str, Any]:
        return {"button": self.buttons}

    def at(self, path: list[int]) -> Button | None:
        """The button at `path` ([top] or [top, sub]); None if there is none."""
        buttons, button = self.buttons, None
        for index in path:
            if not 0 <= index < len(buttons):
                return None
            button = buttons[index]
            buttons = button.get("sub_button") or []
        return button
