"""A reply as the answer to a delivery, cut to what WeChat takes."""

from bot.chat.conversation import Conversations
from bot.chat.replies.as_push import cut
from bot.chat.replies.kinds import Reply, Text
from bot.chat.wire import seal
from bot.chat.wire.messages import Incoming
from bot.chat.wording import Wording


class Passive:
    """`text_limit` in UTF-8 bytes."""

    def __init__(self, conversations: Conversations, wording: Wording, text_limit: int) -> None:
        self._conversations = conversations
        self._wording = wording
        self._text_limit = text_limit

    def __call__(self, incoming: Incoming, reply: Reply | None, at: float, *, first: bool = False) -> bytes:
        """Reply XML with CreateTime `at`, or nothing; the first time, the rest of a cut text is put by."""
        if isinstance(reply, Text) and len(reply.content.encode("utf-8", "replace")) > self._text_limit:
            hint = "\n" + self._wording.more_hint
            head, rest = cut(reply.content, self._text_limit - len(hint.encode()))
            reply = Text(head + hint)
            if first:
                self._conversations.put_rest(incoming.openid, rest)
        return b"" if reply is None else seal.render(reply, incoming, at)
