"""Refuse requests from foreign web pages.

A browser lets any site send requests to loopback. A site can also let one of its own host names point to this
machine (DNS rebinding).
"""

from ipaddress import ip_address

from aiohttp import web

from wechat_sandbox.control.responses import Handler, answer

# The bot's pages run jweixin.js, which calls these paths from the bot's origin.
_OPEN_TO_PAGES = "/_sandbox/jssdk/"
# A client may have fixed host names of WeChat. Then /etc/hosts can point these names to the sandbox.
_WECHATS = (".weixin.qq.com", ".wx.qq.com")


@web.middleware
async def own_pages_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse calls of the control API from pages of other origins.

    Tools are not refused, because they send no Origin header.
    """
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin != f"{request.scheme}://{request.host}"
    if foreign and request.path.startswith("/_sandbox/") and not request.path.startswith(_OPEN_TO_PAGES):
        return answer({"error": f"Origin: pages of {origin} must not use the control API"}, 403)
    return await handler(request)


@web.middleware
async def local_names_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests whose Host is not a name of this machine or of WeChat."""
    if not _is_local(request.host):
        text = f"Host: {request.host!r} is not a name of this machine; start with --allow-remote to allow it"
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
