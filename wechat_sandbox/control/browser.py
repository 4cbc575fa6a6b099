"""Control calls of the phone page and of jweixin.js: live events, the web view's user, wx.config, uploads."""

import asyncio
import json

from aiohttp import web

from wechat_sandbox.control.responses import answer
from wechat_sandbox.json_fields import BadRequest, read_fields
from wechat_sandbox.rights import may_call
from wechat_sandbox.web.authorize_pages import VISITOR_COOKIE
from wechat_sandbox.web.jssdk import Config, verdict
from wechat_sandbox.world.media import Content
from wechat_sandbox.world.world import World

HEARTBEAT_SECONDS = 15
_UPLOADS = {"image": "image", "audio": "voice"}
_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "Content-Type"}


class PageControl:
    def __init__(self, world: World) -> None:
        self._world = world

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/_sandbox/events", self.events)
        app.router.add_post("/_sandbox/webview", self.webview)
        app.router.add_post("/_sandbox/jssdk/config", self.jssdk_config)
        app.router.add_post("/_sandbox/jssdk/upload", self.jssdk_upload)
        app.router.add_route("OPTIONS", "/_sandbox/jssdk/{call}", self.jssdk_preflight)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Send server-sent events until the page closes, the sandbox stops, or the page reads too slowly."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        listener = self._world.bus.join()
        try:
            await response.write(b": sandbox\n\n")
            while True:
                try:
                    events = await asyncio.wait_for(listener.next(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    await response.write(b": heartbeat\n\n")
                    continue
                if not events:
                    break
                # All waiting events in one write: under load, one write per event takes most of the time.
                await response.write("".join(_event(kind, data) for kind, data in events).encode())
        except ConnectionError:
            pass
        finally:
            self._world.bus.leave(listener)
        return response

    async def webview(self, request: web.Request) -> web.Response:
        """Switch the web view to a user and to this user's cookies.

        A browser shares cookies between all ports of 127.0.0.1. To give each simulated phone its own cookies,
        this call stores the cookies in the request as the cookies of the previous user. Then it sets the
        stored cookies of the new user.
        """
        fields = await read_fields(request)
        user = self._world.users.get(fields.text("openid"))
        fields.done()
        response = answer({"ok": True, "openid": user.openid})
        cookies = _cookies(request)
        previous = cookies.pop(VISITOR_COOKIE, None)
        _set_cookie(response, VISITOR_COOKIE, user.openid, "HttpOnly; SameSite=Lax")
        if previous == user.openid:
            return response
        jar = self._world.cookie_jars.get(user.openid, {})
        if previous is not None:
            self._world.cookie_jars[previous] = cookies
        for name in cookies.keys() - jar.keys():
            _set_cookie(response, name, "", "Max-Age=0")
        for name, value in jar.items():
            _set_cookie(response, name, value, "HttpOnly; SameSite=Lax")
        return response

    async def jssdk_preflight(self, request: web.Request) -> web.Response:
        return web.Response(status=204, headers={**_ANY_ORIGIN, "Access-Control-Allow-Methods": "POST"})

    async def jssdk_config(self, request: web.Request) -> web.Response:
        fields = await read_fields(request)
        config = Config(
            app_id=str(fields.any("appId", "")),
            # Most pages give a number, some a string. The signed text is the same.
            timestamp=str(fields.any("timestamp", "")),
            nonce_str=str(fields.any("nonceStr", "")),
            signature=str(fields.any("signature", "")),
            url=fields.text("url"),
        )
        message = verdict(self._world, config)
        kind = self._world.account.kind
        wanted = fields.list("jsApiList") if fields.has("jsApiList") else []
        denied = [name for name in wanted if isinstance(name, str) and not may_call(kind, name)]
        response = answer({"ok": message == "config:ok", "errMsg": message, "denied": denied})
        response.headers.update(_ANY_ORIGIN)
        return response

    async def jssdk_upload(self, request: web.Request) -> web.Response:
        """Store a picture or a voice that the user chose in a page, sent as raw bytes.

        The account can download it with the returned `serverId`, which is a media_id.
        """
        kind = _UPLOADS.get(request.content_type.partition("/")[0])
        content = await request.read()
        if kind is None or not content:
            raise BadRequest("body: must be the bytes of an image or audio file; set its Content-Type")
        media = self._world.media.add(kind, Content(content, request.content_type))
        response = answer({"serverId": media.media_id})
        response.headers.update(_ANY_ORIGIN)
        return response


def _event(kind: str, data: object) -> str:
    return f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _cookies(request: web.Request) -> dict[str, str]:
    """Return the cookies exactly as they were sent, so that their quoting is kept when they are set again."""
    pairs = (part.strip().partition("=") for part in request.headers.get("Cookie", "").split(";"))
    return {name: value for name, mark, value in pairs if name and mark}


def _set_cookie(response: web.Response, name: str, value: str, attributes: str) -> None:
    response.headers.add("Set-Cookie", f"{name}={value}; Path=/; {attributes}")
