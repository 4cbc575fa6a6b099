"""How an act is carried out: what it causes is delivered one by one and the outcome gathered."""

from dataclasses import dataclass, field
from typing import Any

from wechat_sandbox.push.delivery import Pusher, Series
from wechat_sandbox.push.payload import Elements, Inbound
from wechat_sandbox.world.users import User
from wechat_sandbox.world.world import World


class Impossible(Exception):
    """On a real phone this could not be done; the text says why."""


@dataclass
class Outcome:
    """`extra` is what an act tells besides, such as the page that a view button opens."""

    msg_id: int | None = None
    series: list[Series] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            # As a string: JavaScript cannot hold 17 digits.
            "msg_id": str(self.msg_id) if self.msg_id is not None else None,
            "deliveries": [attempt.to_json() for series in self.series for attempt in series.attempts],
            "shown": [message.to_json() for series in self.series for message in series.shown],
            **self.extra,
        }


@dataclass(frozen=True)
class Actor:
    """One user in front of the phone."""

    world: World
    pusher: Pusher
    user: User

    def must_follow(self) -> None:
        if not self.user.subscribed:
            raise Impossible(
                f"{self.user.nickname} ({self.user.openid}) does not follow the account: subscribe first"
            )

    async def push_event(
        self, outcome: Outcome, event: str, fields: Elements = (), create_time: int | None = None
    ) -> None:
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
        """`msg_id` and `create_time` are chosen here unless a test wants them to coincide (rule 12)."""
        outcome.msg_id = self.world.new_msg_id(self.user.openid) if msg_id is None else msg_id
        at = self.world.clock.seconds() if create_time is None else create_time
        inbound = Inbound(self.user.openid, msg_type, at, fields, msg_id=outcome.msg_id)
        outcome.series.append(await self.pusher.deliver(inbound))
