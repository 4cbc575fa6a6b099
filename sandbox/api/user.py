"""Followers (protocol §9.2, rule 37)."""

from typing import Any

from sandbox.api.frame import Api, Call, Json
from sandbox.errors import WeChatError
from sandbox.rights import Right
from sandbox.world.users import User

PAGE = 10_000


def _info(call: Call) -> Json:
    openid = call.query.get("openid")
    if not openid:
        raise WeChatError(41009)
    user = call.world.users.find(openid)
    if user is None:
        raise WeChatError(40003)
    return _profile(user, call.query.get("lang", "zh_CN"), call.world.account.open_platform)


def _profile(user: User, lang: str, with_unionid: bool) -> Json:
    """Nickname, avatar and region are blank since the end of 2021; a stranger is no error."""
    profile: dict[str, Any] = {
        "subscribe": int(user.subscribed),
        "openid": user.openid,
        "nickname": "",
        "sex": 0,
        "language": lang,
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": "",
    }
    if user.subscribed:
        profile["subscribe_time"] = user.subscribe_time
    if with_unionid:
        profile["unionid"] = user.unionid
    profile |= {"remark": user.remark, "groupid": 0, "tagid_list": list(user.tag_ids)}
    if user.subscribed:
        profile |= {
            "subscribe_scene": user.subscribe_scene,
            "qr_scene": user.qr_scene,
            "qr_scene_str": user.qr_scene_str,
        }
    return profile


def _followers(call: Call) -> Json:
    """A page of those after `next_openid`; an empty page has no `data`."""
    openids = [user.openid for user in call.world.users.followers()]
    after = call.query.get("next_openid", "")
    if after and after not in openids:
        raise WeChatError(40003)
    page = openids[openids.index(after) + 1 if after else 0 :][:PAGE]
    answer: Json = {"total": len(openids), "count": len(page)}
    if page:
        answer["data"] = {"openid": page}
    return answer | {"next_openid": page[-1] if page else ""}


APIS = (
    Api("GET", "/cgi-bin/user/info", _info, Right.USERS),
    Api("GET", "/cgi-bin/user/get", _followers, Right.USERS),
)
