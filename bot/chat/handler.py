"""Step 5 of a message: call its handler, and make a reply of the value that the handler returns.

This module must not read deliveries, deadlines or records.
"""

import inspect
import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from functools import partial
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

_MOST_REPLIES = 20  # of one run of a handler: more is a loop that does not end


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
    operator, and `reply` is an apology. `more` are further replies that could not be joined with `reply`."""

    reply: Reply | None
    problem: str = ""
    more: tuple[Reply, ...] = ()


class Said(NamedTuple):
    """One reply of a handler that yields its replies. `number` counts the values that the handler yields,
    from 1; an answer that was kept for the user has the number 0. `problem` as in Outcome."""

    number: int
    reply: Reply
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
        if match is not None and match.route.yields:
            return self._joined(incoming, match)
        try:
            if self._asks_for_more(incoming):
                reply = self._more(incoming, again)
                if reply is not None:
                    return Outcome(reply)
            reply = None
            if match is not None:
                chat = Chat(incoming.message, incoming.openid, self._account)
                call = self._threads.inline if match.route.inline else self._threads.call
                result = call(match.route.name, _call, match.route, chat, *match.captures)
                reply = self._made(incoming, match.route.name, result)
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

    def last_apology(self, number: int, problem: str) -> Said:
        """Return the apology that follows the reply with this number."""
        return Said(number + 1, Text(self._wording.sorry), problem)

    # -- a handler that yields its replies

    def replies(
        self, incoming: Incoming, match: Match, after: int = -1, *, with_kept: bool = True
    ) -> Generator[Said, None, None]:
        """Run a handler that yields its replies, and yield each reply as soon as it is ready. If the handler
        fails, the last reply is the apology.

        Leave out the replies up to the number `after`: an earlier run has given them. Close this iterator to
        close the handler. Raises only StoreError, when a kept answer is read.
        """
        is_message = incoming.msg_type != "event" and not self._asks_for_more(incoming)
        is_first = with_kept and after < 0 and is_message
        try:
            with closing(self._said(incoming, match, after)) as said:
                for one in said:
                    takes_kept, is_first = is_first and not one.problem, False
                    if takes_kept:
                        kept = self.conversations.kept(incoming.openid, incoming.key, again=True)
                        joined = kept.followed_by(one.reply) if kept else None
                        if kept and not joined:
                            yield Said(0, kept)
                        one = one._replace(reply=joined or one.reply)
                    yield one
            if is_first and (kept := self.conversations.kept(incoming.openid, incoming.key, again=True)):
                yield Said(0, kept)
        finally:
            if incoming.msg_type == "event" and (person := incoming.to_forget):
                self._threads.in_thread(self._erase, person)

    def _said(self, incoming: Incoming, match: Match, after: int) -> Generator[Said, None, None]:
        name, number = match.route.name, 0
        try:
            with closing(self._values(incoming, match)) as values:
                for number, value in enumerate(values, 1):
                    if number > _MOST_REPLIES:
                        log.error("[handle] handler %s ended after %d replies", name, _MOST_REPLIES)
                        return
                    reply = self._made(incoming, name, value) if number > after else None
                    if reply is not None:
                        yield Said(number, reply)
        except Exception as error:
            log.error("[handle] handler %s failed: %s", name, describe(error))
            # An earlier run may have got further: the number must be higher than those of its replies.
            yield self.last_apology(max(number, after), type(error).__name__)

    def _values(self, incoming: Incoming, match: Match) -> Generator[Any, None, None]:
        """Yield what the handler yields, then what it returns."""
        if self._asks_for_more(incoming):
            reply = self._more(incoming, again=True)
            if reply is not None:
                yield reply
                return
        chat = Chat(incoming.message, incoming.openid, self._account)
        call = partial(self._threads.call, match.route.name)
        result = call(_call, match.route, chat, *match.captures)
        if not inspect.isgenerator(result):  # a decorator has returned a reply in place of the handler
            yield result
            return
        try:
            is_last = False
            while not is_last:
                value, is_last = call(_next, match.route, result)
                yield value
        finally:
            call(_close, match.route, result)

    def _joined(self, incoming: Incoming, match: Match) -> Outcome:
        """Run a handler that yields its replies to its end, and join the replies. Only jobs can send single
        replies, and without the store there are no jobs."""
        joined: list[Reply] = []
        problem = ""
        for said in self.replies(incoming, match, with_kept=False):
            both = joined[-1].followed_by(said.reply) if joined else None
            joined[-1:] = [both] if both else [*joined[-1:], said.reply]
            problem = said.problem
        return Outcome(joined[0] if joined else None, problem, tuple(joined[1:]))

    # -- from a value to a reply

    def _made(self, incoming: Incoming, name: str, result: Any) -> Reply | None:
        """Return the reply for a value that the handler `name` has returned or yielded."""
        if isinstance(result, Ask) and result.answer not in self._router.answers:
            raise HandlerError(name, f"there is no route on.answer({result.answer!r}, …)")
        made = as_reply(result.reply if isinstance(result, Ask) else result, name)
        reply = self._threads.in_thread(self._upload, made) if isinstance(made, Picture) else made
        if reply is not None and not reply.is_answer and not self._account.can_push:
            kind = type(reply).__name__
            raise HandlerError(name, f"returned {kind}, which can only be pushed; this account may not push")
        # last, because a user who gets an apology has not been asked the question
        if isinstance(result, Ask):
            self.conversations.ask(incoming.openid, result)
        return reply

    def _asks_for_more(self, incoming: Incoming) -> bool:
        return incoming.text is not None and incoming.text.strip() == self._wording.more

    def _more(self, incoming: Incoming, again: bool) -> Reply | None:
        """Return what the user gets for `Wording.more`: the rest of a long text, else a kept answer. A
        text ends with the hint if more is kept."""
        rest = self.conversations.take_rest(incoming.openid)
        reply = Text(rest) if rest else self.conversations.kept(incoming.openid, incoming.key, again=again)
        if reply and self.conversations.has_kept(incoming.openid):
            return reply.with_hint(f"\n{self._wording.more_hint}")
        return reply

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

    A BaseException becomes an error of the handler: SystemExit (argparse raises it if a user types an
    option), CancelledError, the panic of an extension in Rust. Only here can it be distinguished from the end
    of the delivery itself.
    """
    try:
        return route.handler(chat, *captures)
    except Exception:
        raise
    except BaseException as error:
        raise _gave_up(route, error) from None


def _next(route: Route, replies: Generator[Any, None, Any]) -> tuple[Any, bool]:
    """Return the next value that a handler yields, or its return value and True."""
    try:
        return next(replies), False
    except StopIteration as end:
        return end.value, True
    except Exception:
        raise
    except BaseException as error:
        raise _gave_up(route, error) from None


def _close(route: Route, replies: Generator[Any, None, Any]) -> None:
    """Let the `finally` blocks of a handler run. Raises nothing."""
    try:
        replies.close()
    except BaseException as error:  # also what _call() turns into an error of the handler
        log.error("[handle] handler %s failed while it was closed: %s", route.name, describe(error))


def _gave_up(route: Route, error: BaseException) -> HandlerError:
    return HandlerError(route.name, f"raised {type(error).__name__}").with_traceback(error.__traceback__)
