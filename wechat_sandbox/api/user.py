"""Followers and what the account notes about them (protocol §9.2, rule 37)."""

from typing import Any

from wechat_sandbox.api.pipeline import OK, Api, Call, Json
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.rights import Right
from wechat_sandbox.world.users import User

PAGE = 10_000
MAX_BATCH = 100
MAX_REMARK = 30


def _info(call: Call) -> Json:
    openid = call.query.get("openid")
    if not openid:
        raise WeChatError(41009)
    user = call.world.users.find(openid)
    if user is None:
        raise WeChatError(40003)
    return _profile(user, call.query.get("lang", "zh_CN"), call.world.account.open_platform)


def _batch(call: Call) -> Json:
    """Up to a hundred at once."""
    wanted = call.body.get("user_list")
    if not isinstance(wanted, list) or not wanted:
        raise WeChatError(40031)
    if len(wanted) > MAX_BATCH:
        raise WeChatError(40032)
    profiles = []
    for one in wanted:
        openid = one.get("openid") if isinstance(one, dict) else None
        user = call.world.users.find(openid) if isinstance(openid, str) else None
        if user is None:
            raise WeChatError(40003)
        profiles.append(_profile(user, one.get("lang", "zh_CN"), call.world.account.open_platform))
    return {"user_info_list": profiles}


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
    groupid = user.tags[0] if user.tags else 0
    profile |= {"remark": user.remark, "groupid": groupid, "tagid_list": list(user.tags)}
    if user.subscribed:
        profile |= {
            "subscribe_scene": user.subscribe_scene,
            "qr_scene": user.qr_scene,
            "qr_scene_str": user.qr_scene_str,
        }
    return profile


def _followers(call: Call) -> Json:
    openids = [user.openid for user in call.world.users.followers()]
    after = call.query.get("next_openid", "")
    return {"total": len(openids), **page_after(openids, after, PAGE)}


def page_after(openids: list[str], after: str, size: int) -> Json:
    """A page of those after the openid `after`; an empty page has no `data`."""
    if after and after not in openids:
        raise WeChatError(40003)
    page = openids[openids.index(after) + 1 if after else 0 :][:size]
    answer: Json = {"count": len(page)}
    if page:
        answer["data"] = {"openid": page}
    return answer | {"next_openid": page[-1] if page else ""}


def followers_named(call: Call, most: int) -> list[User]:
    """Those of `openid_list`. Raises 40031, 40032 for more than `most`, 40003 unless all are followers."""
    openids = call.body.get("openid_list")
    if not isinstance(openids, list) or not openids:
        raise WeChatError(40031)
    if len(openids) > most:
        raise WeChatError(40032)
    return [follower(call, openid) for openid in openids]


def follower(call: Call, openid: object) -> User:
    """Raises 40003."""
    user = call.world.users.find(openid) if isinstance(openid, str) else None
    if user is None or not user.subscribed:
        raise WeChatError(40003)
    return user


def _remark(call: Call) -> Json:
    remark = call.body.get("remark")
    if not isinstance(remark, str):
        raise WeChatError(47001)
    if len(remark) >= MAX_REMARK:
        raise WeChatError(40035)
    follower(call, call.body.get("openid")).remark = remark
    return OK


APIS = (
    Api("GET", "/cgi-bin/user/info", _info, Right.USERS),
    Api("POST", "/cgi-bin/user/info/batchget", _batch, Right.USERS),
    Api("GET", "/cgi-bin/user/get", _followers, Right.USERS),
    Api("POST", "/cgi-bin/user/info/updateremark", _remark, Right.USERS),
)
