"""Replay a recorded conversation with the present server, and compare the messages that users saw."""

import asyncio
import difflib
import json
from typing import Any

from wechat_sandbox.errors import WeChatError
from wechat_sandbox.json_fields import BadRequest, Fields
from wechat_sandbox.push.delivery import Interrupted, Pusher
from wechat_sandbox.replay.document import seen
from wechat_sandbox.replay.recording_reader import Moment, Recording
from wechat_sandbox.user_actions.actions import perform
from wechat_sandbox.user_actions.actor import Actor, Impossible
from wechat_sandbox.world.recorder import Recorder, Step
from wechat_sandbox.world.users import User
from wechat_sandbox.world.world import World

# An answer may arrive this many seconds later than in the recording.
_EXTRA_WAIT = 5.0
_LONGEST_WAIT = 60.0
# Fields that differ in each run and that a user does not see.
_NOT_COMPARED = ("id", "at", "via", "media_id", "url", "thumb_url", "template_id")
Json = dict[str, Any]


class Player:
    """Replay one recording. During the replay nothing else is recorded.

    Each recorded user becomes a new user, who is a follower if the recorded user was one at the start.
    """

    def __init__(self, world: World, pusher: Pusher, recording: Recording) -> None:
        self._world = world
        self._pusher = pusher
        self._recording = recording
        self._users: dict[str, User] = {}
        self._media: dict[str, str] = {}
        self._recorder = Recorder()

    async def play(self) -> Json:
        """Replay all steps and compare them with the recording.

        Return `{"steps": [{"act", "nickname", "before", "after", "same", "difference"}], "same"}`.
        """
        own, self._world.recorder = self._world.recorder, self._recorder
        try:
            self._set_the_scene()
            played = [(moment, await self._step(moment)) for moment in self._recording.moments]
            steps = [self._compared(moment, after) for moment, after in played]
        finally:
            self._world.recorder = own
        return {"steps": steps, "same": all(step["same"] for step in steps)}

    def _set_the_scene(self) -> None:
        world = self._world
        for person in self._recording.people:
            user = self._users[person.openid] = world.users.add(person.nickname)
            if person.subscribed:
                user.follow(world.clock.seconds(), "ADD_SCENE_SEARCH")
            world.publish_user(user)
        for media_id, (kind, content) in self._recording.media.items():
            self._media[media_id] = world.media.add(kind, content).media_id
        if world.menus.default is None and self._recording.menu is not None:
            world.set_menu(self._recording.menu)

    async def _step(self, moment: Moment) -> list[Json]:
        """Replay one step and return the messages that the user saw.

        The list may grow until the end of the replay.
        """
        if moment.openid is None:
            self._world.clock.advance(float(moment.act.get("advance_seconds", 0)))
            self._world.logins.time_has_passed()
            return []
        actor = Actor(self._world, self._pusher, self._users[moment.openid])
        body = self._with_own_media(moment.act.get("body", {}))
        try:
            await perform(actor, moment.act["type"], Fields(body))
        except (BadRequest, Impossible, WeChatError, Interrupted) as error:
            return [{"type": "impossible", "content": str(error) or type(error).__name__}]
        step = self._recorder.steps[-1]
        await self._wait_for(step, moment)
        return step.shown

    async def _wait_for(self, step: Step, moment: Moment) -> None:
        """Wait until the step has as many messages as recorded, or until the time for late ones is over."""
        late = max((float(message.get("at", 0)) - moment.at for message in moment.shown), default=0.0)
        listener = self._world.bus.join()
        try:
            async with asyncio.timeout(min(max(late, 0.0) + _EXTRA_WAIT, _LONGEST_WAIT)):
                while len(step.shown) < len(moment.shown):
                    if not await listener.next():
                        return
        except TimeoutError:
            pass
        finally:
            self._world.bus.leave(listener)

    def _with_own_media(self, body: Json) -> Json:
        media_id = body.get("media_id")
        return {**body, "media_id": self._media[media_id]} if media_id in self._media else dict(body)

    def _compared(self, moment: Moment, after: list[Json]) -> Json:
        before_lines = [self._line(message) for message in moment.shown]
        after_lines = [self._line(message) for message in seen(self._world, after)]
        difference = difflib.unified_diff(before_lines, after_lines, "before", "after", lineterm="", n=99)
        return {
            "act": moment.act,
            "nickname": self._users[moment.openid].nickname if moment.openid else None,
            "before": moment.shown,
            "after": after,
            "same": before_lines == after_lines,
            "difference": "\n".join(difference),
        }

    def _line(self, message: Json) -> str:
        """Return a message as one line of text, with nicknames instead of openids, which differ each time."""
        visible = {name: value for name, value in message.items() if name not in _NOT_COMPARED}
        text = json.dumps(visible, ensure_ascii=False, sort_keys=True)
        for openid, user in self._users.items():
            for one in (openid, user.openid):
                text = text.replace(one, f"<{user.nickname}>")
        return text
