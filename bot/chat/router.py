"""Step 3: which handler? The routes of `handlers.CHAT` in listed order; the first that matches wins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

from bot.account import Account
from bot.chat.conversation import Conversations, Question
from bot.chat.wire.messages import Incoming

Captures = tuple[Any, ...]


@dataclass(frozen=True)
class Chat:
    """What every handler gets first.

    `message` is the typed message or event (wechatpy's classes: `.content`, `.media_id`, `.scene_id` …),
    `openid` the user, `account` the way to WeChat's API (`chat.account.client`).
    """

    message: Any
    openid: str
    account: Account


Handler = Callable[..., Any]


class Visit:
    """One message on its way through the routes; reads the user's open question once, if a route asks."""

    def __init__(self, incoming: Incoming, conversations: Conversations) -> None:
        self.incoming = incoming
        self._conversations = conversations
        self._question: Question | None = None
        self._read = False

    @property
    def question(self) -> Question | None:
        if not self._read:
            self._question = self._conversations.asked(self.incoming.openid)
            self._read = True
        return self._question

    def take_question(self) -> bool:
        """Claim the open question for this message: of two at once, one gets it."""
        return self._conversations.end_question(self.incoming.openid)


@dataclass(frozen=True)
class Route:
    """`match` returns the captures to call `handler` with after the chat, or None. `slow` handlers may
    take longer than WeChat waits. Made by the functions of `bot.chat.on`; `label` is how it is written,
    the fields after it what it waits for."""

    match: Callable[[Visit], Captures | None]
    handler: Handler
    slow: bool = False
    label: str = ""
    msg_type: str | None = None
    click_key: str | None = None
    answer: str | None = None

    @cached_property
    def name(self) -> str:
        """Module and function of the handler, or its class where it is an object: for logs, and the same in
        every process."""
        handler: Any = self.handler
        while isinstance(handler, partial):
            handler = handler.func
        if not hasattr(handler, "__name__"):
            handler = type(handler)
        return f"{(handler.__module__ or '').rpartition('.')[2]}.{handler.__name__}"


class Match(NamedTuple):
    """A route and what it captured. `place` finds the route again in another process: its name, and which
    of the routes with this name it is."""

    route: Route
    captures: Captures
    place: str


class Router:
    """The routes in order, each with its place. `answers`: what questions may be answered by."""

    def __init__(self, routes: Sequence[Route], conversations: Conversations) -> None:
        self._conversations = conversations
        self._routes: dict[str, Route] = {}
        for route in routes:
            number = sum(place.partition("#")[0] == route.name for place in self._routes)
            self._routes[f"{route.name}#{number}"] = route
        self.answers = frozenset(route.answer for route in routes if route.answer is not None)

    def find(self, incoming: Incoming) -> Match | None:
        """The first matching route, or None: the message is answered `success`. Where a match function of the
        operator's own fails, it is found, and its handler will fail in the same way."""
        visit = Visit(incoming, self._conversations)
        for place, route in self._routes.items():
            try:
                captures = route.match(visit)
            except Exception as error:
                return Match(Route(route.match, partial(_failing_match, error)), (), "")
            if captures is not None:
                return Match(route, captures, place)
        return None

    def again(self, place: str, captures: Sequence[Any]) -> Match | None:
        """What find() found, from its place and captures; None if that route is no longer there."""
        route = self._routes.get(place)
        return Match(route, tuple(captures), place) if route else None


def _failing_match(error: Exception, chat: Chat) -> None:
    raise error
