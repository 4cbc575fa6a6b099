"""Keeps web pages of others away: a browser lets any site post to loopback, and a name that a site owns may
be made to mean this machine (DNS rebinding)."""

from ipaddress import ip_address

from aiohttp import web

from wechat_sandbox.control.responses import Handler, answer

# Pages of the bot, which have an origin of their own, run jweixin.js and ask this.
_OPEN_TO_PAGES = "/_sandbox/jssdk/"
# A client whose hosts are fixed in its code is led here by /etc/hosts.
_WECHATS = (".weixin.qq.com", ".wx.qq.com")


@web.middleware
async def own_pages_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tools send no Origin and pass; a browser's page must be one of the sandbox's own."""
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin != f"{request.scheme}://{request.host}"
    if foreign and request.path.startswith("/_sandbox/") and not request.path.startswith(_OPEN_TO_PAGES):
        return answer({"error": f"Origin: pages of {origin} may not use the control API"}, 403)
    return await handler(request)


@web.middleware
async def local_names_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    if not _is_local(request.host):
        text = f"Host: {request.host!r} is no name of this machine; --allow-remote lets it in"
        return answer({"error": text}, 403)
    return await handler(request)


def _is_local(host: str) -> bool:
    name = host.lower().rpartition(":")[0] if not host.endswith("]") and ":" in host else host.lower()
    if name == "localhost" or name.endswith((".localhost", *_WECHATS)):
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
