"""Plan the steps from the live menus to the wanted ones. No follower is without a menu at any moment.

The default menu is replaced in one call. New conditional menus are added before outdated ones are deleted.
Conditional menus that stay the same are left alone.
"""

from collections.abc import Sequence

from bot.menu.account_menus import AccountMenus, ConditionalMenu
from bot.menu.matchrule import are_disjoint
from bot.menu.rules import MAX_DOMAINS, domains
from bot.menu.steps import AddConditional, CreateDefault, DeleteAll, DeleteConditional, Step


def plan(live: AccountMenus, wanted: AccountMenus) -> list[Step]:
    """Return the steps from `live` to `wanted`; none if they are the same. `wanted` without a default menu
    stands for no menu at all."""
    if wanted.default is None:
        return [] if live.is_empty() else [DeleteAll()]
    steps: list[Step] = []
    # WeChat does not add conditional menus to a default menu that was made in the console (65303).
    must_be_made = not live.is_open or (live.is_console and bool(wanted.conditional))
    if live.default != wanted.default or must_be_made:
        steps.append(CreateDefault(wanted.default))
    kept = _kept(live.conditional, wanted.conditional)
    # The newest menu matches first, so the first one of the list is added last.
    new = [menu for index, menu in enumerate(wanted.conditional) if index not in kept][::-1]
    old = [menu for index, menu in enumerate(live.conditional) if index not in kept.values()]
    additions: list[Step] = [AddConditional(menu) for menu in new]
    deletions: list[Step] = [DeleteConditional(menu) for menu in old]
    if len(_hosts([*live.conditional, *new])) > MAX_DOMAINS:
        # Old and new together would exceed WeChat's limit. Between two calls, followers see the default menu.
        return [*steps, *deletions, *additions]
    return [*steps, *additions, *deletions]


def _kept(live: Sequence[ConditionalMenu], wanted: Sequence[ConditionalMenu]) -> dict[int, int]:
    """Return which live menus can stay: the index in `wanted` -> the index in `live`.

    In both, the first match wins. A menu that is added comes before all that stay. So a menu cannot stay if
    it must win against one that is added, or that is live before it.
    """
    kept: dict[int, int] = {}
    for index, menu in enumerate(wanted):
        for place, candidate in enumerate(live):
            if place not in kept.values() and menu.is_same(candidate):
                kept[index] = place
                break
    while losing := [index for index in kept if _would_lose(index, kept, wanted)]:
        del kept[losing[-1]]
    return kept


def _would_lose(index: int, kept: dict[int, int], wanted: Sequence[ConditionalMenu]) -> bool:
    rivals = [
        other
        for other in range(index + 1, len(wanted))
        if not are_disjoint(wanted[index].rule, wanted[other].rule)
    ]
    return any(other not in kept or kept[other] < kept[index] for other in rivals)


def _hosts(menus: Sequence[ConditionalMenu]) -> set[str]:
    return set().union(*(domains(menu.buttons) for menu in menus))
