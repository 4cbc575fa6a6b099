"""The kinds of reply. Each kind has its XML as the answer to a delivery and its messages to push.

To add a kind, write a class here. A kind without answer() is always pushed. A kind without pushes() cannot be
pushed; if it is late, the user gets it as the answer to their next message. So does a reply of which WeChat
requires more in a push than it has (`has_all_for_push`).
wechatpy's classes are not used: they put text raw into CDATA, lack TransInfo, and cannot be stored.
Elements and limits: "passive user reply" and "customer service messages" of WeChat's developer documents.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from bot.chat.replies.text_limit import cut, is_too_long, pieces
from bot.chat.wire.xml import element
from bot.store.codec import build

Message = dict[str, Any]  # a body for /cgi-bin/message/custom/send, without `touser`


_RESERVED = {"kind", "source"}  # field names of the stored form


class Reply:
    """A reply of a handler. Subclasses are frozen dataclasses. Their fields are texts, tuples, or
    dataclasses of these; a field that holds dataclasses is rebuilt from the store in `__post_init__`, as
    in News."""

    kinds: ClassVar[dict[str, type["Reply"]]] = {}
    is_answer: ClassVar[bool]  # True if WeChat accepts this kind as the answer to a delivery

    def __init_subclass__(cls) -> None:
        if cls.answer is Reply.answer and cls.pushes is Reply.pushes:
            raise TypeError(f"{cls.__name__} needs answer(), pushes() or both: else it could not be sent")
        if taken := _RESERVED & set(cls.__annotations__):
            raise TypeError(f"{cls.__name__}: a field cannot be named {' or '.join(sorted(taken))}")
        cls.is_answer = cls.answer is not Reply.answer
        Reply.kinds[cls.__name__] = cls

    def answer(self) -> str:
        """Return the XML elements of this reply, from MsgType on."""
        raise NotImplementedError  # never called: is_answer is False for a kind without answer()

    def pushes(self, text_limit: int) -> list[Message]:
        """Return the messages to push, in this order. A text is cut into parts of at most `text_limit` UTF-8
        bytes."""
        return []

    @property
    def has_all_for_push(self) -> bool:
        """Return False if WeChat requires more of a push than this reply has. The user then gets it as the
        answer to their next message."""
        return True

    def cut(self, text_limit: int, hint: str) -> tuple["Reply", str]:
        """Return a reply that is within `text_limit` UTF-8 bytes, and the rest of its text. A reply that
        is cut ends with `hint`."""
        return self, ""

    def with_hint(self, hint: str) -> "Reply":
        """Return this reply with `hint` at the end of its text. A reply without a text stays as it is."""
        return self

    def unsent(self, sent: int, text_limit: int) -> "Reply":
        """Return what is left of this reply after the first `sent` messages of pushes() were sent."""
        return self

    def followed_by(self, other: "Reply") -> "Reply | None":
        """Return one reply that says this and then `other`, or None if one reply cannot."""
        return None


@dataclass(frozen=True)
class Text(Reply):
    content: str

    def answer(self) -> str:
        return _kind("text") + element("Content", self.content)

    def pushes(self, text_limit: int) -> list[Message]:
        parts = pieces(self.content, text_limit)
        return [{"msgtype": "text", "text": {"content": part}} for part in parts]

    def cut(self, text_limit: int, hint: str) -> tuple[Reply, str]:
        if not is_too_long(self.content, text_limit):
            return self, ""
        head, rest = cut(self.content, text_limit - len(hint.encode()))
        return Text(head + hint), rest

    def with_hint(self, hint: str) -> Reply:
        return Text(self.content + hint)

    def unsent(self, sent: int, text_limit: int) -> Reply:
        return Text("".join(list(pieces(self.content, text_limit))[sent:]))

    def followed_by(self, other: Reply) -> Reply | None:
        return Text(f"{self.content}\n\n{other.content}") if isinstance(other, Text) else None


@dataclass(frozen=True)
class Image(Reply):
    media_id: str

    def answer(self) -> str:
        return _kind("image") + f"<Image>{element('MediaId', self.media_id)}</Image>"

    def pushes(self, text_limit: int) -> list[Message]:
        return [{"msgtype": "image", "image": {"media_id": self.media_id}}]


@dataclass(frozen=True)
class Voice(Reply):
    media_id: str

    def answer(self) -> str:
        return _kind("voice") + f"<Voice>{element('MediaId', self.media_id)}</Voice>"

    def pushes(self, text_limit: int) -> list[Message]:
        return [{"msgtype": "voice", "voice": {"media_id": self.media_id}}]


@dataclass(frozen=True)
class Video(Reply):
    """An answer needs the video only. WeChat requires `thumb_media_id`, the id of a picture, for a push:
    a late video without it is kept for the user's next message."""

    media_id: str
    title: str = ""
    description: str = ""
    thumb_media_id: str = ""

    def answer(self) -> str:
        parts = (("MediaId", self.media_id), ("Title", self.title), ("Description", self.description))
        return _kind("video") + f"<Video>{_optional(*parts)}</Video>"

    def pushes(self, text_limit: int) -> list[Message]:
        video = {name: text for name, text in vars(self).items() if text}
        return [{"msgtype": "video", "video": video}]

    @property
    def has_all_for_push(self) -> bool:
        return bool(self.thumb_media_id)


@dataclass(frozen=True)
class Music(Reply):
    """Music at a URL. Phones on wifi play `hq_url`. WeChat requires `thumb_media_id`.

    WeChat requires both URLs for a push: if one is empty, the push has the other one twice. A late Music
    without a URL is not pushed, but kept for the user's next message."""

    thumb_media_id: str
    title: str = ""
    description: str = ""
    url: str = ""
    hq_url: str = ""

    def answer(self) -> str:
        parts = (
            ("Title", self.title),
            ("Description", self.description),
            ("MusicUrl", self.url),
            ("HQMusicUrl", self.hq_url),
            ("ThumbMediaId", self.thumb_media_id),
        )
        return _kind("music") + f"<Music>{_optional(*parts)}</Music>"

    def pushes(self, text_limit: int) -> list[Message]:
        music = {
            "title": self.title,
            "description": self.description,
            "musicurl": self.url or self.hq_url,
            "hqmusicurl": self.hq_url or self.url,
            "thumb_media_id": self.thumb_media_id,
        }
        return [{"msgtype": "music", "music": music}]

    @property
    def has_all_for_push(self) -> bool:
        return bool(self.url or self.hq_url)


@dataclass(frozen=True)
class Article:
    """One card of a News. `picture` is the URL of a jpg or png: 360x200 for the first card, 200x200 for the
    others."""

    title: str
    description: str = ""
    picture: str = ""
    url: str = ""


@dataclass(frozen=True)
class News(Reply):
    """1 to 8 cards. In answer to a message WeChat shows only the first one, in answer to an event all of
    them."""

    articles: tuple[Article, ...]

    def __post_init__(self) -> None:
        stored: Any = self.articles
        cards = (build(Article, card) if isinstance(card, dict) else card for card in stored)
        object.__setattr__(self, "articles", tuple(cards))

    def answer(self) -> str:
        items = "".join(
            f"<item>{element('Title', card.title)}{element('Description', card.description)}"
            f"{element('PicUrl', card.picture)}{element('Url', card.url)}</item>"
            for card in self.articles
        )
        count = f"<ArticleCount>{len(self.articles)}</ArticleCount>"
        return _kind("news") + f"{count}<Articles>{items}</Articles>"

    def pushes(self, text_limit: int) -> list[Message]:
        first = self.articles[0]  # WeChat allows one card in a pushed message (45008)
        card = {
            "title": first.title,
            "description": first.description,
            "picurl": first.picture,
            "url": first.url,
        }
        return [{"msgtype": "news", "news": {"articles": [card]}}]


@dataclass(frozen=True)
class Transfer(Reply):
    """Hand the message to human customer service; with `account`, to that agent, who must be online."""

    account: str = ""

    def answer(self) -> str:
        account = f"<TransInfo>{element('KfAccount', self.account)}</TransInfo>" if self.account else ""
        return _kind("transfer_customer_service") + account


def _kind(name: str) -> str:
    return f"<MsgType><![CDATA[{name}]]></MsgType>"


def _optional(*pairs: tuple[str, str]) -> str:
    return "".join(element(name, text) for name, text in pairs if text)
