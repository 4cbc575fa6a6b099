"""The act that taps a menu button (protocol §2.2 and §5.2, rule 14)."""

from wechat_sandbox.errors import WeChatError
from wechat_sandbox.json_fields import BadRequest, Fields
from wechat_sandbox.push.payload import Elements
from wechat_sandbox.user_actions import messages
from wechat_sandbox.user_actions.actor import Actor, Impossible, Outcome
from wechat_sandbox.user_actions.samples import sample
from wechat_sandbox.world.menu import Button
from wechat_sandbox.world.push_windows import Occasion

# Buttons whose tap allows custom messages for one minute. Other buttons do not (protocol §8.1).
_OPENS_WINDOW = frozenset({"click", "scancode_push", "scancode_waitmsg"})

_SCAN_TYPES = ("qrcode", "barcode")


async def tap(actor: Actor, fields: Fields) -> Outcome:
    """Tap the menu button at `path`, [top] or [top, sub], counted from 0.

    Further fields are the user's input for scan, picture and location buttons. Raises Impossible or
    BadRequest if the button cannot be tapped.
    """
    actor.must_follow()
    button = _button(actor, fields.list("path"))
    if button.get("sub_button"):
        fields.done()
        return Outcome(extra={"kind": "submenu"})
    kind = button["type"]
    if kind in _OPENS_WINDOW:
        actor.world.windows.open(actor.user.openid, Occasion.MENU)
    match kind:
        case "click":
            fields.done()
            outcome = Outcome()
            await actor.push_event(outcome, "CLICK", (("EventKey", button["key"]),))
        case "view" | "miniprogram":
            fields.done()
            outcome = await _view(actor, button)
        case "scancode_push" | "scancode_waitmsg":
            outcome = await _scan(actor, button, fields)
        case "pic_sysphoto" | "pic_photo_or_album" | "pic_weixin":
            outcome = await _picture(actor, button, fields)
        case "location_select":
            outcome = await _location(actor, button, fields)
        case "media_id":
            fields.done()
            outcome = _media(actor, button)
        case "text":  # a button of the console: WeChat itself answers
            fields.done()
            shown = actor.world.chat(actor.user.openid).show(
                "account", "menu", "text", content=button["value"]
            )
            outcome = Outcome(extra={"shown": [shown.to_json()]})
        case _:
            raise Impossible(f"type: buttons of type {kind} are not simulated")
    outcome.extra = {"kind": kind, **outcome.extra}
    return outcome


def _button(actor: Actor, path: list[object]) -> Button:
    menu = actor.world.phone_menu(actor.user)
    if menu is None:
        raise Impossible("path: no menu is installed")
    steps = [step for step in path if isinstance(step, int) and not isinstance(step, bool)]
    button = menu.at(steps)
    if not 1 <= len(path) <= 2 or len(steps) != len(path) or button is None:
        raise BadRequest(
            f"path: must be [top] or [top, sub] of a button on this user's phone, counted from 0; got {path}"
        )
    return button


async def _view(actor: Actor, button: Button) -> Outcome:
    menu = actor.world.phone_menu(actor.user)
    menuid = menu.menuid if menu else 0
    if button["type"] == "miniprogram":
        outcome = Outcome()
        event, key = "view_miniprogram", button["pagepath"]
    else:
        outcome = Outcome(extra={"open": button["url"]})
        event, key = "VIEW", button["url"]
    await actor.push_event(outcome, event, (("EventKey", key), ("MenuId", menuid)))
    return outcome


async def _scan(actor: Actor, button: Button, fields: Fields) -> Outcome:
    result = fields.text("scan_result", "https://example.com/")
    scan_type = fields.text("scan_type", "qrcode")
    fields.done()
    if scan_type not in _SCAN_TYPES:
        raise BadRequest(f"scan_type: must be one of {', '.join(_SCAN_TYPES)}; got {scan_type!r}")
    opens = button["type"] == "scancode_push" and result.startswith(("http://", "https://"))
    outcome = Outcome(extra={"open": result} if opens else {})
    info = (("ScanType", scan_type), ("ScanResult", result))
    await actor.push_event(outcome, button["type"], (("EventKey", button["key"]), ("ScanCodeInfo", info)))
    return outcome


async def _picture(actor: Actor, button: Button, fields: Fields) -> Outcome:
    """Push the event of the button, then an image message."""
    world = actor.world
    media_id = fields.text("media_id", "")
    fields.done()
    media = world.media.get(media_id) if media_id else sample(world.media, "image")
    outcome = Outcome()
    pictures = (("item", (("PicMd5Sum", media.md5),)),)
    info: Elements = (("Count", 1), ("PicList", pictures))
    await actor.push_event(outcome, button["type"], (("EventKey", button["key"]), ("SendPicsInfo", info)))
    await _message(actor, outcome, "image", messages.image(media, world))
    return outcome


async def _location(actor: Actor, button: Button, fields: Fields) -> Outcome:
    """Push the event of the button, then a location message."""
    latitude = str(fields.degrees("latitude", 90, 39.908722))
    longitude = str(fields.degrees("longitude", 180, 116.397499))
    scale = fields.whole("scale", 15)
    label = fields.text("label", "北京市东城区东长安街")
    name = fields.text("poiname", "")
    fields.done()
    outcome = Outcome()
    info = (
        ("Location_X", latitude),
        ("Location_Y", longitude),
        ("Scale", str(scale)),
        ("Label", label),
        ("Poiname", name),
    )
    await actor.push_event(
        outcome, "location_select", (("EventKey", button["key"]), ("SendLocationInfo", info))
    )
    await _message(actor, outcome, "location", messages.location(latitude, longitude, scale, label))
    return outcome


async def _message(actor: Actor, outcome: Outcome, kind: str, message: messages.Message) -> None:
    openid = actor.user.openid
    actor.world.chat(openid).show("user", "menu", kind, **message.bubble)
    actor.world.windows.open(openid, Occasion.MESSAGE)
    await actor.push_message(outcome, kind, message.elements)


def _media(actor: Actor, button: Button) -> Outcome:
    """Show the media of the button. WeChat sends the media itself, so nothing is pushed to the account's
    server."""
    try:
        media = actor.world.media.get(button["media_id"])
    except WeChatError:
        raise Impossible(
            f"media_id: the button's media is unknown or expired: {button['media_id']!r}"
        ) from None
    path = f"/_sandbox/media/{media.media_id}"
    chat = actor.world.chat(actor.user.openid)
    shown = chat.show("account", "menu", media.type, media_id=media.media_id, url=path)
    return Outcome(extra={"shown": [shown.to_json()]})
