"""Turn saved menus into menus that can be installed by API. Not everything can: the console and old accounts
have menus that WeChat's API does not take."""

from bot.menu.account_menus import AccountMenus, ConditionalMenu
from bot.menu.buttons import FIELDS, Button
from bot.menu.matchrule import describe_rule, private_conditions

# Types of console buttons that send media. `value` of such a button is a media_id.
_SENDS_MEDIA = ("img", "photo", "voice", "news")


def restorable(saved: AccountMenus) -> tuple[AccountMenus, list[str]]:
    """Return what of `saved` can be installed by API, and a sentence for each thing that cannot.

    The default menu of the result is None if none was saved, or if none of its buttons can be installed.
    """
    lost: list[str] = []
    buttons = _buttons(saved.default["button"], lost) if saved.default else []
    conditional = [menu for menu in saved.conditional if _is_accepted(menu, lost)]
    if saved.default and not saved.is_open:
        lost.append(
            "the switch in WeChat's console: the menu was switched off, and an API call switches it on"
        )
    return AccountMenus({"button": buttons} if buttons else None, tuple(conditional)), lost


def _buttons(buttons: list[Button], lost: list[str]) -> list[Button]:
    kept = []
    for item in buttons:
        if "sub_button" in item:
            subs = _buttons(item["sub_button"], lost)
            kept += [{**item, "sub_button": subs}] if subs else []
        elif item.get("type") in FIELDS:
            kept.append(item)
        elif item.get("type") in _SENDS_MEDIA and item.get("value"):
            kept.append({"type": "media_id", "name": item["name"], "media_id": item["value"]})
        else:
            lost.append(
                f"{item['name']}: a button of type {item.get('type')} can be made in WeChat's console only"
            )
    return kept


def _is_accepted(menu: ConditionalMenu, lost: list[str]) -> bool:
    if not (private := private_conditions(menu.rule)):
        return True
    lost.append(
        f"the conditional menu for {describe_rule(menu.rule)}: WeChat accepts no condition on "
        f"{', '.join(private)} any more (65320), and shows such a menu to nobody"
    )
    return False
