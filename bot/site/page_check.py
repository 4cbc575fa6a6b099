"""Check PAGES at start, so that a mistake in them is reported before a visitor meets it.

This module must not run a page.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from bot.site.page import Page
from bot.site.templates import Templates

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")


def page_faults(pages: Sequence[Any], templates: Templates) -> Iterator[str]:
    """Yield a line for each entry of PAGES that cannot work, or that renders a template that does not
    exist."""
    known = templates.names()
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
        else:
            rendered = _rendered(page)
            if rendered and not issubclass(page, Page):
                yield f"PAGES, {path!r}: {page.__name__} calls self.render; write class {page.__name__}(Page)"
            for name in sorted(rendered - known):
                yield f"PAGES, {path!r}: {page.__name__} renders {name!r}, but there is no {name}.html"


def has_page(pages: Sequence[Any], link: str) -> bool:
    """Return True if `link`, a path of this site with or without a query, leads to one of PAGES or to a file
    of `static/`."""
    path = unquote(urlsplit(link).path)
    return path.startswith("/static/") or any(re.fullmatch(pattern, path) for pattern, _ in pages)


def _is_pattern(path: str) -> bool:
    try:
        re.compile(path)
    except re.error:
        return False
    return True


def _rendered(page: type) -> set[str]:
    """Return the names of the templates in the calls `self.render("name", …)` of a page's class."""
    try:
        source = textwrap.dedent(inspect.getsource(page))
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError):  # a class that was made without a file
        return set()
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "render"
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "self"
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }
