"""The buttons of a menu in WeChat's JSON: their types with their fields, and their plain form.

Source: "custom menu" in WeChat's developer documents (docs/protocol.md §5.2). This module must not judge: the
limits are in rules.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Button = dict[str, Any]
Menu = Mapping[str, Any]

KEYED = (
    "click",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
)
FIELDS: dict[str, tuple[str, ...]] = {  # type -> its required fields
    **dict.fromkeys(KEYED, ("key",)),
    "view": ("url",),
    "miniprogram": ("url", "appid", "pagepath"),
    "media_id": ("media_id",),
    "view_limited": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
}
ALL_FIELDS = tuple(dict.fromkeys(name for fields in FIELDS.values() for name in fields))


def top_buttons(menu: Any) -> list[Any] | None:
    """Return the list of top buttons, or None if `menu` has no such list."""
    buttons = menu.get("button") if isinstance(menu, Mapping) else None
    return buttons if isinstance(buttons, list) else None


def sub_buttons(item: Button) -> Any:
    """Return the value of `sub_button`. get_current_selfmenu_info wraps the list in `{"list": […]}`."""
    subs = item.get("sub_button")
    return subs["list"] if isinstance(subs, dict) and set(subs) == {"list"} else subs


def is_parent(item: Any) -> bool:
    """Return True for a button that opens a sub-menu. menu/get gives every other button an empty
    `sub_button`."""
    return isinstance(item, dict) and "sub_button" in item and not ("type" in item and not sub_buttons(item))


def leaves(buttons: Any) -> Iterator[Button]:
    """Yield all buttons that open no sub-menu. `buttons` may be any object."""
    for item in buttons if isinstance(buttons, list) else ():
        if is_parent(item):
            yield from leaves(sub_buttons(item))
        elif isinstance(item, dict):
            yield item


def click_keys(menu: Any) -> set[str]:
    """Return the keys of all buttons that send one."""
    return {
        item["key"]
        for item in leaves(top_buttons(menu))
        if item.get("type") in KEYED and isinstance(item.get("key"), str)
    }


def plain(buttons: list[Button]) -> list[Button]:
    """Return well-formed buttons without what WeChat adds to them, so that two menus can be compared.

    A parent keeps its name and its sub-buttons, a button its type, its name and the fields of its type. A
    type that only the console makes keeps all fields.
    """
    return [_plain(item) for item in buttons]


def _plain(item: Button) -> Button:
    if subs := sub_buttons(item):
        return {"name": item["name"], "sub_button": plain(subs)}
    fields = FIELDS.get(item.get("type", ""))
    if fields is None:
        return {name: value for name, value in item.items() if name != "sub_button"}
    return {name: item[name] for name in ("type", "name", *fields) if name in item}
