"""What WeChat tells the account's server, as XML (protocol §2). It does not sign, encrypt or send."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

# A string is written as CDATA, a number bare, a sequence as nested elements.
Value: TypeAlias = "str | int | float | Bare | Sequence[tuple[str, Value]]"
Fields: TypeAlias = "tuple[tuple[str, Value], ...]"

# Events that take no reply: they show neither an answer nor a failure line (rule 13).
_UNANSWERABLE = frozenset(
    {
        "unsubscribe",
        "VIEW",
        "view_miniprogram",
        "LOCATION",
        "TEMPLATESENDJOBFINISH",
        "MASSSENDJOBFINISH",
        "PUBLISHJOBFINISH",
    }
)


class Bare(str):
    """Text that is written without CDATA: a number whose digits must stay as they were given."""


@dataclass(frozen=True)
class Inbound:
    """One message or event on its way to the server. `event` is None for a message, `msg_id` for an event."""

    openid: str
    msg_type: str
    create_time: int
    fields: Fields = ()
    event: str | None = None
    msg_id: int | None = None

    @property
    def kind(self) -> str:
        """For the journal: `text`, or the event's name."""
        return self.event or self.msg_type

    @property
    def is_event(self) -> bool:
        return self.event is not None

    @property
    def answerable(self) -> bool:
        return self.event not in _UNANSWERABLE

    def elements(self, original_id: str) -> str:
        """Everything between `<xml>` and `</xml>`."""
        every: list[tuple[str, Value]] = [
            ("ToUserName", original_id),
            ("FromUserName", self.openid),
            ("CreateTime", self.create_time),
            ("MsgType", self.msg_type),
        ]
        if self.event is not None:
            every.append(("Event", self.event))
        every.extend(self.fields)
        if self.msg_id is not None:
            every.append(("MsgId", self.msg_id))
        return "".join(element(name, value) for name, value in every)


def element(name: str, value: Value) -> str:
    return f"<{name}>{_content(value)}</{name}>"


def cdata(text: str) -> str:
    # "]]>" would end the section early: it is spread over two.
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _content(value: Value) -> str:
    if isinstance(value, Bare):
        return str(value)
    if isinstance(value, str):
        return cdata(value)
    if isinstance(value, (int, float)):
        return str(value)
    return "".join(element(name, inner) for name, inner in value)
