"""Control calls for the state, reset, the clock and media. docs/sandbox.md has a table of all calls."""

from aiohttp import web

from wechat_sandbox.control.responses import answer
from wechat_sandbox.control.state import state
from wechat_sandbox.json_fields import BadRequest, read_fields
from wechat_sandbox.push.delivery import Pusher
from wechat_sandbox.world.media import Content
from wechat_sandbox.world.world import World

_KINDS = {"image": "image", "audio": "voice", "video": "video"}


class WorldControl:
    def __init__(self, world: World, pusher: Pusher) -> None:
        self._world = world
        self._pusher = pusher

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/_sandbox/state", self.state)
        app.router.add_post("/_sandbox/reset", self.reset)
        app.router.add_post("/_sandbox/clock", self.clock)
        app.router.add_post("/_sandbox/media", self.add_media)
        app.router.add_get("/_sandbox/media/{media_id}", self.media)

    async def state(self, request: web.Request) -> web.Response:
        return answer(state(self._world))

    async def reset(self, request: web.Request) -> web.Response:
        (await read_fields(request)).done()
        self._pusher.interrupt()
        self._world.reset()
        return answer(state(self._world))

    async def clock(self, request: web.Request) -> web.Response:
        fields = await read_fields(request)
        seconds = fields.number("advance_seconds")
        fields.done()
        world = self._world
        try:
            world.clock.advance(seconds)
        except ValueError as error:
            raise BadRequest(f"advance_seconds: {error}") from None
        act = {"type": "clock", "advance_seconds": seconds}
        world.recorder.begin(world.clock.now(), None, act)
        world.logins.time_has_passed()
        world.bus.publish("clock", world.clock.to_json())
        return answer(world.clock.to_json())

    async def add_media(self, request: web.Request) -> web.Response:
        """Store a picture, voice or video that a user chose on the phone, sent as raw bytes."""
        kind = _KINDS.get(request.content_type.partition("/")[0])
        if kind is None:
            raise BadRequest(
                f"Content-Type: must be an image, audio or video type, got {request.content_type}"
            )
        content = await request.read()
        if not content:
            raise BadRequest("body: is empty, must be the bytes of the file")
        media = self._world.media.add(kind, Content(content, request.content_type))
        url = f"{self._world.base_url}/_sandbox/media/{media.media_id}"
        return answer({"media_id": media.media_id, "pic_url": url})

    async def media(self, request: web.Request) -> web.Response:
        """Return the bytes of a media, even if it has expired, because the chat still shows its pictures."""
        media = self._world.media.find(request.match_info["media_id"])
        if media is None:
            raise web.HTTPNotFound
        file = media.file.playable or media.file
        # A file from a user or from the account must not run as a page of the sandbox's origin.
        headers = {
            "Content-Type": file.content_type,
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        return web.Response(body=file.data, headers=headers)
