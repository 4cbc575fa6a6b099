"""MENU and CONDITIONAL_MENUS as the operator has written or pasted them: check them, and make them plain.

A menu is WeChat's own JSON, `{"button": […]}`, with one addition: a view button may have `page` (a path of
this site) instead of `url`, and then `scope` to make it an OAuth link. Whole answers of menu/get and of
get_current_selfmenu_info may be pasted into MENU.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from bot.config import Config
from bot.errors import MenuError
from bot.menu.account_menus import AccountMenus, ConditionalMenu
from bot.menu.buttons import ALL_FIELDS, click_keys, leaves, plain, top_buttons
from bot.menu.known_keys import fault, unknown_keys
from bot.menu.links import resolve
from bot.menu.matchrule import conditions, rule_faults
from bot.menu.rules import MAX_DOMAINS, domains, menu_faults, pages
from bot.oauth.state import States

_MENU_GET = ("menu", "conditionalmenu")
_SELFMENU_INFO = ("selfmenu_info", "is_menu_open")
_ENVELOPE = ("errcode", "errmsg")
_FOR_SOME = (
    'MENU has a matchrule, but MENU is the menu for everybody: move this {"button": […], "matchrule": {…}} '
    "into the list CONDITIONAL_MENUS of your package"
)


@dataclass(frozen=True)
class WrittenMenus:
    """The menus of a package, written by hand: any value may have the wrong type.

    `place` is where the conditional menus stand. `faults` are those that were found before, in what stands
    around the menus.
    """

    menu: Any
    conditional: Sequence[Any] = ()
    place: str = "CONDITIONAL_MENUS"
    faults: Sequence[str] = ()

    def pages(self) -> list[str]:
        """Return the paths of all buttons that lead to a page of this site."""
        return list(dict.fromkeys(chain.from_iterable(map(pages, self._all()))))

    def resolved(self, config: Config, states: States) -> "WrittenMenus":
        """Return the menus with each `page` replaced by a URL."""
        conditional = [resolve(menu, config, states) for menu in self.conditional]
        return replace(self, menu=resolve(self.menu, config, states), conditional=conditional)

    def checked(self, replies: set[str], missing: Collection[str] = ()) -> AccountMenus:
        """Return the menus in plain form. Raises MenuError with all faults: limits exceeded, unknown keys,
        keys without a reply, replies without a button.

        Call it on resolved menus. `replies` are the keys that have a route in CHAT. `missing` are the pages
        that the menus name and the site does not have.
        """
        faults = [*self.faults, *_default_faults(self.menu)]
        for index, menu in enumerate(self.conditional):
            faults += [f"{self.place}[{index}]: {text}" for text in _conditional_faults(menu)]
        hosts = set().union(*(domains(top_buttons(menu)) for menu in self.conditional))
        if len(hosts) > MAX_DOMAINS:
            faults.append(
                f"all conditional menus together may link to {MAX_DOMAINS} hosts (65316), not to "
                f"{len(hosts)}: {', '.join(sorted(hosts))}"
            )
        keys = set().union(*map(click_keys, self._all()))
        orphans = replies - keys - set(self._misplaced())
        faults += [f"key {key!r}: no route in CHAT answers it" for key in sorted(keys - replies)]
        faults += [f"key {key!r}: has a reply, but no button sends it" for key in sorted(orphans)]
        faults += [f"page {page!r}: none of PAGES has this path" for page in missing]
        if faults:
            raise MenuError(faults)
        menus = [ConditionalMenu(plain(m["button"]), conditions(m["matchrule"])) for m in self.conditional]
        return AccountMenus({"button": plain(self.menu["button"])}, tuple(menus))

    def _all(self) -> list[Any]:
        return [self.menu, *self.conditional]

    def _misplaced(self) -> Iterator[str]:
        """Yield the texts under unknown keys. The key is a fault already, so its text needs no second one."""
        for item in chain.from_iterable(leaves(top_buttons(menu)) for menu in self._all()):
            known = ("name", "type", *ALL_FIELDS)
            yield from (value for key, value in item.items() if key not in known and isinstance(value, str))


def read_menus(menu: Any, conditional: Sequence[Any]) -> WrittenMenus:
    """Return MENU and CONDITIONAL_MENUS without the wrappers of WeChat's answers.

    The conditional menus of a pasted menu/get answer count as CONDITIONAL_MENUS.
    """
    if not isinstance(menu, Mapping) or "button" in menu:
        return WrittenMenus(menu, conditional)
    wrapper, inner = (_SELFMENU_INFO, "selfmenu_info") if "selfmenu_info" in menu else (_MENU_GET, "menu")
    if inner not in menu:
        return WrittenMenus(menu, conditional)
    faults = ["MENU: " + fault(key, near, wrapper) for key, near in unknown_keys(menu, wrapper, _ENVELOPE)]
    pasted = menu.get("conditionalmenu") or []
    if not isinstance(pasted, list):
        faults.append("MENU: conditionalmenu must be a list")
        pasted = []
    if pasted and conditional:
        faults.append(
            "conditional menus stand in CONDITIONAL_MENUS and in MENU, under conditionalmenu; keep one list"
        )
    if conditional:
        return WrittenMenus(menu[inner], conditional, faults=faults)
    return WrittenMenus(menu[inner], pasted, "MENU, conditionalmenu", faults)


def _default_faults(menu: Any) -> Iterator[str]:
    if isinstance(menu, Mapping):
        near = {meant for _, meant in unknown_keys(menu, ("matchrule",))}
        if "matchrule" in menu or "matchrule" in near:
            yield _FOR_SOME
        if "conditionalmenu" in menu:
            yield (
                "MENU has a conditionalmenu beside its buttons: move its list into CONDITIONAL_MENUS of your "
                'package, or paste the whole answer of menu/get, {"menu": {…}, "conditionalmenu": […]}'
            )
    yield from menu_faults(menu, tolerated=("menuid", "matchrule", "conditionalmenu"))


def _conditional_faults(menu: Any) -> Iterator[str]:
    if not isinstance(menu, Mapping):
        yield f'a conditional menu is a dict {{"button": […], "matchrule": {{…}}}}, not {menu!r}'
        return
    known, tolerated = ("button", "matchrule"), ("menuid",)
    yield from menu_faults(menu, known, tolerated)
    if "matchrule" in menu:
        yield from rule_faults(menu["matchrule"])
    elif "matchrule" not in {near for _, near in unknown_keys(menu, known, tolerated)}:
        yield "has no matchrule, so it would be for everybody; the menu for everybody is MENU"
