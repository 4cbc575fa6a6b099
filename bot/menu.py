"""The custom menu: check it against WeChat's limits, compare it with the live one, install it.

A menu is WeChat's own JSON, `{"button": […]}`, with one addition: a view button may have `page` (a path of
this site) instead of `url`, and then `scope` to make it an OAuth link. Limits: "custom menu" of WeChat's
developer documents; lengths are UTF-8 bytes.
"""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from bot.config import Config
from bot.errors import MenuError, WeChatError
from bot.oauth.state import States
from bot.wechat.client import Client
from bot.wechat.endpoints import Endpoints

Button = dict[str, Any]
Menu = Mapping[str, Any]

_KEYED = {
    "click",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
}
_FIELDS = {  # type -> fields that it must have
    **dict.fromkeys(_KEYED, ("key",)),
    "view": ("url",),
    "miniprogram": ("url", "appid", "pagepath"),
    "media_id": ("media_id",),
    "view_limited": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
}
_MAX_BYTES = {"key": 128, "url": 1024}
_TOP_NAME, _SUB_NAME = 16, 60
_SCOPES = ("snsapi_base", "snsapi_userinfo")
_NO_MENU = 46003


def resolve(menu: Menu, config: Config, states: States) -> Menu:
    """`menu` with every `page` turned into a URL: of this site, or the authorize link that leads to it."""
    endpoints = Endpoints.of(config)

    def button(item: Button) -> Button:
        if "sub_button" in item:
            return {**item, "sub_button": [button(sub) for sub in item["sub_button"]]}
        if "page" not in item:
            return dict(item)
        kept = {name: value for name, value in item.items() if name not in ("page", "scope")}
        url = config.public_url + item["page"]
        if "scope" in item:
            state = states.for_menu(urlsplit(item["page"]).path)
            url = endpoints.authorize(config.app_id, url, item["scope"], state)
        return {**kept, "url": url}

    return {"button": [button(item) for item in menu["button"]]}


def click_keys(menu: Menu) -> set[str]:
    """The key of every button that sends one."""
    return {
        item["key"]
        for item in _leaves(menu.get("button", []))
        if item.get("type") in _KEYED and "key" in item
    }


def check(menu: Menu, replies: set[str]) -> None:
    """Raises MenuError with every fault: WeChat's limits, keys nobody answers, answers no button asks for.

    `replies` are the keys that have a route in CHAT. `menu` is resolved.
    """
    faults: list[str] = []
    buttons = menu.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise MenuError(["a menu has 1 to 3 top buttons"])
    for item in buttons:
        if "sub_button" in item:
            faults += _check_parent(item)
        else:
            faults += _check_leaf(item, _TOP_NAME)
    keys = click_keys(menu)
    faults += [f"key {key!r}: no route in handlers.CHAT answers it" for key in sorted(keys - replies)]
    faults += [f"key {key!r}: has a reply, but no button sends it" for key in sorted(replies - keys)]
    if faults:
        raise MenuError(faults)


def _check_parent(item: Button) -> Iterator[str]:
    name = _name(item)
    yield from _check_name(item, _TOP_NAME)
    if "type" in item:
        yield f"{name}: a button has either a type or sub-buttons, not both"
    subs = item["sub_button"]
    if not isinstance(subs, list) or not 1 <= len(subs) <= 5:
        yield f"{name}: a sub-menu has 1 to 5 buttons"
        return
    for sub in subs:
        if "sub_button" in sub:
            yield f"{_name(sub)}: a menu has two levels only"
        else:
            yield from _check_leaf(sub, _SUB_NAME)


def _check_leaf(item: Button, name_limit: int) -> Iterator[str]:
    name = _name(item)
    yield from _check_name(item, name_limit)
    kind = item.get("type")
    if kind not in _FIELDS:
        yield f"{name}: type {kind!r} is none of {', '.join(sorted(_FIELDS))}"
        return
    if "scope" in item:
        yield f"{name}: scope goes with page, which this button does not have"
    for field in _FIELDS[kind]:
        value = item.get(field)
        if not isinstance(value, str) or not value:
            yield f"{name}: a {kind} button needs {field}"
        elif len(value.encode()) > _MAX_BYTES.get(field, 1024):
            yield f"{name}: {field} has {len(value.encode())} bytes, at most {_MAX_BYTES[field]} are allowed"
        elif field == "url" and urlsplit(value).scheme not in ("http", "https"):
            yield f"{name}: url must begin with http:// or https://"
    if kind == "view" and (scope := _scope(item.get("url"))) and scope not in _SCOPES:
        yield f"{name}: scope must be one of {', '.join(_SCOPES)}, not {scope!r}"


def _scope(url: Any) -> str | None:
    if not isinstance(url, str) or "/connect/oauth2/authorize?" not in url:
        return None
    return url.partition("&scope=")[2].partition("&")[0]


def _check_name(item: Button, limit: int) -> Iterator[str]:
    name = item.get("name")
    if not isinstance(name, str) or not name:
        yield "a button has no name"
    elif len(name.encode()) > limit:
        yield f"{name}: the name has {len(name.encode())} bytes, at most {limit} are allowed"


def _name(item: Button) -> str:
    return str(item.get("name") or "a button without name")


def _leaves(buttons: Sequence[Button]) -> Iterator[Button]:
    for item in buttons:
        if item.get("sub_button"):
            yield from _leaves(item["sub_button"])
        else:
            yield item


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


def install(client: Client, menu: Menu) -> bool:
    """Send a checked menu and read it back; whether WeChat now has what was sent. WeChat takes a menu
    whole or not at all: after an error the old one stands."""
    client.post("menu/create", data=dict(menu))
    return live(client) == _plain(menu)


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
