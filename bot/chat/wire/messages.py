"""Make typed messages of fields: with wechatpy's classes, and with our own classes where wechatpy lacks
something.

This module must not check signatures or read XML. WeChat's documents: "receiving standard messages" and
"receiving event pushes"; docs/protocol.md §2.
"""

import hashlib
from typing import Any, NamedTuple

from wechatpy.events import EVENT_TYPES, BaseEvent, BasePictureEvent, SubscribeScanEvent, ViewEvent
from wechatpy.fields import IntegerField, StringField
from wechatpy.messages import (
    MESSAGE_TYPES,
    BaseMessage,
    LocationMessage,
    TextMessage,
    UnknownMessage,
    VoiceMessage,
)

from bot.errors import Refused

Fields = dict[str, Any]


class IncomingText(TextMessage):
    """A text. Adds the id of a tapped msgmenu item, and the article under which the user wrote."""

    menu_id = StringField("bizmsgmenuid", "")
    article_id = StringField("MsgDataId", "")
    article_index = IntegerField("Idx", 0)


class IncomingVoice(VoiceMessage):
    """A voice. Adds the 16 kHz recording."""

    media_id_16k = StringField("MediaId16K", "")


class IncomingLocation(LocationMessage):
    """A place. Adds its coordinates as numbers; wechatpy has texts."""

    @property
    def latitude(self) -> float:
        return float(self.location_x)

    @property
    def longitude(self) -> float:
        return float(self.location_y)


class IncomingFile(BaseMessage):
    """A file. WeChat sends this type without documenting it. wechatpy lacks it."""

    type = "file"
    title = StringField("Title", "")
    description = StringField("Description", "")
    file_key = StringField("FileKey", "")
    md5 = StringField("FileMd5", "")
    size = IntegerField("FileTotalLen", 0)


class View(ViewEvent):
    """A tap on a view button. Adds the id of the menu, default or conditional."""

    menu_id = StringField("MenuId", "")


class ViewMiniProgram(BaseEvent):
    """A menu button opened a mini program. wechatpy lacks it."""

    event = "view_miniprogram"
    path = StringField("EventKey", "")
    menu_id = StringField("MenuId", "")


class _Pictures(BasePictureEvent):
    """Pictures sent from the menu. wechatpy relies on Count, and fails if the list has another length."""

    @property
    def pictures(self) -> list[str]:
        """Return the md5 of each picture."""
        listed = self._data.get("SendPicsInfo") or {}
        items = (listed.get("PicList") or {}).get("item") or []
        return [item["PicMd5Sum"] for item in (items if isinstance(items, list) else [items])]


class PicSysPhoto(_Pictures):
    event = "pic_sysphoto"


class PicPhotoOrAlbum(_Pictures):
    event = "pic_photo_or_album"


class PicWeixin(_Pictures):
    event = "pic_weixin"


_MESSAGES = {
    **MESSAGE_TYPES,
    "text": IncomingText,
    "voice": IncomingVoice,
    "location": IncomingLocation,
    "file": IncomingFile,
}
TYPES = frozenset(_MESSAGES)  # the types of messages that WeChat has, without events
_EVENTS = {
    **EVENT_TYPES,
    "view": View,
    "view_miniprogram": ViewMiniProgram,
    "pic_sysphoto": PicSysPhoto,
    "pic_photo_or_album": PicPhotoOrAlbum,
    "pic_weixin": PicWeixin,
}
# required elements besides the header: WeChat's documents always list them, and handlers read them
_REQUIRED = {
    "text": ("Content",),
    "image": ("MediaId",),
    "voice": ("MediaId",),
    "video": ("MediaId",),
    "shortvideo": ("MediaId",),
    "location": ("Location_X", "Location_Y"),
    "link": ("Url",),
    "event": ("Event",),
}
_SCENE_PREFIX = "qrscene_"


class Incoming(NamedTuple):
    """A message or event that passed the gate.

    `message` is the typed object for handlers. The steps of the message's way use the other fields. `fields`
    is the argument of read(), so that another process can read it again. `key` is the same for every delivery
    of this message, and no other message has it. `account` is ToUserName. `created` is WeChat's CreateTime in
    unix seconds. `event` is WeChat's own Event text, empty for messages. `scene` is the scene of a scanned QR
    code without its prefix, or None. `known` is True if WeChat's documents list this type or event.
    """

    # A named tuple is made in 0.5 us, a frozen dataclass in 1.2 us.

    message: Any
    fields: Fields
    key: str
    openid: str
    account: str
    created: int
    msg_type: str
    event: str
    event_key: str
    scene: str | None
    known: bool

    @property
    def text(self) -> str | None:
        """Return the text that the user typed, or None for other types."""
        return self.fields["Content"] if self.msg_type == "text" else None


def read(fields: Fields) -> Incoming:
    """Return the message that has these fields. Raises Refused(400) if a required element is missing or is
    no number."""
    openid, account, msg_type = (_need(fields, name) for name in ("FromUserName", "ToUserName", "MsgType"))
    created = _integer(fields, "CreateTime")
    for name in _REQUIRED.get(msg_type, ()):
        if not isinstance(fields.get(name), str):
            raise Refused(400, "missing-field")
    if msg_type == "event":
        return _read_event(fields, openid, account, created)
    if "MsgId" in fields:
        # MsgId alone is not enough: under load, WeChat has used the same MsgId for two users.
        key = _key(_integer(fields, "MsgId"), openid, "message")
    elif msg_type not in _MESSAGES:
        key = _key(created, openid, "message", _rest(fields))
    else:
        raise Refused(400, "missing-field")
    message_class = _MESSAGES.get(msg_type, UnknownMessage)
    return Incoming(
        message=message_class(fields),
        fields=fields,
        key=key,
        openid=openid,
        account=account,
        created=created,
        msg_type=msg_type,
        event="",
        event_key="",
        scene=None,
        known=msg_type in _MESSAGES,
    )


def _read_event(fields: Fields, openid: str, account: str, created: int) -> Incoming:
    event = _need(fields, "Event")
    event_key = fields.get("EventKey") or ""
    if not isinstance(event_key, str):
        raise Refused(400, "missing-field")
    # Events have no id. Two events in one second differ in EventKey, or in other fields if they have no
    # EventKey.
    key = _key(created, openid, "event", event, event_key or _rest(fields))
    scene = None
    typed_fields = fields
    message_class = _EVENTS.get(event.lower(), UnknownMessage)
    if event.lower() == "scan":
        scene = event_key
    elif event.lower() == "subscribe" and event_key.startswith(_SCENE_PREFIX):
        scene = event_key.removeprefix(_SCENE_PREFIX)
        message_class = SubscribeScanEvent
        typed_fields = {**fields, "EventKey": scene}
    return Incoming(
        message=message_class(typed_fields),
        fields=fields,
        key=key,
        openid=openid,
        account=account,
        created=created,
        msg_type="event",
        event=event,
        event_key=event_key,
        scene=scene,
        known=event.lower() in _EVENTS,
    )


def _need(fields: Fields, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refused(400, "missing-field")
    return value.strip()


def _integer(fields: Fields, name: str) -> int:
    text = _need(fields, name)
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise Refused(400, "bad-number")
    return int(text)


def _rest(fields: Fields) -> str:
    header = ("FromUserName", "ToUserName", "CreateTime", "MsgType", "Event", "EventKey", "Encrypt")
    return repr(sorted((name, repr(value)) for name, value in fields.items() if name not in header))


def _key(number: int, *identity: str) -> str:
    # The number comes first because it grows with time: SQLite sorts keys, so new keys are written in one
    # place. The rest is hashed because it may be long (a VIEW event has a URL). NUL cannot occur in XML.
    digest = hashlib.blake2b("\0".join(identity).encode(), digest_size=16).hexdigest()
    return f"message:{number:020d}:{digest}"
