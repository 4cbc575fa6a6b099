"""WeChat's limits on a menu, checked before it is sent. Lengths are in UTF-8 bytes.

Source: "custom menu" in WeChat's developer documents (docs/protocol.md §5.2). The menu is written by hand, so
any value in it may have the wrong type.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.errors import MenuError

Button = dict[str, Any]
Menu = Mapping[str, Any]

SCOPES = ("snsapi_base", "snsapi_userinfo")
_KEYED = (
    "click",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
)
_FIELDS = {  # type -> its required fields
    **dict.fromkeys(_KEYED, ("key",)),
    "view": ("url",),
    "miniprogram": ("url", "appid", "pagepath"),
    "media_id": ("media_id",),
    "view_limited": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
}
_MAX_BYTES = {"key": 128}
_MAX_OTHER_BYTES = 1024
_TOP_NAME, _SUB_NAME = 16, 60


def top_buttons(menu: Any) -> list[Any] | None:
    """Return the list of top buttons, or None if `menu` has no such list."""
    buttons = menu.get("button") if isinstance(menu, Mapping) else None
    return buttons if isinstance(buttons, list) else None


def click_keys(menu: Any) -> set[str]:
    """Return the keys of all buttons that send one."""
    return {
        item["key"]
        for item in _leaves(top_buttons(menu))
        if item.get("type") in _KEYED and isinstance(item.get("key"), str)
    }


def pages(menu: Any) -> list[str]:
    """Return the paths of all buttons that lead to a page of this site."""
    return [item["page"] for item in _leaves(top_buttons(menu)) if _is_path(item.get("page"))]


def check(menu: Any, replies: set[str], missing: Collection[str] = ()) -> None:
    """Raise MenuError with all faults: limits exceeded, keys without a reply, replies without a button.

    `menu` comes from resolve(). `replies` are the keys that have a route in CHAT. `missing` are the pages
    that the menu names and the site does not have.
    """
    buttons = top_buttons(menu)
    if buttons is None:
        raise MenuError(['a menu is a dict with the top buttons in a list: {"button": […]}'])
    faults: list[str] = []
    if not 1 <= len(buttons) <= 3:
        faults.append(f"a menu has 1 to 3 top buttons, not {len(buttons)}")
    for item in buttons:
        faults += _check_parent(item) if _is_parent(item) else _check_leaf(item, _TOP_NAME)
    keys = click_keys(menu)
    faults += [f"key {key!r}: no route in CHAT answers it" for key in sorted(keys - replies)]
    faults += [f"key {key!r}: has a reply, but no button sends it" for key in sorted(replies - keys)]
    faults += [f"page {page!r}: none of PAGES has this path" for page in missing]
    if faults:
        raise MenuError(faults)


def _is_parent(item: Any) -> bool:
    return isinstance(item, dict) and "sub_button" in item


def _check_parent(item: Button) -> Iterator[str]:
    name = _name(item)
    yield from _check_name(item, _TOP_NAME)
    if "type" in item:
        yield f"{name}: a button has either a type or sub-buttons, not both"
    subs = item["sub_button"]
    if not isinstance(subs, list):
        yield f"{name}: a sub-menu's buttons are in a list"
        return
    if not 1 <= len(subs) <= 5:
        yield f"{name}: a sub-menu has 1 to 5 buttons, not {len(subs)}"
    for sub in subs:
        if _is_parent(sub):
            yield f"{_name(sub)}: a menu has two levels only"
        else:
            yield from _check_leaf(sub, _SUB_NAME)


def _check_leaf(item: Any, name_limit: int) -> Iterator[str]:
    if not isinstance(item, dict):
        yield f"a button is a dict, not {item!r}"
        return
    name = _name(item)
    yield from _check_name(item, name_limit)
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in _FIELDS:
        yield f"{name}: type {kind!r} is none of {', '.join(sorted(_FIELDS))}"
        return
    if "page" in item:
        yield from page_faults(item)
    elif "scope" in item:
        yield f"{name}: scope goes with page, which this button does not have"
    for field in _FIELDS[kind]:
        if field == "url" and "page" in item:
            continue
        value, limit = item.get(field), _MAX_BYTES.get(field, _MAX_OTHER_BYTES)
        if not isinstance(value, str) or not value:
            yield f"{name}: a {kind} button needs {field}"
        elif len(_bytes(value)) > limit:
            yield f"{name}: {field} has {len(_bytes(value))} bytes, at most {limit} are allowed"
        elif field == "url" and not _is_web(value):
            yield f"{name}: url must begin with http:// or https:// and name a host"


def page_faults(item: Button) -> Iterator[str]:
    """Yield a fault for a bad `page` and for a bad `scope` of a button, because no URL can be made from
    them."""
    page, name = item["page"], _name(item)
    if not _is_path(page):
        yield f"{name}: page must be a path of this site that begins with /, not {page!r}"
    if "scope" in item and item["scope"] not in SCOPES:
        yield f"{name}: scope must be one of {', '.join(SCOPES)}, not {item['scope']!r}"


def _check_name(item: Button, limit: int) -> Iterator[str]:
    name = item.get("name")
    if not isinstance(name, str) or not name:
        yield "a button has no name"
    elif len(_bytes(name)) > limit:
        yield f"{name}: the name has {len(_bytes(name))} bytes, at most {limit} are allowed"


def _is_path(page: Any) -> bool:
    return isinstance(page, str) and page.startswith("/") and not page.startswith("//")


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _name(item: Button) -> str:
    return str(item.get("name") or "a button without name")


def _leaves(buttons: Any) -> Iterator[Button]:
    for item in buttons if isinstance(buttons, list) else ():
        if _is_parent(item):
            yield from _leaves(item["sub_button"])
        elif isinstance(item, dict):
            yield item
