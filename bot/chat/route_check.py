"""Check CHAT at start, so that a mistake in it is reported before a user meets it.

This module must not read settings or call a handler.
"""

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.chat.router import Route
from bot.chat.wire.messages import TYPES
from bot.errors import short_path

# What a plain text has only if its author means a regular expression. Emoticons and prices must not match.
_EXPRESSION = re.compile(
    r"\\[dDwWsSbB]"  # \d \w \s
    r"|\.[*+]"  # .* .+
    r"|[)\]][*+?{]"  # (…)? […]+
    r"|\[[^\]]+-[^\]]+\]"  # [a-z]
    r"|\(\?"  # (?i)
    r"|.\|."  # 帮助|help
    r"|^\^.+\$$",
    re.DOTALL,
)


def route_faults(chat: Sequence[Any]) -> Iterator[str]:
    """Yield a line for each entry of CHAT that cannot work."""
    for number, route in enumerate(chat, 1):
        if isinstance(route, list | tuple):
            yield f"CHAT, entry {number} is a list: write * before it, as in *on.clicks(REPLIES)"
        elif not isinstance(route, Route):
            name = getattr(route, "__name__", repr(route))
            yield f"CHAT, entry {number} is {name}, which is no route: write on.text(…, {name}) or the like"
        else:
            for fault in _faults_of(route):
                yield f"CHAT, {route.label}: {fault}"


def _faults_of(route: Route) -> Iterator[str]:
    handler: Any = route.handler
    if not callable(handler):
        yield f"its handler is {handler!r}; it must be a function"
    else:
        yield from _how_to_run(route)
        problem = _misfit(route)
        if problem and not any(map(_looks_like_expression, route.patterns)):  # then it has no captures yet
            yield problem
    if route.msg_type is not None and route.msg_type not in TYPES:
        yield f"WeChat has the types {', '.join(sorted(TYPES))}"
    for pattern in route.patterns:
        if _looks_like_expression(pattern):
            yield (
                f"{pattern!r} is a plain text, which users would have to type like that. For a regular "
                f'expression write re.compile(r"…"); for this very text re.compile(re.escape("…"))'
            )


def _looks_like_expression(pattern: str | re.Pattern[str]) -> bool:
    return isinstance(pattern, str) and _EXPRESSION.search(pattern) is not None


def _how_to_run(route: Route) -> Iterator[str]:
    functions: tuple[Any, ...] = (route.handler, type(route.handler).__call__)
    if any(inspect.iscoroutinefunction(one) or inspect.isasyncgenfunction(one) for one in functions):
        yield f"{route.name} is an async function; write def without async"
    if route.inline and (route.slow or route.ordered):
        yield "inline=True excludes slow=True and ordered=True"
    if route.inline and route.yields:
        yield f"{route.name} yields its replies; leave out inline=True"


def _place(handler: Any) -> str:
    """Return ` in shop/__init__.py, line 7`, or an empty text for a function that has no file."""
    code = getattr(handler, "__code__", None)
    return f" in {short_path(code.co_filename)}, line {code.co_firstlineno}" if code else ""


def _misfit(route: Route) -> str | None:
    """Return why the handler cannot be called with a Chat and the captures of its route, or None."""
    try:
        signature = inspect.signature(route.handler)
    except (TypeError, ValueError):  # some functions of C modules have none
        return None
    for count in sorted(route.capture_counts):
        try:
            signature.bind(*[None] * (1 + count))
        except TypeError:
            gets = "chat" if count == 0 else f"chat and {count} capture{'s' * (count > 1)}"
            names = ", ".join(["chat", *(f"part{number}" for number in range(1, count + 1))])
            name = getattr(route.handler, "__name__", "handler")
            return (
                f"its handler {route.name} does not fit: the route calls it with {gets}; "
                f"write def {name}({names}){_place(route.handler)}"
            )
    return None
