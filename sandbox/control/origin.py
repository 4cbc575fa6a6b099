"""Keeps web pages of other origins away from the control API: a browser lets any site post to loopback."""

from aiohttp import web

from sandbox.control.answers import Handler, answer

# Pages of the bot, which have an origin of their own, run jweixin.js and ask this.
_OPEN_TO_PAGES = "/_sandbox/jssdk/"


@web.middleware
async def own_pages_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tools send no Origin and pass; a browser's page must be one of the sandbox's own."""
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin != f"{request.scheme}://{request.host}"
    if foreign and request.path.startswith("/_sandbox/") and not request.path.startswith(_OPEN_TO_PAGES):
        return answer({"error": f"Origin: pages of {origin} may not use the control API"}, 403)
    return await handler(request)
