"""API calls for web authorization (protocol §6.2, rules 29 to 31). They use other tokens than the calls under
/cgi-bin."""

from dataclasses import dataclass
from typing import Any

from wechat_sandbox.api.pipeline import OK, Api, Call, Json
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.world.oauth import ACCESS_LIFETIME, Grant, Session


def _access_token(call: Call) -> Json:
    query, app = call.query, _app(call)
    if not query.get("secret"):
        raise WeChatError(41004)
    if query["secret"] != app.secret:
        raise WeChatError(40125)
    if query.get("grant_type") != "authorization_code":
        raise WeChatError(40002)
    if not query.get("code"):
        raise WeChatError(41008)
    try:
        session = call.world.oauth.exchange(query["code"], app.id)
    except WeChatError as error:
        if error.errcode == 42003:
            raise WeChatError(call.world.behaviour.expired_code_errcode) from None
        raise
    answer = _tokens(session)
    if session.grant.snapshot:
        answer["is_snapshotuser"] = 1
    if session.grant.scope == "snsapi_base" and call.world.behaviour.base_without_unionid:
        return answer
    return answer | _unionid(call, session.grant)


def _refresh_token(call: Call) -> Json:
    app = _app(call)
    if call.query.get("grant_type") != "refresh_token":
        raise WeChatError(40002)
    refresh_token = call.query.get("refresh_token")
    if not refresh_token:
        raise WeChatError(41003)
    return _tokens(call.world.oauth.refresh(refresh_token, app.id))


def _auth(call: Call) -> Json:
    _session(call)
    return OK


def _userinfo(call: Call) -> Json:
    grant = _session(call).grant
    if grant.scope not in ("snsapi_userinfo", "snsapi_login"):
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
    return profile | _unionid(call, grant)


def _unionid(call: Call, grant: Grant) -> Json:
    """Return the unionid if the app belongs to an Open Platform account.

    A website app always belongs to such an account (rule 31).
    """
    account = call.world.account
    shown = account.open_platform or grant.app_id == account.site_app_id
    return {"unionid": grant.unionid} if shown else {}


@dataclass(frozen=True)
class _App:
    id: str
    secret: str


def _app(call: Call) -> _App:
    """Return the app of the `appid` in the query: the official account or the website app.

    Raises WeChatError: 41002 without an appid, 40013 for an unknown one.
    """
    account, app_id = call.world.account, call.query.get("appid")
    if not app_id:
        raise WeChatError(41002)
    if app_id == account.app_id:
        return _App(app_id, account.app_secret)
    if app_id == account.site_app_id:
        return _App(app_id, account.site_app_secret)
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
