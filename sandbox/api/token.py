"""access_token (protocol §4.1, rules 15 to 17) and the small calls around it (§4.2)."""

from datetime import UTC, datetime

from sandbox.api.frame import OK, Api, Call, Json
from sandbox.errors import WeChatError

CLEARS_PER_MONTH = 10


def _check_caller(call: Call, appid: str | None, secret: str | None, grant_type: str | None) -> None:
    account = call.world.account
    if grant_type != "client_credential":
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
        raise WeChatError(40164, f"invalid ip {call.remote} ipv6 ::ffff:{call.remote}, not in whitelist")


def _token(call: Call) -> Json:
    query = call.query
    _check_caller(call, query.get("appid"), query.get("secret"), query.get("grant_type"))
    value, expires_in = call.world.tokens.mint()
    return {"access_token": value, "expires_in": expires_in}


def _stable_token(call: Call) -> Json:
    body = call.body
    _check_caller(call, body.get("appid"), body.get("secret"), body.get("grant_type"))
    value, expires_in = call.world.tokens.stable(force=body.get("force_refresh") is True)
    return {"access_token": value, "expires_in": expires_in}


def _ip_list(call: Call) -> Json:
    return {"ip_list": ["127.0.0.1"]}


def _clear_quota(call: Call) -> Json:
    if call.body.get("appid") != call.world.account.app_id:
        raise WeChatError(40013)
    now = call.world.clock.now()
    clears = [at for at in call.world.quota_clears if _month(at) == _month(now)]
    if len(clears) >= CLEARS_PER_MONTH:
        raise WeChatError(48006)
    call.world.quota_clears = [*clears, now]
    return OK


def _month(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m")


APIS = (
    Api("GET", "/cgi-bin/token", _token, token=False),
    Api("POST", "/cgi-bin/stable_token", _stable_token, token=False),
    Api("GET", "/cgi-bin/getcallbackip", _ip_list),
    Api("GET", "/cgi-bin/get_api_domain_ip", _ip_list),
    Api("POST", "/cgi-bin/clear_quota", _clear_quota),
)
