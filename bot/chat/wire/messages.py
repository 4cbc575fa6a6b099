"""Fields to typed messages: wechatpy's classes, and ours where those fall short.

Documents: "receiving standard messages" and "receiving event pushes" of WeChat's developer documents.
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
    """Adds the id of a tapped msgmenu item, and the article that the user wrote from."""

    menu_id = StringField("bizmsgmenuid", "")
    article_id = StringField("MsgDataId", "")
    article_index = IntegerField("Idx", 0)


class IncomingVoice(VoiceMessage):
    """Adds the 16 kHz recording."""

    media_id_16k = StringField("MediaId16K", "")


class IncomingLocation(LocationMessage):
    """Adds the place as numbers; wechatpy has texts."""

    @property
    def latitude(self) -> float:
        return float(self.location_x)

    @property
    def longitude(self) -> float:
        return float(self.location_y)


class IncomingFile(BaseMessage):
    """A file. Undocumented by WeChat, seen in practice; wechatpy lacks it."""

    type = "file"
    title = StringField("Title", "")
    description = StringField("Description", "")
    file_key = StringField("FileKey", "")
    md5 = StringField("FileMd5", "")
    size = IntegerField("FileTotalLen", 0)


class View(ViewEvent):
    """Adds which menu (default or conditional) was tapped."""

    menu_id = StringField("MenuId", "")


class ViewMiniProgram(BaseEvent):
    """A menu button opened a mini program; wechatpy lacks it."""

    event = "view_miniprogram"
    path = StringField("EventKey", "")
    menu_id = StringField("MenuId", "")


class _Pictures(BasePictureEvent):
    """Pictures sent from the menu; wechatpy trusts Count and fails where it and the list disagree."""

    @property
    def pictures(self) -> list[str]:
        """The md5 of each picture."""
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
TYPES = frozenset(_MESSAGES)  # of messages; events are without number
_EVENTS = {
    **EVENT_TYPES,
    "view": View,
    "view_miniprogram": ViewMiniProgram,
    "pic_sysphoto": PicSysPhoto,
    "pic_photo_or_album": PicPhotoOrAlbum,
    "pic_weixin": PicWeixin,
}
_REQUIRED = {  # beyond the header, what WeChat's documents always list and handlers will read
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
    """A message or event that passed the gate. (A named tuple is made in 0.5 us, a frozen dataclass in 1.2.)

    `message` is the typed object for handlers; the rest is what the steps of the way need of it.
    `key` is the same for every delivery of this message and for no other message.
    `created` is WeChat's CreateTime, unix seconds.
    `event` is WeChat's own Event text, empty for messages; `scene` the scene of a scanned QR code,
    without prefix, or None. `fields` is what read() was given, for reading it again in another process.
    """

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
        """What the user typed, for a text message; else None."""
        return self.fields["Content"] if self.msg_type == "text" else None


def read(fields: Fields) -> Incoming:
    """Type the fields of one message. Raises Refused(400) if an element that must be there is not."""
    openid, account, msg_type = (_need(fields, name) for name in ("FromUserName", "ToUserName", "MsgType"))
    created = _integer(fields, "CreateTime")
    for name in _REQUIRED.get(msg_type, ()):
        if not isinstance(fields.get(name), str):
            raise Refused(400, "missing-field")
    if msg_type == "event":
        return _read_event(fields, openid, account, created)
    if "MsgId" in fields:
        # MsgId alone is not enough: two users have been seen with the same one under load.
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
    # Events have no id. Two in one second differ in their key, or, without one, in the rest of their fields.
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
    # The number first, which grows with time: a store that keeps its keys in order then writes in one place.
    # The rest hashed: it may be long (a VIEW event's is a url), and NUL cannot occur in XML.
    digest = hashlib.blake2b("\0".join(identity).encode(), digest_size=16).hexdigest()
    return f"message:{number:020d}:{digest}"
