"""Read and check a saved recording completely, before its replay starts."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from wechat_sandbox.json_fields import BadRequest, Fields
from wechat_sandbox.replay.document import VERSION
from wechat_sandbox.user_actions.actions import ACTS
from wechat_sandbox.world.media import Content

Json = dict[str, Any]


@dataclass(frozen=True)
class Person:
    openid: str
    nickname: str
    subscribed: bool


@dataclass(frozen=True)
class Moment:
    """One step: the time, the user (None: the clock), the act, and the messages that the user saw."""

    at: float
    openid: str | None
    act: Json
    shown: list[Json]


@dataclass(frozen=True)
class Recording:
    people: list[Person]
    moments: list[Moment]
    media: dict[str, tuple[str, Content]]
    menu: list[Json] | None


def read_recording(values: Any) -> Recording:
    """Return the recording in a JSON object. Raises BadRequest, which names the wrong field."""
    if not isinstance(values, dict):
        raise BadRequest("recording: must be an object")
    fields = Fields(values)
    if fields.any("version") != VERSION:
        raise BadRequest(f"recording.version: must be {VERSION}; record the conversation again")
    people = [_person(f"recording.users[{i}]", one) for i, one in enumerate(fields.list("users"))]
    known = {person.openid for person in people}
    moments = [_moment(f"recording.steps[{i}]", one, known) for i, one in enumerate(fields.list("steps"))]
    media = fields.any("media", {})
    menu = fields.any("menu")
    if not isinstance(media, dict):
        raise BadRequest("recording.media: must be an object")
    if menu is not None and not (isinstance(menu, dict) and isinstance(menu.get("button"), list)):
        raise BadRequest("recording.menu: must be null or a menu")
    contents = {name: _content(f"recording.media.{name}", one) for name, one in media.items()}
    return Recording(people, moments, contents, menu["button"] if menu else None)


def _person(where: str, values: Any) -> Person:
    fields = _fields(where, values)
    try:
        return Person(fields.text("openid"), fields.text("nickname"), fields.flag("subscribed"))
    except BadRequest as error:
        raise BadRequest(f"{where}.{error}") from None


def _moment(where: str, values: Any, known: set[str]) -> Moment:
    fields = _fields(where, values)
    openid, act, shown = fields.any("openid"), fields.any("act"), fields.any("shown", [])
    if openid is not None and openid not in known:
        raise BadRequest(f"{where}.openid: must be one of recording.users, got {openid!r}")
    if not isinstance(act, dict) or act.get("type") not in (*ACTS, "clock"):
        raise BadRequest(f"{where}.act: type must be clock or one of {', '.join(ACTS)}")
    if (openid is None) is not (act["type"] == "clock"):
        raise BadRequest(f"{where}.openid: must be null for the act clock, and a user for every other act")
    if not isinstance(act.get("body", {}), dict):
        raise BadRequest(f"{where}.act.body: must be an object")
    if not isinstance(shown, list) or not all(isinstance(one, dict) for one in shown):
        raise BadRequest(f"{where}.shown: must be a list of messages")
    try:
        return Moment(fields.number("at"), openid, act, shown)
    except BadRequest as error:
        raise BadRequest(f"{where}.{error}") from None


def _content(where: str, values: Any) -> tuple[str, Content]:
    fields = _fields(where, values)
    try:
        data = base64.b64decode(fields.text("base64"), validate=True)
        return fields.text("type"), Content(data, fields.text("content_type"))
    except (BadRequest, binascii.Error) as error:
        raise BadRequest(f"{where}.{error}") from None


def _fields(where: str, values: Any) -> Fields:
    if not isinstance(values, dict):
        raise BadRequest(f"{where}: must be an object")
    return Fields(values)
