"""The records that the other modules pass on: all menus of an account, live, wanted or saved."""

from dataclasses import dataclass

from bot.menu.buttons import Button, Menu, click_keys
from bot.menu.matchrule import Rule


@dataclass(frozen=True)
class ConditionalMenu:
    """A menu for the followers that match `rule`. `buttons` are plain, `rule` comes from conditions().

    `menuid` is WeChat's number of a live menu, and empty for a menu that is not installed.
    """

    buttons: list[Button]
    rule: Rule
    menuid: str = ""

    def is_same(self, other: "ConditionalMenu") -> bool:
        """Return True if followers could not tell the two menus apart."""
        return self.buttons == other.buttons and self.rule == other.rule


@dataclass(frozen=True)
class AccountMenus:
    """All menus of an account. A follower sees the first of `conditional` whose rule matches, else `default`.

    `is_console` is True if the default menu was made in WeChat's console: menu/get does not return it.
    `is_open` is False if the menu is switched off in the console: phones then show no menu.
    """

    default: Menu | None
    conditional: tuple[ConditionalMenu, ...] = ()
    is_console: bool = False
    is_open: bool = True

    def is_empty(self) -> bool:
        """Return True if there is nothing to delete: no menu, or only one that is typed into the console and
        switched off."""
        return self.default is None or (self.is_console and not self.is_open)

    def click_keys(self) -> set[str]:
        """Return the keys of all buttons of all menus."""
        menus = [self.default, *({"button": menu.buttons} for menu in self.conditional)]
        return set().union(*map(click_keys, menus))
