"""`/_sandbox/state`, reset, the clock, the journals and media (docs/sandbox.md has the table)."""

from typing import Any

from aiohttp import web

from sandbox.control.answers import answer
from sandbox.fields import BadRequest, read_fields
from sandbox.push.series import Pusher
from sandbox.world.world import World

_KINDS = {"image": "image", "audio": "voice", "video": "video"}


class WorldControl:
    def __init__(self, world: World, pusher: Pusher) -> None:
        self._world = world
        self._pusher = pusher

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/_sandbox/state", self.state)
        app.router.add_post("/_sandbox/reset", self.reset)
        app.router.add_post("/_sandbox/clock", self.clock)
        app.router.add_get("/_sandbox/calls", self.calls)
        app.router.add_get("/_sandbox/deliveries", self.deliveries)
        app.router.add_post("/_sandbox/media", self.add_media)
        app.router.add_get("/_sandbox/media/{media_id}", self.media)

    async def state(self, request: web.Request) -> web.Response:
        return answer(_state(self._world))

    async def reset(self, request: web.Request) -> web.Response:
        self._pusher.interrupt()
        self._world.reset()
        return answer(_state(self._world))

    async def clock(self, request: web.Request) -> web.Response:
        fields = await read_fields(request)
        seconds = fields.number("advance_seconds")
        fields.done()
        try:
            self._world.clock.advance(seconds)
        except ValueError as error:
            raise BadRequest(f"advance_seconds: {error}") from None
        self._world.bus.publish("clock", self._world.clock.to_json())
        return answer(self._world.clock.to_json())

    async def calls(self, request: web.Request) -> web.Response:
        return answer({"calls": self._world.calls.last(_limit(request))})

    async def deliveries(self, request: web.Request) -> web.Response:
        return answer({"deliveries": self._world.deliveries.last(_limit(request))})

    async def add_media(self, request: web.Request) -> web.Response:
        """A picture (or voice, or video) chosen on the phone: its raw bytes, with their Content-Type."""
        kind = _KINDS.get(request.content_type.partition("/")[0])
        if kind is None:
            raise BadRequest(
                f"Content-Type: must be an image, audio or video type, got {request.content_type}"
            )
        content = await request.read()
        if not content:
            raise BadRequest("the body is empty: it must be the bytes of the file")
        media = self._world.media.add(kind, content, request.content_type)
        url = f"{self._world.base_url}/_sandbox/media/{media.media_id}"
        return answer({"media_id": media.media_id, "pic_url": url})

    async def media(self, request: web.Request) -> web.Response:
        """The bytes, also after the media_id has expired: a chat goes on showing its pictures."""
        media = self._world.media.find(request.match_info["media_id"])
        if media is None:
            raise web.HTTPNotFound
        # What a user or the account sent must not run as a page of the sandbox's origin.
        headers = {
            "Content-Type": media.content_type,
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        return web.Response(body=media.content, headers=headers)


def _state(world: World) -> dict[str, Any]:
    account = {
        **world.account.to_json(),
        **world.behaviour.to_json(),
        "callback": world.callback,
        "callback_ok": world.callback_ok,
        "web_domains": list(world.web_domains),
        "verify_file": world.verify_file,
        "verify_text": world.verify_text,
        "avatar": f"{world.base_url}/mmopen/account/132",
    }
    return {
        "account": account,
        "users": [user.to_json() for user in world.users.all()],
        "menu": world.menu.to_json() if world.menu else None,
        "clock": world.clock.to_json(),
    }


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", "2000")
    if not text.isdigit():
        raise BadRequest(f"limit: must be a whole number, got {text!r}")
    return int(text)
