"""Step 4: call the handler and make a reply of what it returns."""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from bot.account import Account
from bot.chat.conversation import Conversations
from bot.chat.replies.kinds import Article, Ask, Image, News, Picture, Reply, Text, as_reply
from bot.chat.router import Chat, Match, Route
from bot.chat.wire.messages import Incoming
from bot.chat.wording import Wording
from bot.errors import HandlerError, StoreError, WeChatError
from bot.server.handler_threads import Pace
from bot.telemetry.log import describe

log = logging.getLogger("bot.handle")


class Outcome(NamedTuple):
    """`reply` is for the user. `problem` says what went wrong, for the operator; `reply` then apologises."""

    reply: Reply | None
    problem: str = ""


class Handle:
    """`answers`: the names of all `on.answer` routes. `forget`: what is done about who has left."""

    def __init__(
        self,
        conversations: Conversations,
        account: Account,
        wording: Wording,
        pace: Pace,
        answers: Collection[str],
        forget: Callable[[str], None],
    ) -> None:
        self._conversations = conversations
        self._account = account
        self._wording = wording
        self._pace = pace
        self._answers = answers
        self._forget = forget

    def __call__(
        self, incoming: Incoming, match: Match | None, *, again: bool, nothing_kept: bool = False
    ) -> Outcome:
        """Run the handler; whatever it raises, the user gets an answer. `again`: a process that began this
        before may have died. `nothing_kept`: no answer waits for the user; if one comes in while the
        handler runs, their next message gets it. Raises nothing."""
        try:
            reply = self._reply(incoming, match)
            if not nothing_kept and incoming.msg_type != "event":
                reply = self._with_kept(incoming, reply, again)
            return Outcome(reply)
        except Exception as error:
            name = match.route.name if match else "none"
            log.error("[handle] handler %s failed: %s", name, describe(error))
            return self.apologise(type(error).__name__)
        finally:
            if incoming.event.casefold() == "unsubscribe":
                self._pace.in_thread(self._say_goodbye, incoming.openid)

    def apologise(self, problem: str) -> Outcome:
        """What the user is told where there can be no answer."""
        return Outcome(Text(self._wording.sorry), problem)

    def _reply(self, incoming: Incoming, match: Match | None) -> Reply | None:
        """Unless the user asks for the rest of a text, the handler's."""
        reply: Reply | None = self._more(incoming)
        if reply is None and match is not None:
            chat = Chat(incoming.message, incoming.openid, self._account)
            result = self._pace.call(match.place, _run, match.route, chat, *match.captures)
            if isinstance(result, Ask) and result.answer not in self._answers:
                raise HandlerError(match.route.name, f"there is no route on.answer({result.answer!r}, …)")
            made = as_reply(result.reply if isinstance(result, Ask) else result, match.route.name)
            reply = self._pace.in_thread(self._upload, made) if isinstance(made, Picture) else made
            if isinstance(result, Ask):  # last: who reads an apology has not been asked anything
                self._conversations.ask(incoming.openid, result)
        return reply

    def _more(self, incoming: Incoming) -> Text | None:
        if incoming.text is None or incoming.text.strip() != self._wording.more:
            return None
        rest = self._conversations.take_rest(incoming.openid)
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
        kept = self._conversations.kept(incoming.openid, incoming.key, again=again)
        if kept is None or reply is None:
            return kept or reply
        if isinstance(kept, Text) and isinstance(reply, Text):
            return Text(f"{kept.content}\n\n{reply.content}")
        self._conversations.keep(incoming.openid, reply, incoming.key)
        return kept

    def _say_goodbye(self, openid: str) -> None:
        try:
            self._forget(openid)
        except StoreError as error:
            log.error("[handle] a user who left is not forgotten: %s", error)


def _run(route: Route, chat: Chat, *captures: Any) -> Any:
    """What the handler returns. What would end a program (argparse does, when a user types an option) or a
    task is an error like any other; only here can it be told from the end of the delivery itself."""
    try:
        return route.handler(chat, *captures)
    except (SystemExit, asyncio.CancelledError) as error:
        gave_up = HandlerError(route.name, f"raised {type(error).__name__}")
        raise gave_up.with_traceback(error.__traceback__) from None
