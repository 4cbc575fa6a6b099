"""List all acts of a user by name, and perform and record them."""

from collections.abc import Awaitable, Callable

from wechat_sandbox.json_fields import Fields
from wechat_sandbox.user_actions import following, messages, notices, reports, scanning, taps
from wechat_sandbox.user_actions.actor import Actor, Outcome

Act = Callable[[Actor, Fields], Awaitable[Outcome]]


async def perform(actor: Actor, name: str, fields: Fields) -> Outcome:
    """Perform the act `name` of `ACTS` and record it.

    If the act raises an error, it is not recorded.
    """
    recorder = actor.world.recorder
    step = recorder.begin(actor.world.clock.now(), actor.user, {"type": name, "body": fields.left()})
    try:
        outcome = await ACTS[name](actor, fields)
    except BaseException:
        recorder.drop(step)
        raise
    if outcome.extra.get("kind") == "scene":
        # Record the scene, because the ticket of this code is unknown in another run.
        step.act["body"] = {"scene": outcome.extra["scene"]}
    step.deliveries = outcome.to_json()["deliveries"]
    return outcome


async def _subscribe(actor: Actor, fields: Fields) -> Outcome:
    fields.done()
    return await following.subscribe(actor)


async def _unsubscribe(actor: Actor, fields: Fields) -> Outcome:
    fields.done()
    return await following.unsubscribe(actor)


ACTS: dict[str, Act] = {
    "send": messages.send,
    "tap": taps.tap,
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "scan": scanning.scan,
    "enter": reports.enter,
    "location": reports.location,
    "notice": notices.decide,
}
