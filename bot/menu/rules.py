"""WeChat's limits on the buttons of a menu, checked before it is sent. Lengths are in UTF-8 bytes.

Source: "custom menu" in WeChat's developer documents (docs/protocol.md §5.2). The menu is written by hand, so
any value in it may have the wrong type.
"""

from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import urlsplit

from bot.menu.buttons import ALL_FIELDS, FIELDS, Button, is_parent, leaves, sub_buttons, top_buttons
from bot.menu.known_keys import fault, unknown_keys

SCOPES = ("snsapi_base", "snsapi_userinfo")
MAX_DOMAINS = 3
CONSOLE_TYPES = ("text", "img", "photo", "voice", "video", "news")
_LINK = ("page", "scope")
_MAX_BYTES = {"key": 128}
_MAX_OTHER_BYTES = 1024
_TOP_NAME, _SUB_NAME = 16, 60


def pages(menu: Any) -> list[str]:
    """Return the paths of all buttons that lead to a page of this site."""
    return [item["page"] for item in leaves(top_buttons(menu)) if _is_path(item.get("page"))]


def domains(buttons: Any) -> set[str]:
    """Return the hosts that the links of these buttons name."""
    urls = [item["url"] for item in leaves(buttons) if isinstance(item.get("url"), str)]
    return {urlsplit(url).hostname or "" for url in urls if _is_web(url)}


def menu_faults(
    menu: Any, known: Collection[str] = ("button",), tolerated: Collection[str] = ()
) -> Iterator[str]:
    """Yield a fault for each broken limit and each unknown key of one menu.

    `known` are the keys that a menu has at this place. Those in `tolerated` are no fault either.
    """
    misspelt = list(unknown_keys(menu, known, tolerated)) if isinstance(menu, dict) else []
    for key, near in misspelt:
        yield fault(key, near, known)
    buttons = top_buttons(menu)
    if buttons is None:
        if "button" not in {near for _, near in misspelt}:
            yield 'a menu is a dict with the top buttons in a list: {"button": […]}'
        return
    if not 1 <= len(buttons) <= 3:
        yield f"a menu has 1 to 3 top buttons, not {len(buttons)}"
    for item in buttons:
        yield from _check_parent(item) if is_parent(item) else _check_leaf(item, _TOP_NAME)


def _check_parent(item: Button) -> Iterator[str]:
    name = _name(item)
    yield from _check_name(item, _TOP_NAME)
    known: tuple[str, ...] = ("name", "sub_button")
    if "type" in item:
        yield f"{name}: a button has either a type or sub-buttons, not both"
        known = (*known, "type", *ALL_FIELDS, *_LINK)
    for key, near in unknown_keys(_without_empty(item), known):
        if key in ALL_FIELDS or key in _LINK:
            yield f"{name}: a button with sub-buttons takes no {key!r}; only its sub-buttons do"
        else:
            yield f"{name}: {_key_fault(key, near, known)}"
    subs = sub_buttons(item)
    if not isinstance(subs, list):
        yield f"{name}: a sub-menu's buttons are in a list"
        return
    if not 1 <= len(subs) <= 5:
        yield f"{name}: a sub-menu has 1 to 5 buttons, not {len(subs)}"
    for sub in subs:
        if is_parent(sub):
            yield f"{_name(sub)}: a menu has two levels only"
        else:
            yield from _check_leaf(sub, _SUB_NAME)


def _check_leaf(item: Any, name_limit: int) -> Iterator[str]:
    if not isinstance(item, dict):
        yield f"a button is a dict, not {item!r}"
        return
    name, kind = _name(item), item.get("type")
    fields = FIELDS.get(kind) if isinstance(kind, str) else None
    own = ALL_FIELDS if fields is None else fields
    known = ("name", "type", "sub_button", *own, *(_LINK if "url" in own else ()))
    misspelt = list(unknown_keys(_without_empty(item), known))
    meant = {near for _, near in misspelt}
    yield from _check_name(item, name_limit, is_misspelt="name" in meant)
    for key, near in misspelt:
        if key in ALL_FIELDS or key in _LINK:
            yield f"{name}: a {kind} button takes no {key!r}; it takes {', '.join(own)}"
        else:
            yield f"{name}: {_key_fault(key, near, known)}"
    if fields is None:
        if kind is not None or not meant & {"type", "sub_button"}:
            yield f"{name}: {_type_fault(kind)}"
        return
    yield from _check_link(item, fields)
    for field in fields:
        if field not in item and (field in meant or (field == "url" and "page" in {*item, *meant})):
            continue
        value, limit = item.get(field), _MAX_BYTES.get(field, _MAX_OTHER_BYTES)
        if not isinstance(value, str) or not value:
            yield f"{name}: a {kind} button needs {field}"
        elif (problem := _too_long(value, limit)) or (problem := _no_text(value)):
            yield f"{name}: {field} {problem}"
        elif field == "url" and not _is_web(value):
            yield f"{name}: url must begin with http:// or https:// and name a host"


def _check_link(item: Button, fields: Collection[str]) -> Iterator[str]:
    if "url" not in fields:
        return
    if "page" in item:
        yield from page_faults(item)
        if item.get("url"):
            yield f"{_name(item)}: a button has either page or url, not both"
    elif "scope" in item:
        yield f"{_name(item)}: scope goes with page, which this button does not have"


def page_faults(item: Button) -> Iterator[str]:
    """Yield a fault for a bad `page` and for a bad `scope` of a button, because no URL can be made from
    them."""
    page, name = item["page"], _name(item)
    if not _is_path(page):
        yield f"{name}: page must be a path of this site that begins with /, not {page!r}"
    elif problem := _no_text(page):
        yield f"{name}: page {problem}"
    if "scope" in item and item["scope"] not in SCOPES:
        yield f"{name}: scope must be one of {', '.join(SCOPES)}, not {item['scope']!r}"


def _without_empty(item: Button) -> Button:
    """Return a button without the fields of other types that are empty: some SDKs send and return all
    fields."""
    return {key: value for key, value in item.items() if key not in ALL_FIELDS or value}


def _key_fault(key: Any, near: str | None, known: Collection[str]) -> str:
    if key == "matchrule":
        return "matchrule belongs to a whole menu, in the list CONDITIONAL_MENUS; a button takes none"
    return fault(key, near, known)


def _type_fault(kind: Any) -> str:
    if kind in CONSOLE_TYPES:
        return (
            f"type {kind!r} can be made in WeChat's console only; by API, a click button with a route in "
            "CHAT, or a media_id button, does the same"
        )
    return f"type {kind!r} is none of {', '.join(sorted(FIELDS))}"


def _check_name(item: Button, limit: int, *, is_misspelt: bool = False) -> Iterator[str]:
    name = item.get("name")
    if not isinstance(name, str) or not name:
        if not is_misspelt:
            yield "a button has no name"
    elif problem := _too_long(name, limit):
        yield f"{name}: the name {problem}"
    elif problem := _no_text(name):
        yield f"{name!r}: the name {problem}"


def _too_long(text: str, limit: int) -> str:
    size = len(text.encode("utf-8", "surrogatepass"))
    return f"has {size} bytes, at most {limit} are allowed" if size > limit else ""


def _no_text(text: str) -> str:
    """Return why UTF-8 cannot express a text, or an empty text if it can."""
    half = [char for char in text if "\ud800" <= char <= "\udfff"]
    return f"contains {half[0]!r}, half of a character; write the whole character" if half else ""


def _is_path(page: Any) -> bool:
    return isinstance(page, str) and page.startswith("/") and not page.startswith("//")


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _name(item: Button) -> str:
    return str(item.get("name") or "a button without name")
