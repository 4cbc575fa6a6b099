"""Check CHAT and PAGES at start, so that a mistake in them is reported before a user meets it.

This module must not read settings or call a handler.
"""

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from bot.chat.router import Route
from bot.chat.wire.messages import TYPES
from bot.errors import HandlersError

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")


def review(chat: Sequence[Any], pages: Sequence[Any]) -> None:
    """Check all entries. Raises HandlersError with a line for each entry that cannot work."""
    faults = [*_chat(chat), *_pages(pages)]
    if faults:
        raise HandlersError(faults)


def has_page(pages: Sequence[Any], link: str) -> bool:
    """Return True if `link`, a path of this site with or without a query, leads to one of PAGES or to a file
    of `static/`."""
    path = unquote(urlsplit(link).path)
    return path.startswith("/static/") or any(re.fullmatch(pattern, path) for pattern, _ in pages)


def _chat(chat: Sequence[Any]) -> Iterator[str]:
    for number, route in enumerate(chat, 1):
        if isinstance(route, list | tuple):
            yield f"CHAT, entry {number} is a list: write * before it, as in *on.clicks(REPLIES)"
        elif not isinstance(route, Route):
            name = getattr(route, "__name__", repr(route))
            yield f"CHAT, entry {number} is {name}, which is no route: write on.text(…, {name}) or the like"
        else:
            handler: Any = route.handler
            if not callable(handler):
                yield f"CHAT, {route.label}: its handler is {handler!r}; it must be a function"
            else:
                yield from _how_to_run(route)
            if route.msg_type is not None and route.msg_type not in TYPES:
                yield f"CHAT, {route.label}: WeChat has the types {', '.join(sorted(TYPES))}"


def _how_to_run(route: Route) -> Iterator[str]:
    functions: tuple[Any, ...] = (route.handler, type(route.handler).__call__)
    if any(inspect.iscoroutinefunction(one) or inspect.isasyncgenfunction(one) for one in functions):
        yield f"CHAT, {route.label}: {route.name} is an async function; write def without async"
    if route.inline and (route.slow or route.ordered):
        yield f"CHAT, {route.label}: inline=True excludes slow=True and ordered=True"
    if route.inline and route.yields:
        yield f"CHAT, {route.label}: {route.name} yields its replies; leave out inline=True"


def _pages(pages: Sequence[Any]) -> Iterator[str]:
    for number, entry in enumerate(pages, 1):
        if not isinstance(entry, tuple | list) or len(entry) != 2:
            yield f"PAGES, entry {number} is {entry!r}: write (path, class)"
            continue
        path, page = entry
        if not isinstance(path, str) or not path.startswith("/"):
            yield f"PAGES, {path!r}: a path is a text that begins with /"
        elif not _is_pattern(path):
            yield f"PAGES, {path!r}: is no regular expression; write \\ before a literal special character"
        if not isinstance(page, type):
            yield f"PAGES, {path!r}: {page!r} is no class; import the page's class and name it without quotes"
        elif not any(hasattr(page, method) for method in _METHODS):
            yield f"PAGES, {path!r}: {page.__name__} has no method GET or POST"


def _is_pattern(path: str) -> bool:
    try:
        re.compile(path)
    except re.error:
        return False
    return True
