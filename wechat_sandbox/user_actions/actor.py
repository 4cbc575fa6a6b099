"""Deliver the messages and events of an act one after another, and collect the results."""

from dataclasses import dataclass, field
from typing import Any

from wechat_sandbox.push.delivery import Pusher, Series
from wechat_sandbox.push.payload import Elements, Inbound
from wechat_sandbox.world.users import User
from wechat_sandbox.world.world import World


class Impossible(Exception):
    """A real phone does not allow this act. The message gives the reason."""


@dataclass
class Outcome:
    """The result of an act.

    `series` has its deliveries. `extra` has further results, such as the page that a view button opens.
    """

    msg_id: int | None = None
    series: list[Series] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            # A string, because a number in JavaScript cannot keep 17 digits exactly.
            "msg_id": str(self.msg_id) if self.msg_id is not None else None,
            "deliveries": [attempt.to_json() for series in self.series for attempt in series.attempts],
            "shown": [message.to_json() for series in self.series for message in series.shown],
            **self.extra,
        }


@dataclass(frozen=True)
class Actor:
    """One user who acts on the phone."""

    world: World
    pusher: Pusher
    user: User

    def must_follow(self) -> None:
        """Raise Impossible if the user does not follow the account."""
        if not self.user.subscribed:
            raise Impossible(
                f"{self.user.nickname} ({self.user.openid}) does not follow the account: subscribe first"
            )

    async def push_event(
        self, outcome: Outcome, event: str, fields: Elements = (), create_time: int | None = None
    ) -> None:
        """Deliver an event and add the result to `outcome`."""
        at = self.world.event_time(self.user.openid) if create_time is None else create_time
        inbound = Inbound(self.user.openid, "event", at, fields, event=event)
        outcome.series.append(await self.pusher.deliver(inbound))

    async def push_message(
        self,
        outcome: Outcome,
        msg_type: str,
        fields: Elements,
        msg_id: int | None = None,
        create_time: int | None = None,
    ) -> None:
        """Deliver a message and add the result to `outcome`.

        By default `msg_id` and `create_time` are new. A test may give them, to make messages coincide (rule
        12).
        """
        outcome.msg_id = self.world.new_msg_id(self.user.openid) if msg_id is None else msg_id
        at = self.world.clock.seconds() if create_time is None else create_time
        inbound = Inbound(self.user.openid, msg_type, at, fields, msg_id=outcome.msg_id)
        outcome.series.append(await self.pusher.deliver(inbound))
