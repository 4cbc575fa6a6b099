"""Make typed messages of fields: with wechatpy's classes, and with our own classes where wechatpy lacks
something.

This module must not check signatures or read XML, and must not refuse a message for what it lacks: WeChat
would deliver it again, and show the user an error. WeChat's documents: "receiving standard messages" and
"receiving event pushes"; docs/protocol.md §2.
"""

import hashlib
from typing import Any, NamedTuple

from wechatpy import messages as wechatpy

from bot.chat.wire.elements import (
    Fields,
    FloatElement,
    IntegerElement,
    TextElement,
    as_list,
    as_text,
    tolerant,
    tolerant_copy,
)
from bot.chat.wire.events import EVENTS, SCENE_PREFIX
from bot.chat.wire.notices import FORGETTING, NOTICES
from bot.errors import Refused


@tolerant
class IncomingText(wechatpy.TextMessage):
    """A text. Adds the id of a tapped msgmenu item, and the article under which the user wrote."""

    menu_id = TextElement("bizmsgmenuid")
    article_id = TextElement("MsgDataId")
    article_index = IntegerElement("Idx")


@tolerant
class IncomingVoice(wechatpy.VoiceMessage):
    """A voice. Adds the 16 kHz recording."""

    media_id_16k = TextElement("MediaId16K")


@tolerant
class IncomingLocation(wechatpy.LocationMessage):
    """A place. Adds its coordinates as numbers; wechatpy has texts."""

    latitude = FloatElement("Location_X")
    longitude = FloatElement("Location_Y")


@tolerant
class IncomingFile(wechatpy.BaseMessage):
    """A file. WeChat sends this type without documenting it. wechatpy lacks it."""

    type = "file"
    title = TextElement("Title")
    description = TextElement("Description")
    file_key = TextElement("FileKey")
    md5 = TextElement("FileMd5")
    size = IntegerElement("FileTotalLen")


MESSAGES: dict[str, Any] = {
    **{name: tolerant_copy(message) for name, message in wechatpy.MESSAGE_TYPES.items()},
    "text": IncomingText,
    "voice": IncomingVoice,
    "location": IncomingLocation,
    "file": IncomingFile,
}
TYPES = frozenset(MESSAGES)  # the types of messages that WeChat has, without events
ALL_EVENTS: dict[str, Any] = {**EVENTS, **NOTICES}
Unknown: Any = tolerant_copy(wechatpy.UnknownMessage)

# The elements that WeChat's documents list for a type or event, besides the header. The gate logs the missing
# ones. (VIEW has MenuId only in newer documents.)
EXPECTED: dict[str, tuple[str, ...]] = {
    "text": ("Content",),
    "image": ("MediaId", "PicUrl"),
    "voice": ("MediaId", "Format"),
    "video": ("MediaId", "ThumbMediaId"),
    "shortvideo": ("MediaId", "ThumbMediaId"),
    "location": ("Location_X", "Location_Y", "Scale", "Label"),
    "link": ("Title", "Description", "Url"),
    "file": ("Title", "FileKey"),
    "event": ("Event",),
}
EXPECTED_OF_EVENTS: dict[str, tuple[str, ...]] = {
    "subscribe_scan": ("Ticket",),
    "scan": ("EventKey", "Ticket"),
    "location": ("Latitude", "Longitude", "Precision"),
    "click": ("EventKey",),
    "view": ("EventKey",),
    "view_miniprogram": ("EventKey",),
    "scancode_push": ("EventKey", "ScanCodeInfo", "ScanCodeInfo/ScanType", "ScanCodeInfo/ScanResult"),
    "scancode_waitmsg": (
        "EventKey",
        "ScanCodeInfo",
        "ScanCodeInfo/ScanType",
        "ScanCodeInfo/ScanResult",
    ),
    "pic_sysphoto": ("EventKey", "SendPicsInfo"),
    "pic_photo_or_album": ("EventKey", "SendPicsInfo"),
    "pic_weixin": ("EventKey", "SendPicsInfo"),
    "location_select": (
        "EventKey",
        "SendLocationInfo",
        *(f"SendLocationInfo/{name}" for name in ("Location_X", "Location_Y", "Scale", "Label", "Poiname")),
    ),
    "templatesendjobfinish": ("MsgID", "Status"),
    "masssendjobfinish": ("MsgID", "Status"),
    "publishjobfinish": ("PublishEventInfo",),
    "subscribe_msg_popup_event": ("SubscribeMsgPopupEvent",),
    "subscribe_msg_change_event": ("SubscribeMsgChangeEvent",),
    "subscribe_msg_sent_event": ("SubscribeMsgSentEvent",),
    "user_info_modified": ("OpenID",),
    "user_authorization_revoke": ("OpenID",),
    "user_authorization_cancellation": ("OpenID",),
    "guide_qrcode_scan_event": ("GuideScanEvent",),
    "kf_create_session": ("KfAccount",),
    "kf_close_session": ("KfAccount",),
    "kf_switch_session": ("FromKfAccount", "ToKfAccount"),
}


class Incoming(NamedTuple):
    """A message or event that passed the gate.

    `message` is the typed object for handlers. The steps of the message's way use the other fields.
    `fields` is for read(), so that another process can read it again. `key` is the same for every
    delivery of this message, and no other message has it. `account` is ToUserName. `created` is WeChat's
    CreateTime in unix seconds. `event` is WeChat's own Event text, empty for messages. `scene` is the
    scene of a scanned QR code without its prefix, or None. `known` is True if WeChat's documents list
    this type or event. `missing` names the elements that WeChat should have sent.
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
    missing: tuple[str, ...] = ()

    @property
    def text(self) -> str | None:
        """Return the text that the user typed, or None for other types."""
        if self.msg_type != "text":
            return None
        content = self.fields.get("Content")
        return content if isinstance(content, str) else ""

    @property
    def to_forget(self) -> str:
        """Return the openid of the person whose data must be deleted after this event, or ""."""
        event = self.event.lower()
        if event == "unsubscribe":
            return self.openid
        # WeChat sends these in the name of another user. The person is inside.
        return _text(self.fields, "OpenID") if event in FORGETTING else ""


def read(fields: Fields, sent: str = "0") -> Incoming:
    """Return the message that has these fields. `sent` is used for a missing CreateTime.

    What is missing, or is no number, is read as empty; a message without a sender is of an unknown type.
    Raises Refused(400) only if the message does not say for which account it is.
    """
    openid, account, msg_type = (_text(fields, name) for name in ("FromUserName", "ToUserName", "MsgType"))
    if not account:
        raise Refused(400, "missing-field")
    missing = _missing(fields, EXPECTED.get(msg_type, ()))
    created = _number(fields, "CreateTime")
    if created is None or not openid or not msg_type:
        empty = {"FromUserName": openid, "MsgType": msg_type, "CreateTime": created}
        missing = (*(name for name, value in empty.items() if value in ("", None)), *missing)
        if created is None:
            # Deliveries of one message have the same time, and so the same key.
            fields = {**fields, "CreateTime": sent}
            created = int(sent)
        if not openid:
            msg_type = ""  # no handler can answer it
    if msg_type == "event":
        return _read_event(fields, openid, account, created, missing)
    msg_id = _number(fields, "MsgId")
    if msg_id:
        # MsgId alone is not enough: under load, WeChat has used the same MsgId for two users.
        key = _key(msg_id, openid, "message")
    else:
        if msg_type in MESSAGES:
            missing = (*missing, "MsgId")
        key = _key(created, openid, "message", _rest(fields))
    return Incoming(
        message=MESSAGES.get(msg_type, Unknown)(fields),
        fields=fields,
        key=key,
        openid=openid,
        account=account,
        created=created,
        msg_type=msg_type,
        event="",
        event_key="",
        scene=None,
        known=msg_type in MESSAGES,
        missing=missing,
    )


def _read_event(
    fields: Fields, openid: str, account: str, created: int, missing: tuple[str, ...]
) -> Incoming:
    event = _text(fields, "Event")
    name = event.lower()
    event_key = as_text(fields.get("EventKey"))
    # Events have no id. Two events in one second differ in EventKey, or in other fields if they have no
    # EventKey.
    key = _key(created, openid, "event", event, event_key or _rest(fields))
    scene = None
    message_class = ALL_EVENTS.get(name, Unknown)
    if name == "scan":
        scene = event_key
    elif name == "subscribe" and event_key.startswith(SCENE_PREFIX):
        scene = event_key.removeprefix(SCENE_PREFIX)
        name = "subscribe_scan"
        message_class = ALL_EVENTS[name]
    elif name == "subscribe" and event_key.startswith(("scanbarcode|", "scanimage|")):
        message_class = ALL_EVENTS["subscribe_scan_product"]
    return Incoming(
        message=message_class(fields),
        fields=fields,
        key=key,
        openid=openid,
        account=account,
        created=created,
        msg_type="event",
        event=event,
        event_key=event_key,
        scene=scene,
        known=name in ALL_EVENTS,
        missing=(*missing, *_missing(fields, EXPECTED_OF_EVENTS.get(name, ()))),
    )


def _text(fields: Fields, name: str) -> str:
    """Return the text of an element, or "". If the element repeats, WeChat wrote the first one."""
    value = fields.get(name)
    if isinstance(value, list):
        value = next(iter(value), "")
    return value.strip() if isinstance(value, str) else ""


def _number(fields: Fields, name: str) -> int | None:
    value = fields.get(name)
    if isinstance(value, str):
        value = value.strip()
        if value.isascii() and value.isdigit() and len(value) <= 20:
            return int(value)
    return None


def _missing(fields: Fields, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of elements that are not there. `a/b` is the element b in the element a."""
    for name in names:
        if name not in fields:
            return tuple(name.rpartition("/")[2] for name in names if _is_missing(fields, name))
    return ()


def _is_missing(fields: Fields, name: str) -> bool:
    outer, _, inner = name.rpartition("/")
    if not outer:
        return inner not in fields
    # if the outer element is missing, only that one is named
    return outer in fields and not any(inner in one for one in as_list(fields[outer]))


def _rest(fields: Fields) -> str:
    header = ("FromUserName", "ToUserName", "CreateTime", "MsgType", "Event", "EventKey", "Encrypt")
    return repr(sorted((name, repr(value)) for name, value in fields.items() if name not in header))


def _key(number: int, *identity: str) -> str:
    # The number comes first because it grows with time: SQLite sorts keys, so new keys are written in one
    # place. The rest is hashed because it may be long (a VIEW event has a URL). NUL cannot occur in XML.
    digest = hashlib.blake2b("\0".join(identity).encode(), digest_size=16).hexdigest()
    return f"message:{number:020d}:{digest}"
