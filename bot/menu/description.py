"""The lines that describe menus, and the changes between them, to the operator."""

import difflib
import json
from collections.abc import Iterator, Sequence

from bot.menu.account_menus import AccountMenus, ConditionalMenu
from bot.menu.buttons import Button, Menu
from bot.menu.matchrule import describe_rule
from bot.menu.steps import AddConditional, DeleteConditional, Step


def describe(menu: Menu | None) -> list[str]:
    """Return the lines that describe one menu, one for each button."""
    if menu is None:
        return ["(no menu)"]
    lines = []
    for item in menu["button"]:
        lines.append(_line(item))
        lines += [f"  {_line(sub)}" for sub in item.get("sub_button", [])]
    return lines


def describe_all(menus: AccountMenus) -> list[str]:
    """Return the lines that describe the default menu, then the conditional ones in the order of matching."""
    lines = describe(menus.default)
    if menus.default and menus.is_console:
        lines.append("(made in WeChat's console)")
    if menus.default and not menus.is_open:
        lines.append("(switched off in WeChat's console: phones show no menu)")
    for menu in menus.conditional:
        lines.append(f"for followers with {describe_rule(menu.rule)} (menuid {menu.menuid}):")
        lines += [f"  {line}" for line in describe({"button": menu.buttons})]
    return lines


def summary(menus: AccountMenus) -> str:
    """Return one line about all menus: the top buttons, and how many conditional menus there are."""
    if menus.default is None:
        return "no menu"
    names = ", ".join(_printable(item["name"]) for item in menus.default["button"])
    count = len(menus.conditional)
    more = f"; {count} conditional menu{'s' if count > 1 else ''}" if count else ""
    return names + more + (" (made in WeChat's console)" if menus.is_console else "")


def changes(old: Menu | None, new: Menu | None) -> list[str]:
    """Return the changes of one menu as lines with + and -, or an empty list if they are equal."""
    if old == new:
        return []
    before, after = describe(old) if old else [], describe(new) if new else []
    return [
        line
        for line in difflib.unified_diff(before, after, lineterm="", n=100)
        if not line.startswith(("---", "+++", "@@"))
    ]


def all_changes(live: AccountMenus, wanted: AccountMenus, steps: Sequence[Step]) -> list[str]:
    """Return the changes of all menus as lines; `steps` are those that plan() made of both."""
    lines = changes(live.default, wanted.default)
    if live.default == wanted.default and not live.is_open:
        lines = [*(f" {line}" for line in describe(live.default)), " (switched on again)"]
    gone = [step.menu for step in steps if isinstance(step, DeleteConditional)]
    staying = [menu for menu in live.conditional if menu not in gone]
    if wanted.default is None:
        gone, staying = staying, []
    for step in reversed(steps):  # the last one that is added matches first
        if isinstance(step, AddConditional):
            replaced = next((menu for menu in gone if menu.rule == step.menu.rule), None)
            gone = [menu for menu in gone if menu is not replaced]
            lines += _conditional_changes(replaced, step.menu)
    for menu in gone:
        lines += _conditional_changes(menu, None)
    return lines + [f" for followers with {describe_rule(menu.rule)}: unchanged" for menu in staying]


def _conditional_changes(old: ConditionalMenu | None, new: ConditionalMenu | None) -> Iterator[str]:
    sign = " " if old and new else "+" if new else "-"
    if menu := new or old:
        yield f"{sign}for followers with {describe_rule(menu.rule)}:"
    lines = changes(_as_menu(old), _as_menu(new))
    if not lines:
        yield "   the same buttons, added again so that this menu matches before others"
    yield from (f"{line[0]}  {line[1:]}" for line in lines)


def _as_menu(menu: ConditionalMenu | None) -> Menu | None:
    return {"button": menu.buttons} if menu else None


def _line(item: Button) -> str:
    if "sub_button" in item:
        return _printable(str(item["name"]))
    fields = {name: value for name, value in item.items() if name not in ("name", "type")}
    values = " ".join(
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for value in fields.values()
    )
    return _printable(f"{item.get('name')}  [{item.get('type')}] {values}")


def _printable(text: str) -> str:
    """Return `text` with control characters escaped: they could control the terminal."""
    return "".join(char if char >= " " and not "\x7f" <= char < "\xa0" else repr(char)[1:-1] for char in text)
