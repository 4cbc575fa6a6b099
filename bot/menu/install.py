"""The custom menu: make its links, compare it with the live one, install it. Limits are in menu_rules.py.

A menu is WeChat's own JSON, `{"button": […]}`, with one addition: a view button may have `page` (a path of
this site) instead of `url`, and then `scope` to make it an OAuth link.
"""

import difflib
import json
from typing import Any
from urllib.parse import quote, urlsplit

from bot.config import Config
from bot.errors import WeChatError
from bot.menu.rules import Button, Menu, check, click_keys, page_faults, pages, top_buttons
from bot.oauth.state import PATH_CHARACTERS, States
from bot.wechat.client import Client
from bot.wechat.endpoints import Endpoints

__all__ = ["changes", "check", "click_keys", "delete", "describe", "install", "live", "pages", "resolve"]

_NO_MENU = 46003


def resolve(menu: Any, config: Config, states: States) -> Any:
    """`menu` with every `page` turned into a URL: of this site, or the authorize link that leads to it.

    Nothing is assumed of what stands in it. A page or scope that cannot be one is left as it is, for check().
    """
    endpoints = Endpoints.of(config)

    def url(item: Button) -> str:
        # What WeChat sends a browser to is ASCII.
        page = quote(item["page"], safe=PATH_CHARACTERS + "?#%")
        if "scope" not in item:
            return config.public_url + page
        state = states.for_menu(urlsplit(page).path)
        return endpoints.authorize(config.app_id, config.public_url + page, item["scope"], state)

    def button(item: Any) -> Any:
        if not isinstance(item, dict):
            return item
        if isinstance(item.get("sub_button"), list):
            return {**item, "sub_button": [button(sub) for sub in item["sub_button"]]}
        if "page" not in item or list(page_faults(item)):
            return dict(item)
        kept = {name: value for name, value in item.items() if name not in ("page", "scope")}
        return {**kept, "url": url(item)}

    buttons = top_buttons(menu)
    return menu if buttons is None else {"button": [button(item) for item in buttons]}


def live(client: Client) -> Menu | None:
    """The menu that phones get now, or None: the one made by API, else the one typed into the console
    (which menu/get does not show, and which installing another replaces)."""
    try:
        return _plain(client.get("menu/get")["menu"])
    except WeChatError as error:
        if error.errcode != _NO_MENU:
            raise
    info = client.get("get_current_selfmenu_info")
    buttons = info.get("selfmenu_info", {}).get("button", [])
    return _plain({"button": buttons}) if info.get("is_menu_open") and buttons else None


def _plain(menu: Menu) -> Menu:
    """Without what WeChat adds when a menu is read back: empty sub-menus, list wrappers."""

    def button(item: Button) -> Button:
        subs = item.get("sub_button") or []
        if isinstance(subs, dict):
            subs = subs.get("list", [])
        rest = {name: value for name, value in item.items() if name != "sub_button"}
        return {**rest, "sub_button": [button(sub) for sub in subs]} if subs else rest

    return {"button": [button(item) for item in menu["button"]]}


def install(client: Client, menu: Menu) -> None:
    """Send a checked menu. WeChat takes a menu whole or not at all: after an errcode the old one stands;
    after WeChatUnreachable nobody knows."""
    client.post("menu/create", data=dict(menu))


def delete(client: Client) -> None:
    """Delete the default menu and all conditional ones."""
    client.get("menu/delete")


def describe(menu: Menu | None) -> list[str]:
    """One line for each button."""
    if menu is None:
        return ["(no menu)"]
    lines = []
    for item in menu["button"]:
        lines.append(_line(item))
        lines += [f"  {_line(sub)}" for sub in item.get("sub_button", [])]
    return lines


def _line(item: Button) -> str:
    if "sub_button" in item:
        return str(item["name"])
    fields = {name: value for name, value in item.items() if name not in ("name", "type")}
    values = " ".join(
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for value in fields.values()
    )
    return f"{item['name']}  [{item.get('type')}] {values}"


def changes(old: Menu | None, new: Menu) -> list[str]:
    """What installing `new` changes, as lines with + and -; empty if nothing."""
    if old is not None and _plain(old) == _plain(new):
        return []
    before, after = describe(old) if old else [], describe(new)
    return [
        line
        for line in difflib.unified_diff(before, after, lineterm="", n=100)
        if not line.startswith(("---", "+++", "@@"))
    ]
