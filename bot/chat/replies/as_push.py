"""A reply as customer-service messages, which may be sent at any time while WeChat's window is open."""

from collections.abc import Iterator
from typing import Any

from bot.chat.replies.kinds import Image, Music, News, Reply, Text, Transfer, Video, Voice


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
