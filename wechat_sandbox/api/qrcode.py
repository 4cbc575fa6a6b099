"""The call that creates a QR code with a scene (protocol §9.1, rule 36). `web/pictures.py` draws the code."""

from typing import Any

from wechat_sandbox.api.pipeline import Api, Call, Json
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.rights import Right

DEFAULT_SECONDS = 60
MAX_SECONDS = 2_592_000
MAX_PERMANENT_ID = 100_000
MAX_ID = 2**32 - 1
MAX_TEXT = 64

# action_name -> (field of the scene, True for a permanent code).
_ACTIONS = {
    "QR_SCENE": ("scene_id", False),
    "QR_STR_SCENE": ("scene_str", False),
    "QR_LIMIT_SCENE": ("scene_id", True),
    "QR_LIMIT_STR_SCENE": ("scene_str", True),
}


def _create(call: Call) -> Json:
    action = call.body.get("action_name")
    if not isinstance(action, str) or action not in _ACTIONS:
        raise WeChatError(40052)
    field, permanent = _ACTIONS[action]
    scene = _scene(call.body.get("action_info"), field, permanent)
    if permanent:
        code = call.world.qrcodes.create(scene, None)
        return {"ticket": code.ticket, "url": code.url}
    seconds = call.body.get("expire_seconds", DEFAULT_SECONDS)
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds < 1:
        raise WeChatError(40053)
    seconds = min(seconds, MAX_SECONDS)
    code = call.world.qrcodes.create(scene, seconds)
    return {"ticket": code.ticket, "expire_seconds": seconds, "url": code.url}


def _scene(info: Any, field: str, permanent: bool) -> int | str:
    """Return the scene. Raises WeChatError 40053 if it is missing or out of range."""
    scene = info.get("scene") if isinstance(info, dict) else None
    value = scene.get(field) if isinstance(scene, dict) else None
    if field == "scene_str":
        if isinstance(value, str) and 1 <= len(value) <= MAX_TEXT:
            return value
    elif type(value) is int and 1 <= value <= (MAX_PERMANENT_ID if permanent else MAX_ID):
        return value
    raise WeChatError(40053)


APIS = (Api("POST", "/cgi-bin/qrcode/create", _create, Right.SCENE_QRCODE),)
