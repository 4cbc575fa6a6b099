"""The typed events of people: they follow, scan, tap a button of the menu.

Classes of wechatpy are used where they fit. This file has those in which wechatpy lacks something, or raises.
`notices.py` has the events that WeChat sends on its own. WeChat's document: "receiving event pushes";
docs/protocol.md §2.2.
"""

from typing import Any

from wechatpy import events

from bot.chat.wire.elements import (
    DictElement,
    Element,
    IntegerElement,
    TextElement,
    as_float,
    as_text,
    records,
    tolerant,
    tolerant_copy,
)

SCENE_PREFIX = "qrscene_"


def as_scene(value: object) -> str:
    """Return the scene of a QR code without the prefix that WeChat writes for new followers."""
    return as_text(value).removeprefix(SCENE_PREFIX)


class SceneElement(Element[str]):
    """A scene of a QR code."""

    kind = "text"
    convert = staticmethod(as_scene)


@tolerant
class SubscribeScan(events.SubscribeScanEvent):
    """A user followed the account by a QR code with a scene."""

    scene_id = SceneElement("EventKey")


@tolerant
class SubscribeScanProduct(events.SubscribeScanProductEvent):
    """A user followed the account on the page of a product. EventKey is `scene|standard|key`."""

    @property
    def scene(self) -> str:
        """Return how the page was reached: `scanbarcode` or `scanimage`."""
        return self._part(0)

    @property
    def standard(self) -> str:
        """Return the standard of the code, such as `ean13`."""
        return self._part(1)

    @property
    def key(self) -> str:
        """Return the text of the code."""
        return self._part(2)

    def _part(self, number: int) -> str:
        parts = as_text(self.event_key).split("|")
        return parts[number] if number < len(parts) else ""


@tolerant
class View(events.ViewEvent):
    """A tap on a view button. Adds the id of the menu, default or conditional."""

    menu_id = TextElement("MenuId")


@tolerant
class ViewMiniProgram(events.ViewMiniProgramEvent):
    """A menu button opened a mini program."""

    path = TextElement("EventKey")


@tolerant
class _ScanCode(events.BaseScanCodeEvent):
    key = TextElement("EventKey")
    scan_code_info = DictElement("ScanCodeInfo")
    scan_type = TextElement("ScanType", inside="ScanCodeInfo")
    scan_result = TextElement("ScanResult", inside="ScanCodeInfo")


class ScanCodePush(_ScanCode):
    """A menu button scanned a code. `scan_type` is `qrcode` or `barcode`."""

    event = "scancode_push"


class ScanCodeWaitMsg(_ScanCode):
    """A menu button scanned a code, and the user waits for the reply."""

    event = "scancode_waitmsg"


@tolerant
class _Pictures(events.BasePictureEvent):
    # wechatpy relies on Count, and fails if the list has another length
    key = TextElement("EventKey")
    pictures_info = DictElement("SendPicsInfo")
    count = IntegerElement("Count", inside="SendPicsInfo")

    @property
    def pictures(self) -> list[str]:
        """Return the md5 of each picture."""
        items = records(self._data.get("SendPicsInfo"), "PicList", "item")
        return [as_text(item.get("PicMd5Sum")) for item in items]


class PicSysPhoto(_Pictures):
    """A menu button took photos. The pictures follow as messages."""

    event = "pic_sysphoto"


class PicPhotoOrAlbum(_Pictures):
    """A menu button took photos, or chose pictures of the album. The pictures follow as messages."""

    event = "pic_photo_or_album"


class PicWeixin(_Pictures):
    """A menu button chose pictures of WeChat's album. The pictures follow as messages."""

    event = "pic_weixin"


@tolerant
class LocationSelect(events.LocationSelectEvent):
    """A menu button chose a place. A location message may follow."""

    location_info = DictElement("SendLocationInfo")
    location_x = TextElement("Location_X", inside="SendLocationInfo")
    location_y = TextElement("Location_Y", inside="SendLocationInfo")
    scale = TextElement("Scale", inside="SendLocationInfo")
    label = TextElement("Label", inside="SendLocationInfo")
    poiname = TextElement("Poiname", inside="SendLocationInfo")


@tolerant
class ShakearoundUserShake(events.ShakearoundUserShakeEvent):
    """A user shook the phone near a beacon. Each beacon has `uuid`, `major`, `minor` and `distance`."""

    event = "shakearoundusershake"

    @property
    def chosen_beacon(self) -> dict[str, Any]:
        """Return the nearest beacon, or {}."""
        return next(map(_beacon, records(self._data.get("ChosenBeacon"))), {})

    @property
    def around_beacons(self) -> list[dict[str, Any]]:
        """Return the other beacons."""
        return list(map(_beacon, records(self._data.get("AroundBeacons"), "AroundBeacon")))


def _beacon(beacon: dict[str, Any]) -> dict[str, Any]:
    texts = {name.lower(): as_text(beacon.get(name)) for name in ("Uuid", "Major", "Minor")}
    return {**texts, "distance": as_float(beacon.get("Distance"))}


EVENTS: dict[str, Any] = {
    **{name: tolerant_copy(event) for name, event in events.EVENT_TYPES.items()},
    "subscribe_scan": SubscribeScan,
    "subscribe_scan_product": SubscribeScanProduct,
    "view": View,
    "view_miniprogram": ViewMiniProgram,
    "scancode_push": ScanCodePush,
    "scancode_waitmsg": ScanCodeWaitMsg,
    "pic_sysphoto": PicSysPhoto,
    "pic_photo_or_album": PicPhotoOrAlbum,
    "pic_weixin": PicWeixin,
    "location_select": LocationSelect,
    "shakearoundusershake": ShakearoundUserShake,
}
