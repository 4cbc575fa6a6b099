"""What messages of every kind have in common: whom they go to, and what a template is filled with."""

from typing import Any

from wechat_sandbox.api.pipeline import Call, Json
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.world.users import User


def receiver(call: Call) -> User:
    """Raises 40003 unless `touser` is a person; whether they follow is for each kind of message to say."""
    openid = call.body.get("touser")
    user = call.world.users.find(openid) if isinstance(openid, str) else None
    if user is None:
        raise WeChatError(40003)
    return user


def values(data: Any) -> dict[str, str]:
    """`{"keyword1": {"value": …}}` as names and texts. Raises 47001."""
    if not isinstance(data, dict):
        raise WeChatError(47001)
    filled = {}
    for name, inner in data.items():
        value = inner.get("value") if isinstance(inner, dict) else None
        if not isinstance(value, (str, int, float)) or isinstance(value, bool):
            raise WeChatError(47001)
        filled[name] = str(value)
    return filled


def miniprogram(body: Json) -> Json:
    """Where a tap leads before any url. Any mini program counts as linked."""
    given = body.get("miniprogram")
    if not isinstance(given, dict) or not given.get("appid"):
        return {}
    return {"miniprogram": {"appid": str(given["appid"]), "pagepath": str(given.get("pagepath", ""))}}
