"""API calls for the access_token (protocol §4.1, rules 15 to 17)."""

from wechat_sandbox.api.pipeline import Api, Call, Json, not_in_whitelist
from wechat_sandbox.errors import WeChatError


def _check_caller(call: Call, path: str, given: dict[str, object]) -> None:
    """Check the caller of a token call, then count the call.

    A call with a wrong secret is not counted, so a stranger cannot use up the quota. Raises WeChatError as
    in rules 17 and 18.
    """
    account, appid, secret = call.world.account, given.get("appid"), given.get("secret")
    if given.get("grant_type") != "client_credential":
        raise WeChatError(40002)
    if not appid:
        raise WeChatError(41002)
    if not secret:
        raise WeChatError(41004)
    if appid != account.app_id:
        raise WeChatError(40013)
    if secret != account.app_secret:
        raise WeChatError(40125)
    if account.ip_whitelist and call.remote not in account.ip_whitelist:
        raise not_in_whitelist(call.remote)
    call.world.quotas.use(path, account.kind)


def _token(call: Call) -> Json:
    _check_caller(call, "/cgi-bin/token", dict(call.query))
    value, expires_in = call.world.tokens.mint()
    return {"access_token": value, "expires_in": expires_in}


def _stable_token(call: Call) -> Json:
    _check_caller(call, "/cgi-bin/stable_token", call.body)
    value, expires_in = call.world.tokens.stable(force=call.body.get("force_refresh") is True)
    return {"access_token": value, "expires_in": expires_in}


APIS = (
    Api("GET", "/cgi-bin/token", _token, token=False),
    Api("POST", "/cgi-bin/stable_token", _stable_token, token=False),
)
