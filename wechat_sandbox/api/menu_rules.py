"""Check menus against WeChat's rules (protocol §5.2 and §5.3, rules 21 and 23). Sizes are bytes of UTF-8."""

import re
from dataclasses import dataclass
from typing import Any

from wechat_sandbox.behaviour import Escapes
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.world.menu import Button

MAX_TOP = 3
MAX_SUB = 5
MAX_KEY = 128
MAX_URL = 1024

# Type of button -> its required fields. All other fields are dropped.
_REQUIRED: dict[str, tuple[str, ...]] = {
    "click": ("key",),
    "view": ("url",),
    "scancode_push": ("key",),
    "scancode_waitmsg": ("key",),
    "pic_sysphoto": ("key",),
    "pic_photo_or_album": ("key",),
    "pic_weixin": ("key",),
    "location_select": ("key",),
    "media_id": ("media_id",),
    "view_limited": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
    "miniprogram": ("url", "appid", "pagepath"),
}


@dataclass(frozen=True)
class _Level:
    """The limits of one level of the menu, and the errcodes for exceeding them."""

    max_name: int
    type_code: int
    name_code: int
    field_codes: dict[str, int]


_TOP = _Level(16, 40017, 40018, {"key": 40019, "url": 40020, "media_id": 40117})
_SUB = _Level(60, 40024, 40025, {"key": 40026, "url": 40027, "media_id": 40118})


# WeChat no longer accepts conditions on private data.
_PRIVATE = ("sex", "country", "province", "city", "language")
_PLATFORMS = (1, 2, 3)


def check_buttons(buttons: Any, escapes: Escapes) -> list[Button]:
    """Return the buttons in the form that is stored. Raises the WeChatError of the first broken rule."""
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= MAX_TOP:
        raise WeChatError(40016)
    return [_top(button, escapes) for button in buttons]


def check_rule(rule: Any) -> dict[str, int]:
    """Return the matchrule of a conditional menu with its values as numbers.

    Raises WeChatError: 65320 for a condition on private data, 65304 for an empty rule, 40097 for a wrong
    value.
    """
    if not isinstance(rule, dict):
        raise WeChatError(65304)
    if any(rule.get(name) for name in _PRIVATE):
        raise WeChatError(65320)
    kept = {}
    for name, other in (("tag_id", "group_id"), ("client_platform_type", "")):
        value = rule.get(name) or rule.get(other)
        if value:
            if not str(value).isascii() or not str(value).isdigit():
                raise WeChatError(40097)
            kept[name] = int(value)
    if not kept:
        raise WeChatError(65304)
    if kept.get("client_platform_type", 1) not in _PLATFORMS:
        raise WeChatError(40097)
    return kept


def _top(button: Any, escapes: Escapes) -> Button:
    name = _name(button, _TOP, escapes)
    subs = button.get("sub_button")
    if not subs:
        return _leaf(button, name, _TOP)
    if "type" in button:
        # A button with sub-buttons must not have a type.
        raise WeChatError(40017)
    if not isinstance(subs, list) or len(subs) > MAX_SUB:
        raise WeChatError(40023)
    return {"name": name, "sub_button": [_sub(sub, escapes) for sub in subs]}


def _sub(button: Any, escapes: Escapes) -> Button:
    name = _name(button, _SUB, escapes)
    if button.get("sub_button"):
        raise WeChatError(40022)
    return _leaf(button, name, _SUB)


def _name(button: Any, level: _Level, escapes: Escapes) -> str:
    if not isinstance(button, dict):
        raise WeChatError(47001)
    name = button.get("name")
    escaped = isinstance(name, str) and re.search(r"\\u[0-9a-fA-F]{4}", name)
    if escaped and escapes is Escapes.REFUSE:
        raise WeChatError(40033)
    if not isinstance(name, str) or not 1 <= len(name.encode()) <= level.max_name:
        raise WeChatError(level.name_code)
    return name


def _leaf(button: Button, name: str, level: _Level) -> Button:
    if "type" not in button:
        raise WeChatError(65308)
    kind = button["type"]
    if not isinstance(kind, str) or kind not in _REQUIRED:
        raise WeChatError(level.type_code)
    kept: Button = {"type": kind, "name": name}
    limits = {"key": MAX_KEY, "url": MAX_URL}
    for field in _REQUIRED[kind]:
        value = button.get(field)
        if not isinstance(value, str) or not 1 <= len(value.encode()) <= limits.get(field, 1024):
            raise WeChatError(level.field_codes.get(field, 40035))
        if field == "url" and not value.lower().startswith(("http://", "https://")):
            raise WeChatError(40055 if level is _TOP else 40054)
        kept[field] = value
    return kept
