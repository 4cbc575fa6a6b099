"""Read the fields that all messages share: the receiver, the values of a template, the mini program."""

from typing import Any

from wechat_sandbox.api.pipeline import Call, Json
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.world.users import User


def receiver(call: Call) -> User:
    """Return the user `touser`, who need not be a follower. Raises WeChatError 40003 if unknown."""
    openid = call.body.get("touser")
    user = call.world.users.find(openid) if isinstance(openid, str) else None
    if user is None:
        raise WeChatError(40003)
    return user


def values(data: Any) -> dict[str, str]:
    """Turn `{"keyword1": {"value": …}}` into `{"keyword1": text}`. Raises WeChatError 47001 if malformed."""
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
    """Return the mini program of a message, or an empty object. A tap opens it instead of the url.

    The sandbox accepts any mini program. WeChat accepts only those that are linked to the account.
    """
    given = body.get("miniprogram")
    if not isinstance(given, dict) or not given.get("appid"):
        return {}
    return {"miniprogram": {"appid": str(given["appid"]), "pagepath": str(given.get("pagepath", ""))}}
