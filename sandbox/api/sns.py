"""Web authorization's calls (protocol §6.2, rules 29 to 31). Their tokens are not those of /cgi-bin."""

from typing import Any

from sandbox.api.frame import OK, Api, Call, Json
from sandbox.errors import WeChatError
from sandbox.world.oauth import ACCESS_LIFETIME, Session


def _access_token(call: Call) -> Json:
    query = call.query
    _check_appid(call)
    if not query.get("secret"):
        raise WeChatError(41004)
    if query["secret"] != call.world.account.app_secret:
        raise WeChatError(40125)
    if query.get("grant_type") != "authorization_code":
        raise WeChatError(40002)
    if not query.get("code"):
        raise WeChatError(41008)
    session = call.world.oauth.exchange(query["code"])
    answer = _tokens(session)
    if session.grant.snapshot:
        answer["is_snapshotuser"] = 1
    if call.world.account.open_platform:
        answer["unionid"] = session.grant.unionid
    return answer


def _refresh_token(call: Call) -> Json:
    _check_appid(call)
    if call.query.get("grant_type") != "refresh_token":
        raise WeChatError(40002)
    refresh_token = call.query.get("refresh_token")
    if not refresh_token:
        raise WeChatError(41003)
    return _tokens(call.world.oauth.refresh(refresh_token))


def _auth(call: Call) -> Json:
    _session(call)
    return OK


def _userinfo(call: Call) -> Json:
    grant = _session(call).grant
    if grant.scope != "snsapi_userinfo":
        raise WeChatError(48001)
    profile: dict[str, Any] = {
        "openid": grant.openid,
        "nickname": grant.nickname,
        "sex": 0,
        "language": "",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": grant.avatar,
        "privilege": [],
    }
    if call.world.account.open_platform:
        profile["unionid"] = grant.unionid
    return profile


def _check_appid(call: Call) -> None:
    if not call.query.get("appid"):
        raise WeChatError(41002)
    if call.query["appid"] != call.world.account.app_id:
        raise WeChatError(40013)


def _session(call: Call) -> Session:
    access_token, openid = call.query.get("access_token"), call.query.get("openid")
    if not access_token:
        raise WeChatError(41001)
    if not openid:
        raise WeChatError(41009)
    return call.world.oauth.session(access_token, openid)


def _tokens(session: Session) -> Json:
    return {
        "access_token": session.access_token,
        "expires_in": ACCESS_LIFETIME,
        "refresh_token": session.refresh_token,
        "openid": session.grant.openid,
        "scope": session.grant.scope,
    }


APIS = (
    Api("GET", "/sns/oauth2/access_token", _access_token, token=False),
    Api("GET", "/sns/oauth2/refresh_token", _refresh_token, token=False),
    Api("GET", "/sns/auth", _auth, token=False),
    Api("GET", "/sns/userinfo", _userinfo, token=False),
)
