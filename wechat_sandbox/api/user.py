"""API calls for followers and the account's remarks about them (protocol §9.2, rule 37)."""

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
    """Return the profiles of up to `MAX_BATCH` users."""
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
    """Return the profile of a user, follower or not.

    Nickname, avatar and region are empty: WeChat has not sent them since the end of 2021.
    """
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
    """Return the page of at most `size` openids that follows `after`. An empty page has no `data`.

    Raises WeChatError 40003 if `after` is not in the list.
    """
    if after and after not in openids:
        raise WeChatError(40003)
    page = openids[openids.index(after) + 1 if after else 0 :][:size]
    answer: Json = {"count": len(page)}
    if page:
        answer["data"] = {"openid": page}
    return answer | {"next_openid": page[-1] if page else ""}


def followers_named(call: Call, most: int) -> list[User]:
    """Return the followers in `openid_list`.

    Raises WeChatError: 40031 for an empty list, 40032 for more than `most` openids, 40003 if one of them is
    not a follower.
    """
    openids = call.body.get("openid_list")
    if not isinstance(openids, list) or not openids:
        raise WeChatError(40031)
    if len(openids) > most:
        raise WeChatError(40032)
    return [follower(call, openid) for openid in openids]


def follower(call: Call, openid: object) -> User:
    """Return the follower with this openid. Raises WeChatError 40003 if there is none."""
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
