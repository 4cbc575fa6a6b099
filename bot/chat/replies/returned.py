"""Make a reply of the value that a handler returned."""

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Any

from bot.chat.replies.kinds import Article, News, Reply, Text
from bot.chat.wire.xml import clean
from bot.errors import HandlerError


@dataclass(frozen=True)
class Picture:
    """A picture file under `static/`, sent as an image. The engine uploads it once and keeps its media id.

    An account that may not upload media sends a card with `title` instead, which shows the file by its URL.
    """

    file: str
    title: str


@dataclass(frozen=True)
class Ask:
    """Answer with `reply`, and send the user's next message to the route `on.answer(answer, …)`.

    `data` (JSON values) is handed to that route's handler. The question ends after `seconds`.
    """

    reply: Any
    answer: str
    data: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 600

    def __post_init__(self) -> None:
        if not isinstance(self.seconds, int | float) or not 0 < self.seconds < math.inf:
            raise ValueError(f"Ask.seconds must be a number of seconds, not {self.seconds!r}")


def as_reply(result: Any, handler: str) -> Reply | Picture | None:
    """Return `result` as a reply, without the characters that cannot be sent. A `str` is a Text, a list of
    Article is a News. None and an empty text are no reply, because WeChat treats an empty Content as a
    fault.

    Raises HandlerError, which names the handler, for anything that cannot be sent.
    """
    if result is None:
        return None
    if isinstance(result, str):
        result = Text(result)
    elif isinstance(result, Sequence):
        _check_cards(result, handler)
        result = News(tuple(result))
    if inspect.isgenerator(result) or inspect.iscoroutine(result):
        result.close()  # it never began; without this, Python warns about the coroutine
        word = "yield in the handler itself" if inspect.isgenerator(result) else "def without async"
        raise HandlerError(handler, f"returned a {type(result).__name__}; write {word}")
    if not isinstance(result, Reply | Picture):
        raise HandlerError(
            handler,
            f"returned {type(result).__name__}; a reply is None, a str, a list of Article or a reply object",
        )
    if isinstance(result, News):
        _check_cards(result.articles, handler)
    reply: Reply | Picture = _cleaned(result, handler)
    return None if reply == Text("") else reply


def _check_cards(cards: Sequence[Any], handler: str) -> None:
    if not 1 <= len(cards) <= 8 or not all(isinstance(card, Article) for card in cards):
        raise HandlerError(handler, "a list, or a News, holds one to eight Article objects")


def _cleaned(part: Any, handler: str) -> Any:
    """Return a copy with only characters that WeChat accepts. Raises HandlerError if a field is not a
    text (or a tuple, or a dataclass of texts), or if a media id that has no default is empty."""
    cleaned: dict[str, Any] = {}
    required = {one.name for one in fields(part) if one.default is MISSING}
    for name, value in vars(part).items():
        where = f"{type(part).__name__}.{name}"
        cleaned[name] = _clean_value(value, where, handler)
        if name in required and name.endswith("media_id") and not cleaned[name]:
            raise HandlerError(handler, f"{where} is empty")
    return type(part)(**cleaned)


def _clean_value(value: Any, where: str, handler: str) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, tuple):
        return tuple(_clean_value(one, where, handler) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return _cleaned(value, handler)
    raise HandlerError(handler, f"{where} must be a text, not {type(value).__name__}")
