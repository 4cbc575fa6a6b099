"""Step 7 of a message: turn the answer into the bytes that WeChat reads. Encrypt it if the delivery was
encrypted.

This module must not read the text of the message.
"""

import logging
from typing import NamedTuple

from bot.chat.conversation import Conversations
from bot.chat.replies.kinds import Reply
from bot.chat.wire.envelope import Envelope, sign
from bot.chat.wire.gate import Opened
from bot.chat.wire.messages import Incoming
from bot.chat.wire.xml import element
from bot.config import Config
from bot.errors import StoreError
from bot.store import Clock

log = logging.getLogger("bot.seal")


class Answer(NamedTuple):
    """The answer to a delivery. Without a `reply` WeChat gets `success`.

    `at`: when the reply was ready, unix seconds (0: now). `is_first`: no delivery has had this reply before.
    `retry`: answer with a status that makes WeChat deliver again, if the connection is still open. `result`,
    `attempt` (the number of this delivery, from 1) and `route` are for the log line.
    """

    reply: Reply | None
    result: str
    attempt: int
    route: str = ""
    at: float = 0
    is_first: bool = False
    retry: bool = False


class Seal:
    """Seal replies for one account. A reply is sealed again for every delivery."""

    def __init__(self, config: Config, clock: Clock, conversations: Conversations, more_hint: str) -> None:
        self._token = config.token
        self._text_limit = config.text_limit_bytes
        self._clock = clock
        self._conversations = conversations
        self._hint = "\n" + more_hint
        plain = config.mode == "plain"
        self._envelope = None if plain else Envelope(config.encoding_aes_key, config.app_id)

    def close(self, answer: Answer, opened: Opened) -> bytes:
        """Return the body of the HTTP answer. Without a reply it is the word `success`, in every mode."""
        if answer.reply is None:
            return b"success"
        reply = self._within_limit(answer.reply, opened.incoming, keep_rest=answer.is_first)
        body = render(reply, opened.incoming, answer.at or self._clock())
        if not opened.encrypted or self._envelope is None:
            return body
        return encrypted(body, self._envelope, self._token, str(int(self._clock())), opened.nonce)

    def _within_limit(self, reply: Reply, incoming: Incoming, *, keep_rest: bool) -> Reply:
        """Return `reply`, or its first part and a hint if it is a text over the limit. With `keep_rest`,
        store the other part: the user gets it by typing `more`."""
        head, rest = reply.cut(self._text_limit, self._hint)
        if rest and keep_rest:
            try:
                self._conversations.put_rest(incoming.openid, rest)
            except StoreError as error:
                log.error("[seal] the rest of a long text is lost: %s", error)
        return head


def render(reply: Reply, incoming: Incoming, now: float) -> bytes:
    """Return plain reply XML. ToUserName and FromUserName of the message are swapped. CreateTime is `now` in
    seconds."""
    return (
        f"<xml>{element('ToUserName', incoming.openid)}{element('FromUserName', incoming.account)}"
        f"<CreateTime>{int(now)}</CreateTime>{reply.answer()}</xml>"
    ).encode()


def encrypted(body: bytes, envelope: Envelope, token: str, timestamp: str, nonce: str) -> bytes:
    """Return the XML that carries `body` encrypted and signed. `nonce` is the nonce of the delivery."""
    encrypt = envelope.encrypt(body)
    signature = sign(token, timestamp, nonce, encrypt)
    return (
        f"<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp>{element('Nonce', nonce)}</xml>"
    ).encode()
