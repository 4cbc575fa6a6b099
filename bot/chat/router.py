"""Step 4 of a message: find the handler. The first route of `handlers.CHAT` that matches is taken.

This module must not call the handler.
"""

import asyncio
import copy
import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

from bot.account import Account
from bot.chat.conversation import Conversations, Question
from bot.chat.wire.messages import Incoming

Captures = tuple[Any, ...]
Pattern = str | re.Pattern[str]


@dataclass(frozen=True)
class Chat:
    """The first argument of every handler.

    `message` is the typed message or event (wechatpy's classes: `.content`, `.media_id`, `.scene_id` …).
    `fields` has all elements by WeChat's names. `openid` names the user. `account` has WeChat's API
    (`chat.account.client`) and the people.
    """

    message: Any
    openid: str
    account: Account

    @property
    def fields(self) -> dict[str, Any]:
        """Return a copy of all elements of the delivery, by WeChat's names. Use it for an event that has no
        class yet. An element with children is a dict, and one that repeats is a list."""
        return dict(copy.deepcopy(self.message._data))


Handler = Callable[..., Any]


class Visit:
    """One message that is compared with the routes. The user's open question is read when the first route
    needs it, and only once."""

    def __init__(self, incoming: Incoming, conversations: Conversations) -> None:
        self.incoming = incoming
        self._conversations = conversations
        self._question: Question | None = None
        self._read = False

    @property
    def question(self) -> Question | None:
        """Return the user's open question, or None."""
        if not self._read:
            self._question = self._conversations.asked(self.incoming.openid)
            self._read = True
        return self._question

    def take_question(self) -> bool:
        """End the open question. Return True only if this message gets it: if two messages arrive at the same
        time, exactly one does."""
        return self._conversations.end_question(self.incoming.openid)


@dataclass(frozen=True)
class Route:
    """A line of `handlers.CHAT`. The functions of `bot.chat.on` make it.

    `match` returns the arguments for `handler` after the chat, or None if the message does not match. `slow`,
    `inline` and `ordered` say how the handler runs: see `on.HowToRun`. `label` is the call that made the
    route, for error messages. The other fields describe the messages that match, for checks of the list.
    """

    match: Callable[[Visit], Captures | None]
    handler: Handler
    slow: bool = False
    inline: bool = False
    ordered: bool = False
    label: str = ""
    patterns: Sequence[Pattern] = ()
    msg_type: str | None = None
    click_key: str | None = None
    answer: str | None = None

    @property
    def capture_counts(self) -> set[int]:
        """Return how many captures match() may return."""
        if self.answer is not None:
            return {1}
        return {getattr(pattern, "groups", 0) for pattern in self.patterns} or {0}

    @cached_property
    def name(self) -> str:
        """Return the module and function of the handler, such as `text.echo`; of an object, its class. It is
        the same in every process, and appears in logs."""
        handler: Any = self.handler
        while isinstance(handler, partial):
            handler = handler.func
        if not hasattr(handler, "__name__"):
            handler = type(handler)
        return f"{(handler.__module__ or '').rpartition('.')[2]}.{handler.__name__}"

    @cached_property
    def yields(self) -> bool:
        """Return True if the handler yields its replies, also behind partial() and decorators that use
        functools.wraps."""
        handler: Any = self.handler
        while isinstance(handler, partial) or hasattr(handler, "__wrapped__"):
            handler = handler.func if isinstance(handler, partial) else handler.__wrapped__
        return any(map(inspect.isgeneratorfunction, (handler, type(handler).__call__)))

    @cached_property
    def is_job(self) -> bool:
        """Return True if the handler runs as a job, and not in the request of a delivery."""
        return self.slow or self.ordered or self.yields


class Match(NamedTuple):
    """A route and its captures. `place` finds the route again in another process. It is the name of the
    route and its number among the routes of that name: `text.echo#0`."""

    route: Route
    captures: Captures
    place: str


class Router:
    """The routes in their order, each with its place. `answers` are the names that an `Ask` may give."""

    def __init__(self, routes: Sequence[Route], conversations: Conversations) -> None:
        self._conversations = conversations
        self._routes: dict[str, Route] = {}
        for route in routes:
            number = sum(place.partition("#")[0] == route.name for place in self._routes)
            self._routes[f"{route.name}#{number}"] = route
        self.answers = frozenset(route.answer for route in routes if route.answer is not None)

    def find(self, incoming: Incoming) -> Match | None:
        """Return the first route that matches, or None; the message is then answered `success`.

        If the match function of a route raises an exception, return a match whose handler raises it again.
        The exception is then treated as an error of the handler.
        """
        visit = Visit(incoming, self._conversations)
        for place, route in self._routes.items():
            try:
                captures = route.match(visit)
            except asyncio.CancelledError:  # the client has hung up, or the process ends
                raise
            except BaseException as error:  # the operator's function may raise anything
                return Match(Route(route.match, partial(_failing_match, error)), (), "")
            if captures is not None:
                return Match(route, captures, place)
        return None

    def again(self, place: str, captures: Sequence[Any]) -> Match | None:
        """Return the match that find() returned in another process: `place` names its route. Return None if
        this version has no such route."""
        route = self._routes.get(place)
        return Match(route, tuple(captures), place) if route else None


def _failing_match(error: BaseException, chat: Chat) -> None:
    raise error
