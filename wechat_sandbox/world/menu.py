"""The menus of the account, and the menu that each phone shows (protocol §5.3 and §5.4)."""

from dataclasses import dataclass, field
from typing import Any

from wechat_sandbox.clock import Clock
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.world.users import Platform, User

Button = dict[str, Any]

KEPT_SECONDS = 300
_PLATFORMS = {Platform.IOS: 1, Platform.ANDROID: 2, Platform.OTHER: 3}


@dataclass(frozen=True)
class Menu:
    """One menu. VIEW events carry `menuid` as MenuId. `rule` is the matchrule of a conditional menu."""

    buttons: list[Button]
    menuid: int
    rule: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"button": self.buttons}

    def at(self, path: list[int]) -> Button | None:
        """Return the button at `path`, [top] or [top, sub], counted from 0; None if there is none."""
        buttons, button = self.buttons, None
        for index in path:
            if not 0 <= index < len(buttons):
                return None
            button = buttons[index]
            buttons = button.get("sub_button") or []
        return button

    def matches(self, user: User) -> bool:
        """Return True if the rule matches `user`. Only the last tag of the user counts."""
        tag = user.tags[-1] if user.tags else None
        meant = {"tag_id": tag, "client_platform_type": _PLATFORMS[user.platform]}
        return all(meant[name] == value for name, value in self.rule.items())


@dataclass(frozen=True)
class _Pulled:
    menu: Menu | None
    at: float


class Menus:
    """All menus of the account, and the copies on the phones.

    `default` is the menu that menu/create installed, `console` the one that was typed into the console; the
    later of the two replaces the other. `is_open` is the switch in the console: while it is off, phones show
    no menu. A phone keeps its copy for a while (rule 24).
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._phones: dict[str, _Pulled] = {}
        self.default: Menu | None = None
        self.console: Menu | None = None
        self.conditional: list[Menu] = []
        self.is_open = False

    def create(self, menu: Menu) -> None:
        """Install a default menu by API, and switch the menu on. Conditional menus stay."""
        self.default, self.console, self.is_open = menu, None, True

    def set_in_console(self, menu: Menu, is_open: bool) -> None:
        """Type a menu into the console. It replaces all menus that were made by API."""
        self.clear()
        self.console, self.is_open = menu, is_open

    def clear(self) -> None:
        """Delete the default menu and all conditional menus."""
        self.default, self.console, self.conditional, self.is_open = None, None, [], False

    def delete_conditional(self, menuid: str) -> None:
        """Delete a conditional menu. Raises WeChatError 65301 if there is none with this id."""
        kept = [menu for menu in self.conditional if str(menu.menuid) != menuid]
        if len(kept) == len(self.conditional):
            raise WeChatError(65301)
        self.conditional = kept

    def meant_for(self, user: User) -> Menu | None:
        """Return the newest conditional menu whose rule matches `user`, else the default menu or that of the
        console."""
        matching = (menu for menu in reversed(self.conditional) if menu.matches(user))
        return next(matching, self.default or self.console)

    def on_phone(self, user: User, enforce: bool) -> Menu | None:
        """Return the menu that this user's phone shows now.

        A phone without a menu loads the menu each time. With `enforce` False every phone does.
        """
        pulled = self._phones.get(user.openid)
        if pulled is None or pulled.menu is None or not enforce:
            return self.pull(user)
        return pulled.menu

    def pull(self, user: User) -> Menu | None:
        """Load the present menu of `user` onto the phone and return it."""
        menu = self._shown_to(user)
        self._phones[user.openid] = _Pulled(menu, self._clock.now())
        return menu

    def _shown_to(self, user: User) -> Menu | None:
        return self.meant_for(user) if self.is_open else None

    def enter(self, user: User) -> None:
        """Open the chat. The phone loads the menu again if its copy is more than five minutes old."""
        pulled = self._phones.get(user.openid)
        if pulled is None or self._clock.now() - pulled.at > KEPT_SECONDS:
            self.pull(user)

    def stale_seconds(self, user: User) -> int:
        """Return the seconds until the phone replaces its outdated menu; 0 if its menu is up to date."""
        pulled = self._phones.get(user.openid)
        if pulled is None or pulled.menu is None or pulled.menu == self._shown_to(user):
            return 0
        return max(1, int(pulled.at + KEPT_SECONDS - self._clock.now()) + 1)
