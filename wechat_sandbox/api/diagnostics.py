"""API calls about quotas, request ids, WeChat's IP addresses and the callback (protocol §4.2, rule 18)."""

import asyncio
import socket
from urllib.parse import urlsplit

from wechat_sandbox.api.pipeline import OK, Api, Call, Json
from wechat_sandbox.errors import WeChatError

_CHECK_ACTIONS = ("all", "dns", "ping")
_OPERATORS = ("DEFAULT", "CHINANET", "UNICOM", "CAP")
_CHECK_SECONDS = 2.0


def _ip_list(call: Call) -> Json:
    return {"ip_list": ["127.0.0.1"]}


def _clear_quota(call: Call) -> Json:
    if call.body.get("appid") != call.world.account.app_id:
        raise WeChatError(40013)
    call.world.quotas.clear()
    return OK


def _clear_quota_v2(call: Call) -> Json:
    """Clear the quotas. The call needs the AppSecret instead of a token, so it works when no token call is
    left."""
    account = call.world.account
    if not call.query.get("appid"):
        raise WeChatError(41002)
    if not call.query.get("appsecret"):
        raise WeChatError(41004)
    if call.query["appid"] != account.app_id:
        raise WeChatError(40013)
    if call.query["appsecret"] != account.app_secret:
        raise WeChatError(40125)
    call.world.quotas.clear()
    return OK


def _quota(call: Call) -> Json:
    path = call.body.get("cgi_path")
    usage = call.world.quotas.usage(path, call.world.account.kind) if isinstance(path, str) else None
    if usage is None:
        raise WeChatError(76021)
    quota = {"daily_limit": usage.limit, "used": usage.used, "remain": usage.remain}
    return {**OK, "quota": quota}


def _request(call: Call) -> Json:
    """Return the details of the request whose errmsg ended with this rid."""
    rid = call.body.get("rid")
    if not isinstance(rid, str) or not rid:
        raise WeChatError(76002)
    for entry in call.world.calls:
        told = entry["response"]
        if isinstance(told, dict) and str(told.get("errmsg", "")).endswith(f"rid: {rid}"):
            request = {
                "invoke_time": int(entry["at"]),
                "cost_in_ms": entry["elapsed_ms"],
                "request_url": entry["path"],
                "request_body": _text(entry["body"]),
                "response_body": _text(told),
            }
            return {**OK, "request": request}
    raise WeChatError(76001)


def _text(value: object) -> str:
    return "" if value is None else str(value)


async def _check_callback(call: Call) -> Json:
    """Resolve the callback's host name and connect to it, as WeChat's own check does."""
    if call.world.callback is None:
        raise WeChatError(40201)
    action, operator = call.body.get("action"), call.body.get("check_operator", "DEFAULT")
    if action not in _CHECK_ACTIONS:
        raise WeChatError(40202)
    if operator not in _OPERATORS:
        raise WeChatError(40203)
    parts = urlsplit(call.world.callback)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        found = []
    addresses = sorted({str(address[4][0]) for address in found})
    answer: Json = {}
    if action in ("all", "dns"):
        answer["dns"] = [{"ip": ip, "real_operator": "UNKNOWN"} for ip in addresses]
    if action in ("all", "ping"):
        answer["ping"] = [
            {"ip": ip, "from_operator": operator, **await _connect(ip, port)} for ip in addresses
        ]
    return answer


async def _connect(ip: str, port: int) -> Json:
    started = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            _, writer = await asyncio.open_connection(ip, port)
        writer.close()
    except (TimeoutError, OSError):
        return {"package_loss": "100%", "time": ""}
    elapsed_ms = (asyncio.get_running_loop().time() - started) * 1000
    return {"package_loss": "0%", "time": f"{elapsed_ms:.3f}ms"}


APIS = (
    Api("GET", "/cgi-bin/getcallbackip", _ip_list),
    Api("GET", "/cgi-bin/get_api_domain_ip", _ip_list),
    Api("POST", "/cgi-bin/callback/check", _check_callback),
    Api("POST", "/cgi-bin/clear_quota", _clear_quota),
    Api("POST", "/cgi-bin/clear_quota/v2", _clear_quota_v2, token=False, takes="nothing"),
    Api("POST", "/cgi-bin/openapi/quota/get", _quota),
    Api("POST", "/cgi-bin/openapi/rid/get", _request),
)
