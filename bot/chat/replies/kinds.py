"""What a handler may answer with. A plain `str` is a Text, a list of Article is a News.

Own classes, not wechatpy's: those put text raw into CDATA, lack TransInfo, and cannot be kept for later.
Limits and elements: "passive user reply" of WeChat's developer documents.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.chat.wire.xml import clean
from bot.errors import HandlerError


@dataclass(frozen=True)
class Text:
    content: str


@dataclass(frozen=True)
class Image:
    media_id: str


@dataclass(frozen=True)
class Voice:
    media_id: str


@dataclass(frozen=True)
class Video:
    media_id: str
    title: str = ""
    description: str = ""


@dataclass(frozen=True)
class Music:
    """`hq_url` is preferred by phones on wifi; a thumbnail is required."""

    thumb_media_id: str
    title: str = ""
    description: str = ""
    url: str = ""
    hq_url: str = ""


@dataclass(frozen=True)
class Article:
    """One card of a News. `picture` is a jpg or png URL, 360x200 for the first, 200x200 for the others."""

    title: str
    description: str = ""
    picture: str = ""
    url: str = ""


@dataclass(frozen=True)
class News:
    """1 to 8 cards. WeChat shows only the first when a message (not an event) is answered."""

    articles: tuple[Article, ...]


@dataclass(frozen=True)
class Transfer:
    """Hand the message to human service; with `account`, to that agent (who must be online)."""

    account: str = ""


Reply = Text | Image | Voice | Video | Music | News | Transfer


@dataclass(frozen=True)
class Picture:
    """A picture file under `static/`, sent as an image: the engine uploads it once and keeps its media id.

    Where the account may not upload media, it is sent as a card with `title` that shows the file by URL.
    """

    file: str
    title: str


@dataclass(frozen=True)
class Ask:
    """Answer with `reply`, and let the user's next message go to the route `on.answer(answer, …)`.

    `data` (JSON values) is handed to that route's handler. The question lapses after `seconds`.
    """

    reply: Any
    answer: str
    data: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 600

    def __post_init__(self) -> None:
        if not isinstance(self.seconds, int | float) or not 0 < self.seconds < math.inf:
            raise ValueError(f"Ask.seconds must be a number of seconds, not {self.seconds!r}")


_KINDS: tuple[type[Reply], ...] = (Text, Image, Voice, Video, Music, News, Transfer)
_SENDABLE = (*_KINDS, Picture)


def as_reply(result: Any, handler: str) -> Reply | Picture | None:
    """What a handler returned, as a reply, without the characters that cannot be sent. None and an empty text
    are no reply: WeChat treats an empty Content as a fault. Raises HandlerError, naming the handler, for
    anything that cannot be sent."""
    if result is None:
        return None
    if isinstance(result, str):
        result = Text(result)
    elif isinstance(result, Sequence):
        result = News(tuple(result))
    if not isinstance(result, _SENDABLE):
        raise HandlerError(
            handler,
            f"returned {type(result).__name__}; a reply is None, a str, a list of Article or a reply object",
        )
    if isinstance(result, News):
        if not 1 <= len(result.articles) <= 8 or not all(isinstance(one, Article) for one in result.articles):
            raise HandlerError(handler, "a list, or a News, holds one to eight Article objects")
        return News(tuple(_cleaned(article, handler) for article in result.articles))
    reply: Reply | Picture = _cleaned(result, handler)
    return None if reply == Text("") else reply


def _cleaned(part: Any, handler: str) -> Any:
    """The same, of clean texts: every field is a text, and a media id not empty."""
    texts: dict[str, str] = {}
    for name, value in vars(part).items():
        if not isinstance(value, str):
            what = f"{type(part).__name__}.{name} must be a text, not {type(value).__name__}"
            raise HandlerError(handler, what)
        texts[name] = clean(value)
        if name.endswith("media_id") and not texts[name]:
            raise HandlerError(handler, f"{type(part).__name__}.{name} is empty")
    return type(part)(**texts)


def to_json(reply: Reply) -> dict[str, Any]:
    """JSON values, for keeping a reply in the store."""
    fields = vars(reply)  # dataclasses.asdict() copies deeply, for ten times as long
    if isinstance(reply, News):
        fields = {"articles": [vars(article) for article in reply.articles]}
    return {"kind": type(reply).__name__, **fields}


def from_json(kept: Mapping[str, Any]) -> Reply:
    """The reply that to_json() described; `source` is the keeper's own."""
    fields = {name: value for name, value in kept.items() if name not in ("kind", "source")}
    kind = kept["kind"]
    if kind == "News":
        return News(tuple(Article(**article) for article in fields["articles"]))
    classes = {cls.__name__: cls for cls in _KINDS}
    return classes[kind](**fields)
