"""API calls for short keys of long texts (protocol §9.4)."""

from wechat_sandbox.api.pipeline import OK, Api, Call, Json
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.rights import Right

MAX_BYTES = 4096
MAX_SECONDS = 30 * 86400


def _gen(call: Call) -> Json:
    """Create a short key. A wrong length or lifetime gives 40097; WeChat's own errcode is not known."""
    data, seconds = call.body.get("long_data"), call.body.get("expire_seconds", MAX_SECONDS)
    if not isinstance(data, str) or not 1 <= len(data.encode()) <= MAX_BYTES:
        raise WeChatError(40097)
    if type(seconds) is not int or not 1 <= seconds <= MAX_SECONDS:
        raise WeChatError(40097)
    return {**OK, "short_key": call.world.shortkeys.create(data, seconds).key}


def _fetch(call: Call) -> Json:
    found = call.world.shortkeys.get(str(call.body.get("short_key", "")))
    return {
        **OK,
        "long_data": found.long_data,
        "create_time": found.create_time,
        "expire_seconds": found.expire_seconds,
    }


APIS = (
    Api("POST", "/cgi-bin/shorten/gen", _gen, Right.SHORTEN),
    Api("POST", "/cgi-bin/shorten/fetch", _fetch, Right.SHORTEN),
)
