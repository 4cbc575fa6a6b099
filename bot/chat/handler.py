"""Step 5 of a message: call its handler, and make a reply of the value that the handler returns.

This module must not read deliveries, deadlines or records.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from bot.account import Account
from bot.chat.conversation import Conversations
from bot.chat.erasure import Erasure
from bot.chat.replies.kinds import Article, Image, News, Reply, Text
from bot.chat.replies.returned import Ask, Picture, as_reply
from bot.chat.router import Chat, Match, Route, Router
from bot.chat.wire.messages import Incoming
from bot.chat.wording import Wording
from bot.errors import HandlerError, StoreError, WeChatError
from bot.telemetry.log import describe

log = logging.getLogger("bot.handle")


class Threads(Protocol):
    """The threads in which handlers run, so that a handler that waits does not delay other users."""

    def call(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """Call the handler `function` in a thread. Return what it returns, or raise what it raises. `name`
        names the handler in the log."""

    def inline(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """Call the handler `function` as call() does, but on the event loop: it must not wait."""

    def has_room(self) -> bool:
        """Return True if another handler may begin now."""

    def in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a slow function in a thread and return its result."""

    def close(self) -> None:
        """Let each thread end when its handler has ended."""


class Outcome(NamedTuple):
    """The result of a run. `reply` is for the user. If the handler failed, `problem` gives the reason for the
    operator, and `reply` is an apology."""

    reply: Reply | None
    problem: str = ""


class Handlers:
    """The operator's handlers, as the engine calls them."""

    def __init__(
        self,
        router: Router,
        conversations: Conversations,
        account: Account,
        wording: Wording,
        threads: Threads,
        erasure: Erasure,
    ) -> None:
        self.conversations = conversations
        self._router = router
        self._account = account
        self._wording = wording
        self._threads = threads
        self._erasure = erasure

    def find(self, incoming: Incoming) -> Match | None:
        """Return the route of a message, or None."""
        return self._router.find(incoming)

    def found_before(self, place: str, captures: Sequence[Any]) -> Match | None:
        """Return the match that find() returned in another process: `place` names its route. Return None if
        this version has no such route."""
        return self._router.again(place, captures)

    def has_room(self, match: Match) -> bool:
        """Return True if this handler may begin now. Return False if so many handlers run in this process
        that it must run as a job."""
        return match.route.inline or self._threads.has_room()

    def run(
        self, incoming: Incoming, match: Match | None, *, again: bool, nothing_kept: bool = False
    ) -> Outcome:
        """Run the handler. The user gets an answer even if the handler fails. Raises nothing.

        `again`: an earlier run may have died. `nothing_kept`: no answer is kept for this user. If one is kept
        while the handler runs, the user's next message gets it.
        """
        try:
            reply = self._reply(incoming, match)
            if not nothing_kept and incoming.msg_type != "event":
                reply = self._with_kept(incoming, reply, again)
            return Outcome(reply)
        except Exception as error:
            name = match.route.name if match else "none"
            log.error("[handle] handler %s failed: %s", name, describe(error))
            return self.apology(type(error).__name__)
        finally:
            if incoming.msg_type == "event" and (person := incoming.to_forget):
                self._threads.in_thread(self._erase, person)

    def apology(self, problem: str) -> Outcome:
        """Return the apology that the user gets if there can be no answer."""
        return Outcome(Text(self._wording.sorry), problem)

    def _reply(self, incoming: Incoming, match: Match | None) -> Reply | None:
        """Run the handler and return its reply. If the user asks for the rest of a long text
        (`Wording.more`), return that instead."""
        reply: Reply | None = self._rest(incoming)
        if reply is None and match is not None:
            name = match.route.name
            chat = Chat(incoming.message, incoming.openid, self._account)
            call = self._threads.inline if match.route.inline else self._threads.call
            result = call(name, _call, match.route, chat, *match.captures)
            if isinstance(result, Ask) and result.answer not in self._router.answers:
                raise HandlerError(name, f"there is no route on.answer({result.answer!r}, …)")
            made = as_reply(result.reply if isinstance(result, Ask) else result, name)
            reply = self._threads.in_thread(self._upload, made) if isinstance(made, Picture) else made
            if reply is not None and not reply.is_answer and not self._account.can_push:
                kind = type(reply).__name__
                raise HandlerError(
                    name, f"returned {kind}, which can only be pushed; this account may not push"
                )
            # last, because a user who gets an apology has not been asked the question
            if isinstance(result, Ask):
                self.conversations.ask(incoming.openid, result)
        return reply

    def _rest(self, incoming: Incoming) -> Text | None:
        if incoming.text is None or incoming.text.strip() != self._wording.more:
            return None
        rest = self.conversations.take_rest(incoming.openid)
        return Text(rest) if rest else None

    def _upload(self, picture: Picture) -> Reply:
        try:
            return Image(self._account.media_id(picture.file))
        except WeChatError as error:
            log.warning(
                "[handle] %s cannot be uploaded (errcode=%d): sent as a link", picture.file, error.errcode
            )
            url = self._account.static_url(picture.file)
            return News((Article(picture.title, picture=url, url=url),))

    def _with_kept(self, incoming: Incoming, reply: Reply | None, again: bool) -> Reply | None:
        """Return `reply` together with the answer that is kept for this user, if there is one. If the two
        cannot be joined, return the kept answer and keep `reply`."""
        kept = self.conversations.kept(incoming.openid, incoming.key, again=again)
        if kept is None or reply is None:
            return kept or reply
        if joined := kept.followed_by(reply):
            return joined
        self.conversations.keep(incoming.openid, reply, incoming.key)
        return kept

    def _erase(self, openid: str) -> None:
        try:
            self._erasure.erase(openid)
        except StoreError as error:
            log.error("[handle] the data of a user who left is not deleted: %s", error)


def _call(route: Route, chat: Chat, *captures: Any) -> Any:
    """Call the handler and return its result.

    SystemExit (argparse raises it if a user types an option) and CancelledError become an error of the
    handler. Only here can they be distinguished from the end of the delivery itself.
    """
    try:
        return route.handler(chat, *captures)
    except (SystemExit, asyncio.CancelledError) as error:
        gave_up = HandlerError(route.name, f"raised {type(error).__name__}")
        raise gave_up.with_traceback(error.__traceback__) from None
