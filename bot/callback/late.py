"""Answers that are ready too late for WeChat: pushed as customer-service messages, or kept for the user's
next message where the account may not push. Also cuts texts to WeChat's byte limit."""

import logging
from collections.abc import Iterator
from typing import Any

from bot.callback.conversation import Conversations
from bot.callback.replies import Image, Music, News, Reply, Text, Transfer, Video, Voice
from bot.errors import WeChatError
from bot.wechat.account import Account

log = logging.getLogger("bot.late")


def cut(text: str, limit: int) -> tuple[str, str]:
    """Split after at most `limit` UTF-8 bytes, between characters, and not inside a link if that can be
    helped. Both parts joined are `text`."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return text, ""
    head = data[:limit].decode("utf-8", "ignore")
    link = head.rfind("<a ")
    if link > 0 and head.rfind("</a>") < link:
        head = head[:link]
    return head, text[len(head) :]


def pieces(text: str, limit: int) -> Iterator[str]:
    """`text` in pieces of at most `limit` UTF-8 bytes each."""
    while text:
        head, text = cut(text, limit)
        yield head


def custom_messages(reply: Reply, text_limit: int) -> list[dict[str, Any]]:
    """The bodies for /cgi-bin/message/custom/send, without `touser`. A Transfer has none."""
    match reply:
        case Text(content):
            return [{"msgtype": "text", "text": {"content": part}} for part in pieces(content, text_limit)]
        case Image(media_id):
            return [{"msgtype": "image", "image": {"media_id": media_id}}]
        case Voice(media_id):
            return [{"msgtype": "voice", "voice": {"media_id": media_id}}]
        case Video(media_id, title, description):
            video = {"media_id": media_id, "title": title, "description": description}
            return [{"msgtype": "video", "video": video}]
        case Music(thumb, title, description, url, hq_url):
            music = {
                "title": title,
                "description": description,
                "musicurl": url,
                "hqmusicurl": hq_url,
                "thumb_media_id": thumb,
            }
            return [{"msgtype": "music", "music": music}]
        case News(articles):
            first = articles[0]  # one card is all that a customer-service message may hold (45008)
            card = {
                "title": first.title,
                "description": first.description,
                "picurl": first.picture,
                "url": first.url,
            }
            return [{"msgtype": "news", "news": {"articles": [card]}}]
        case Transfer():
            return []


class Late:
    def __init__(
        self, account: Account, conversations: Conversations, *, push: bool, text_limit: int
    ) -> None:
        self._account = account
        self._conversations = conversations
        self._push = push
        self._text_limit = text_limit

    @property
    def pushes(self) -> bool:
        """Whether late answers reach the user by themselves."""
        return self._push

    def deliver(self, openid: str, reply: Reply) -> None:
        """Push the reply; what WeChat will not take is kept for the user's next message."""
        if not self._push:
            self._conversations.keep(openid, reply)
            return
        try:
            for message in custom_messages(reply, self._text_limit):
                self._account.client.post("message/custom/send", data={"touser": openid, **message})
            log.info("[late] pushed: openid=%s", openid)
        except WeChatError as error:
            log.warning("[late] push refused, answer kept for the next message: errcode=%d", error.errcode)
            self._conversations.keep(openid, reply)
