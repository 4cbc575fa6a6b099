"""Step 4: run the handler once and have its reply in time.

A delivery that comes while the run is under way joins it. What is ready before the deadline is the passive
reply; what is not is promised, and delivered late.
"""

import contextvars
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bot.callback import seal
from bot.callback.conversation import Conversations
from bot.callback.dedup import Dedup, State
from bot.callback.late import Late, cut
from bot.callback.messages import Incoming
from bot.callback.replies import Article, Ask, Image, News, Picture, Reply, Text, as_reply
from bot.callback.router import Chat, Match, Router
from bot.callback.wording import Wording
from bot.config import Config
from bot.errors import StoreError, WeChatError
from bot.log import describe
from bot.store import Clock
from bot.wechat.account import Account

log = logging.getLogger("bot.answer")

_LAST_ATTEMPT = 3  # WeChat delivers three times in all
_SLOW_THREADS = 64
# WeChat tries again only if it hears nothing. To be tried again we must outwait its 5 s.
_OUTWAIT_SECONDS = 1.0


@dataclass(frozen=True)
class Answer:
    """`reply` is plain reply XML, empty for `success`. `retry` asks the endpoint for a status that makes
    WeChat deliver again, should it still be listening. The rest is for the log line."""

    reply: bytes
    result: str
    attempt: int
    route: str = ""
    retry: bool = False


class Answerer:
    def __init__(
        self,
        config: Config,
        router: Router,
        dedup: Dedup,
        conversations: Conversations,
        late: Late,
        account: Account,
        wording: Wording,
        clock: Clock = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._config = config
        self._router = router
        self._dedup = dedup
        self._conversations = conversations
        self._late = late
        self._account = account
        self._wording = wording
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._slow = ThreadPoolExecutor(_SLOW_THREADS, thread_name_prefix="slow")

    def answer(self, incoming: Incoming) -> Answer:
        """The answer for one delivery. Runs the handler if no other delivery has. Raises nothing."""
        started = self._monotonic()
        try:
            claim = self._dedup.claim(incoming.key)
        except StoreError as error:
            # Without a store a retry cannot be told from a message: better answered twice than not at all.
            log.error("[answer] no store, answering without it: %s", error)
            return self._run(incoming, self._find(incoming))
        if claim.state is State.DONE:
            return Answer(claim.reply, "repeated", claim.attempt)
        if claim.state is State.RUNNING:
            return self._join(incoming, claim.attempt, started)
        match = self._find(incoming)
        if match is not None and match.route.slow:
            context = contextvars.copy_context()  # carries the request id into the thread's log lines
            self._slow.submit(context.run, self._run, incoming, match)
            return self._join(incoming, claim.attempt, started, match.route.name)
        return self._run(incoming, match)

    def close(self) -> None:
        """Let slow handlers end."""
        self._slow.shutdown(wait=True)

    def _find(self, incoming: Incoming) -> Match | None:
        try:
            return self._router.find(incoming)
        except Exception as error:  # a match function of the operator's own
            log.error("[answer] no route found: %s", describe(error))
            return None

    def _run(self, incoming: Incoming, match: Match | None) -> Answer:
        name = match.route.name if match else ""
        try:
            reply = self._reply(incoming, match)
        except Exception as error:  # whatever a handler raises: the user gets an answer, WeChat a 200
            log.error("[answer] handler %s failed: %s", name, describe(error))
            reply = Text(self._wording.sorry)
        return self._finish(incoming, name, reply)

    def _reply(self, incoming: Incoming, match: Match | None) -> Reply | None:
        """Call the handler, unless the user asks for the rest of a text; add what was kept for them."""
        reply: Reply | None = self._more(incoming)
        if reply is None and match is not None:
            chat = Chat(incoming.message, incoming.openid, self._account)
            result = match.route.handler(chat, *match.captures)
            if isinstance(result, Ask):
                self._conversations.ask(incoming.openid, result)
                result = result.reply
            made = as_reply(result, match.route.name)
            reply = self._upload(made) if isinstance(made, Picture) else made
        return self._with_kept(incoming.openid, reply) if incoming.msg_type != "event" else reply

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
                "[answer] %s cannot be uploaded (errcode=%d): sent as a link", picture.file, error.errcode
            )
            url = self._account.static_url(picture.file)
            return News((Article(picture.title, picture=url, url=url),))

    def _with_kept(self, openid: str, reply: Reply | None) -> Reply | None:
        kept = self._conversations.kept(openid)
        if kept is None or reply is None:
            return kept or reply
        if isinstance(kept, Text) and isinstance(reply, Text):
            return Text(f"{kept.content}\n\n{reply.content}")
        self._conversations.keep(openid, reply)
        return kept

    def _finish(self, incoming: Incoming, route: str, reply: Reply | None) -> Answer:
        """Record the reply for joined and later deliveries, or bring it to the user if it was promised."""
        passive, rest = self._shorten(reply)
        body = b"" if passive is None else seal.render(passive, incoming, self._clock())
        result = "none" if reply is None else "reply"
        try:
            if not self._dedup.finish(incoming.key, body):
                body, result, rest = b"", "late", ""
                if reply is not None:
                    self._late.deliver(incoming.openid, reply)
            if rest:
                self._conversations.put_rest(incoming.openid, rest)
            if incoming.event.casefold() == "unsubscribe":
                self._conversations.forget(incoming.openid)
        except StoreError as error:
            log.error("[answer] reply not recorded: %s", error)
        return Answer(body, result, 1, route)

    def _shorten(self, reply: Reply | None) -> tuple[Reply | None, str]:
        """The reply cut to WeChat's limit, saying how to read on, and the rest."""
        limit = self._config.text_limit_bytes
        if not isinstance(reply, Text) or len(reply.content.encode("utf-8", "replace")) <= limit:
            return reply, ""
        hint = "\n" + self._wording.more_hint
        head, rest = cut(reply.content, limit - len(hint.encode()))
        return Text(head + hint), rest

    def _join(self, incoming: Incoming, attempt: int, started: float, route: str = "") -> Answer:
        budget = self._config.deadline_seconds - (self._monotonic() - started)
        try:
            reply = self._dedup.wait(incoming.key, budget)
            if reply is not None:
                return Answer(reply, "joined", attempt, route)
            may_promise = self._late.pushes or attempt >= _LAST_ATTEMPT
            if may_promise and self._dedup.promise(incoming.key):
                return self._promise(incoming, attempt, route)
            reply = self._dedup.wait(incoming.key, _OUTWAIT_SECONDS)
        except StoreError as error:
            log.error("[answer] cannot join: %s", error)
            return Answer(b"", "no-store", attempt, route, retry=True)
        if reply is not None:
            return Answer(reply, "joined", attempt, route)
        return Answer(b"", "retry", attempt, route, retry=True)

    def _promise(self, incoming: Incoming, attempt: int, route: str) -> Answer:
        if self._late.pushes:
            return Answer(b"", "promised", attempt, route)
        body = seal.render(Text(self._wording.still_working), incoming, self._clock())
        return Answer(body, "still-working", attempt, route)
