"""Turn the recording into one JSON document. It has everything that a replay needs, and no secrets."""

import base64
from typing import Any

from wechat_sandbox.world.recorder import Step
from wechat_sandbox.world.world import World

VERSION = 1
_LARGEST_MEDIA = 1 << 20
Json = dict[str, Any]


def document(world: World) -> Json:
    """Return the recording of `world` as a JSON object."""
    recorder, menu = world.recorder, world.menus.default
    steps = list(recorder.steps)
    account = world.account
    return {
        "version": VERSION,
        "account": {"name": account.name, "kind": str(account.kind), "mode": str(account.mode)},
        "menu": menu.to_json() if menu else None,
        "users": [
            {"openid": openid, "nickname": world.users.get(openid).nickname, "subscribed": subscribed}
            for openid, subscribed in recorder.followed.items()
        ],
        "media": _media(world, steps),
        "steps": [_step(world, step) for step in steps],
    }


def seen(world: World, messages: list[Json]) -> list[Json]:
    """Return messages in the form of a recording.

    A media gets the md5 of its content, because its id differs in each run.
    """
    return [_with_digest(world, message) for message in messages]


def _step(world: World, step: Step) -> Json:
    user = world.users.find(step.openid) if step.openid else None
    return {
        "at": step.at,
        "openid": step.openid,
        "nickname": user.nickname if user else None,
        "act": step.act,
        "deliveries": [
            {name: value for name, value in delivery.items() if name != "id"} for delivery in step.deliveries
        ],
        "shown": seen(world, step.shown),
        "calls": step.calls,
    }


def _with_digest(world: World, message: Json) -> Json:
    media = world.media.find(message["media_id"]) if "media_id" in message else None
    return {**message, "md5": media.md5} if media else message


def _media(world: World, steps: list[Step]) -> Json:
    """Return the media that users sent in base64, except samples and files over `_LARGEST_MEDIA` bytes."""
    kept = {}
    for step in steps:
        media_id = step.act.get("body", {}).get("media_id")
        media = world.media.find(media_id) if isinstance(media_id, str) else None
        if media is not None and len(media.file.data) <= _LARGEST_MEDIA:
            kept[media.media_id] = {
                "type": media.type,
                "content_type": media.file.content_type,
                "base64": base64.b64encode(media.file.data).decode(),
            }
    return kept
