"""The messages that a user can send (protocol §2.1): their XML elements, and their fields in the chat."""

from dataclasses import dataclass
from typing import Any

from wechat_sandbox.json_fields import BadRequest, Fields
from wechat_sandbox.push.payload import Bare, Elements, Value
from wechat_sandbox.user_actions.actor import Actor, Outcome
from wechat_sandbox.user_actions.samples import sample
from wechat_sandbox.world.media import Media
from wechat_sandbox.world.push_windows import Occasion
from wechat_sandbox.world.world import World


@dataclass(frozen=True)
class Message:
    """One message: its XML elements, and the fields of its bubble in the chat."""

    elements: Elements
    bubble: dict[str, Any]


async def send(actor: Actor, fields: Fields) -> Outcome:
    """Send the message or event that `fields` describe.

    The fields may have `msg_id` and `create_time`, to make messages coincide (rule 12).
    """
    actor.must_follow()
    world, openid = actor.world, actor.user.openid
    kind = fields.text("type", "text")
    msg_id = fields.whole("msg_id") if fields.has("msg_id") else None
    create_time = fields.whole("create_time") if fields.has("create_time") else None
    outcome = Outcome()
    if kind == "event":
        event, elements = fields.text("event"), _elements(fields.any("fields", {}))
        fields.done()
        await actor.push_event(outcome, event, elements, create_time)
        return outcome
    if kind not in _KINDS:
        raise BadRequest(f"type: must be one of {', '.join((*_KINDS, 'event'))}; got {kind!r}")
    # A tap on a msgmenu item is sent as a text but counts as a menu tap (protocol §8.1).
    occasion = Occasion.MENU if fields.has("bizmsgmenuid") else Occasion.MESSAGE
    message = _KINDS[kind](world, kind, fields)
    fields.done()
    world.chat(openid).show("user", "message", kind, **message.bubble)
    world.windows.open(openid, occasion)
    await actor.push_message(outcome, kind, message.elements, msg_id, create_time)
    return outcome


def image(media: Media, world: World) -> Message:
    return Message(
        (("PicUrl", f"{world.base_url}{_path(media)}"), ("MediaId", media.media_id)), _bubble(media)
    )


def location(latitude: str, longitude: str, scale: int, label: str) -> Message:
    elements = (
        ("Location_X", Bare(latitude)),
        ("Location_Y", Bare(longitude)),
        ("Scale", scale),
        ("Label", label),
    )
    bubble = {"latitude": float(latitude), "longitude": float(longitude), "scale": scale, "label": label}
    return Message(elements, bubble)


def _text(world: World, kind: str, fields: Fields) -> Message:
    content = fields.text("content")
    if not content:
        raise BadRequest("content: must not be empty")
    elements: list[tuple[str, Value]] = [("Content", content)]
    if fields.has("msg_data_id"):
        elements += [("MsgDataId", fields.text("msg_data_id")), ("Idx", fields.whole("idx", 1))]
    if fields.has("bizmsgmenuid"):
        elements.append(("bizmsgmenuid", Bare(fields.text("bizmsgmenuid"))))
    return Message(tuple(elements), {"content": content})


def _image(world: World, kind: str, fields: Fields) -> Message:
    message = image(_media(world, kind, fields), world)
    if not fields.has("pic_url"):
        return message
    pic_url = fields.text("pic_url")
    return Message((("PicUrl", pic_url), *message.elements[1:]), message.bubble)


def _voice(world: World, kind: str, fields: Fields) -> Message:
    media = _media(world, kind, fields)
    elements: list[tuple[str, Value]] = [
        ("MediaId", media.media_id),
        ("Format", fields.text("format", "amr")),
    ]
    for field, name in (("recognition", "Recognition"), ("media_id_16k", "MediaId16K")):
        if fields.has(field):
            elements.append((name, fields.text(field)))
    return Message(tuple(elements), _bubble(media))


def _video(world: World, kind: str, fields: Fields) -> Message:
    media = _media(world, kind, fields)
    thumb_id = fields.text("thumb_media_id", "") or sample(world.media, "thumb").media_id
    elements = (("MediaId", media.media_id), ("ThumbMediaId", thumb_id))
    return Message(elements, {**_bubble(media), "title": "", "description": ""})


def _location(world: World, kind: str, fields: Fields) -> Message:
    return location(
        str(fields.degrees("location_x" if fields.has("location_x") else "latitude", 90)),
        str(fields.degrees("location_y" if fields.has("location_y") else "longitude", 180)),
        fields.whole("scale", 15),
        fields.text("label", ""),
    )


def _link(world: World, kind: str, fields: Fields) -> Message:
    title, description, url = fields.text("title"), fields.text("description", ""), fields.text("url")
    bubble = {"title": title, "description": description, "url": url}
    return Message((("Title", title), ("Description", description), ("Url", url)), bubble)


_KINDS = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "shortvideo": _video,
    "location": _location,
    "link": _link,
}


def _media(world: World, kind: str, fields: Fields) -> Media:
    """Return the media of the field `media_id`, or a sample if the field is missing."""
    media_id = fields.text("media_id", "")
    return world.media.get(media_id) if media_id else sample(world.media, kind)


def _bubble(media: Media) -> dict[str, Any]:
    return {"media_id": media.media_id, "url": _path(media)}


def _path(media: Media) -> str:
    return f"/_sandbox/media/{media.media_id}"


def _elements(tree: Any) -> Elements:
    """Return the XML elements of an event. `tree` has WeChat's names; an object becomes nested elements."""
    if not isinstance(tree, dict):
        raise BadRequest("fields: must be an object of element names")
    elements: list[tuple[str, Value]] = []
    for name, value in tree.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, bool) or not isinstance(one, (str, int, float, dict)):
                raise BadRequest(f"fields.{name}: must be a string, a number, an object or a list of those")
            if not name.isidentifier():
                raise BadRequest(f"fields.{name}: must be the name of an XML element (letters, digits and _)")
            elements.append((name, _elements(one) if isinstance(one, dict) else one))
    return tuple(elements)
