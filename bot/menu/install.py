"""Resolve the links of the custom menu, compare it with the live menu, install it. Limits are in rules.py.

A menu is WeChat's own JSON, `{"button": […]}`, with one addition: a view button may have `page` (a path of
this site) instead of `url`, and then `scope` to make it an OAuth link.
"""

import difflib
import json
from typing import Any
from urllib.parse import quote, urlsplit

from bot.config import Config
from bot.errors import WeChatError, WeChatUnreachable
from bot.menu.rules import Button, Menu, check, click_keys, page_faults, pages, top_buttons
from bot.oauth.state import PATH_CHARACTERS, States
from bot.wechat.client import Client
from bot.wechat.endpoints import Endpoints

__all__ = ["changes", "check", "click_keys", "delete", "describe", "install", "live", "pages", "resolve"]

_NO_MENU = 46003


def resolve(menu: Any, config: Config, states: States) -> Any:
    """Return `menu` with each `page` replaced by a URL: with `scope`, by the authorize URL that leads to it.

    `menu` may be any object, because it is written by hand. A bad page or scope is left as it is, and check()
    reports it.
    """
    endpoints = Endpoints.of(config)

    def url(item: Button) -> str:
        # A URL must be ASCII: WeChat redirects the browser to it.
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
    """Return the menu that phones show now, or None.

    It is the menu made by API, else the one typed into WeChat's console. menu/get does not return the second
    one, but install() replaces it, too. Raises WeChatError.
    """
    call = "menu/get"
    try:
        try:
            return _plain(client.get(call)["menu"])
        except WeChatError as error:
            if error.errcode != _NO_MENU:
                raise
        call = "get_current_selfmenu_info"
        info = client.get(call)
        buttons = info.get("selfmenu_info", {}).get("button", [])
        return _plain({"button": buttons}) if info.get("is_menu_open") and buttons else None
    except (LookupError, TypeError, AttributeError):
        problem = "WeChat's answer is not a menu"
        raise WeChatUnreachable(problem, was_sent=True, call=f"/cgi-bin/{call}") from None


def _plain(menu: Menu) -> Menu:
    """Return a menu without the fields that WeChat adds to it: empty sub-menus, and wrappers around lists."""

    def button(item: Button) -> Button:
        subs = item.get("sub_button") or []
        if isinstance(subs, dict):
            subs = subs.get("list", [])
        rest = {name: value for name, value in item.items() if name != "sub_button"}
        return {**rest, "sub_button": [button(sub) for sub in subs]} if subs else rest

    return {"button": [button(item) for item in menu["button"]]}


def install(client: Client, menu: Menu) -> None:
    """Send a menu that check() has passed. WeChat accepts all of it or nothing.

    If it raises WeChatUnreachable, it is unknown which menu is live. After any other WeChatError the old menu
    is unchanged.
    """
    client.post("menu/create", data=dict(menu))


def delete(client: Client) -> None:
    """Delete the default menu and all conditional menus. Raises WeChatError."""
    client.get("menu/delete")


def describe(menu: Menu | None) -> list[str]:
    """Return the lines that describe a menu to the operator, one for each button."""
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
    """Return the changes from `old` to `new` as lines with + and -, or an empty list if they are equal."""
    if old is not None and _plain(old) == _plain(new):
        return []
    before, after = describe(old) if old else [], describe(new)
    return [
        line
        for line in difflib.unified_diff(before, after, lineterm="", n=100)
        if not line.startswith(("---", "+++", "@@"))
    ]
