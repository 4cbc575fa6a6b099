"""Control calls to get a recording, replay it, and export it as a test."""

from aiohttp import web

from wechat_sandbox.control.responses import answer
from wechat_sandbox.json_fields import BadRequest, read_fields
from wechat_sandbox.push.delivery import Pusher
from wechat_sandbox.replay.document import document
from wechat_sandbox.replay.export import pytest_file
from wechat_sandbox.replay.player import Player
from wechat_sandbox.replay.recording_reader import read_recording
from wechat_sandbox.world.world import World


class RecordingControl:
    def __init__(self, world: World, pusher: Pusher) -> None:
        self._world = world
        self._pusher = pusher
        self._playing = False

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/_sandbox/recording", self.recording)
        app.router.add_post("/_sandbox/replay", self.replay)
        app.router.add_post("/_sandbox/export", self.export)

    async def recording(self, request: web.Request) -> web.Response:
        return answer(document(self._world))

    async def replay(self, request: web.Request) -> web.Response:
        fields = await read_fields(request)
        recording = read_recording(fields.any("recording"))
        fields.done()
        if self._playing:
            raise BadRequest("recording: another replay is running; wait until it ends")
        self._playing = True
        try:
            return answer(await Player(self._world, self._pusher, recording).play())
        finally:
            self._playing = False

    async def export(self, request: web.Request) -> web.Response:
        """Return the recording as a pytest file. Refuse a recording that replay would refuse."""
        fields = await read_fields(request)
        recording = fields.any("recording")
        fields.done()
        read_recording(recording)
        return web.Response(text=pytest_file(recording), content_type="text/x-python", charset="utf-8")
