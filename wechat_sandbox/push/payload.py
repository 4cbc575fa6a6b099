"""Write messages and events as WeChat's XML (protocol §2). It does not sign, encrypt or send them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

from wechat_sandbox.push.reply_xml import parse

# A string is written as CDATA, a number without CDATA, and a sequence as nested elements.
Value: TypeAlias = "str | int | float | Bare | Sequence[tuple[str, Value]]"
Elements: TypeAlias = "tuple[tuple[str, Value], ...]"

# Events without a reply: the phone shows neither an answer nor the failure line for them (rule 13).
_UNANSWERABLE = frozenset(
    {
        "unsubscribe",
        "VIEW",
        "view_miniprogram",
        "LOCATION",
        "TEMPLATESENDJOBFINISH",
        "MASSSENDJOBFINISH",
        "PUBLISHJOBFINISH",
        "subscribe_msg_change_event",
        "subscribe_msg_sent_event",
    }
)


class Bare(str):
    """A text that is written without CDATA. It is used for a number whose digits must not change."""


@dataclass(frozen=True)
class Inbound:
    """One message or event for the account's server.

    A message has `event` None; an event has `msg_id` None. `create_time` is in Unix seconds. `written` is the
    text between `<xml>` and `</xml>` if a developer wrote it (for a resend); then it is sent unchanged.
    """

    openid: str
    msg_type: str
    create_time: int
    fields: Elements = ()
    event: str | None = None
    msg_id: int | None = None
    written: str | None = None

    @classmethod
    def from_xml(cls, xml: str) -> Self:
        """Return a message with exactly this XML.

        Raises ValueError if it is not `<xml>…</xml>` with FromUserName and MsgType.
        """
        root = parse(xml.encode())
        texts = {child.name: child.text for child in root.children}
        openid, msg_type = texts.get("FromUserName", ""), texts.get("MsgType", "")
        inner = re.fullmatch(r"\s*<xml>(.*)</xml>\s*", xml, re.DOTALL)
        if inner is None or not openid or not msg_type:
            raise ValueError("must be <xml>…</xml> with FromUserName and MsgType")
        event = texts.get("Event") if msg_type == "event" else None
        msg_id = texts.get("MsgId", "")
        number = int(msg_id) if msg_id.isascii() and msg_id.isdigit() else None
        return cls(openid, msg_type, 0, event=event, msg_id=number, written=inner[1])

    def renewed(self, msg_id: int, create_time: int) -> Self:
        """Return a new message with the same written XML, but with this MsgId and CreateTime."""
        written = self.written or ""
        # The user's text is between CreateTime and MsgId and may contain such names: replace the outer ones.
        written = re.sub("<CreateTime>.*?</CreateTime>", element("CreateTime", create_time), written, count=1)
        written = re.sub("(.*)<MsgId>.*?</MsgId>", rf"\1{element('MsgId', msg_id)}", written, flags=re.DOTALL)
        return replace(self, msg_id=self.msg_id and msg_id, written=written)

    @property
    def kind(self) -> str:
        """Return the message type, such as `text`, or the name of the event. The journal shows it."""
        return self.event or self.msg_type

    @property
    def is_event(self) -> bool:
        return self.event is not None

    @property
    def answerable(self) -> bool:
        """Return True unless this is an event without a reply (rule 13)."""
        return self.event not in _UNANSWERABLE

    def elements(self, original_id: str) -> str:
        """Return the text between `<xml>` and `</xml>`."""
        if self.written is not None:
            return self.written
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
    # "]]>" would end the section, so split it over two sections.
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _content(value: Value) -> str:
    if isinstance(value, Bare):
        return str(value)
    if isinstance(value, str):
        return cdata(value)
    if isinstance(value, (int, float)):
        return str(value)
    return "".join(element(name, inner) for name, inner in value)
