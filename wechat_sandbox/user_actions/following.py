"""The acts follow and unfollow, by search or with a scene QR code (protocol §2.2, rules 36 and 37)."""

from wechat_sandbox.user_actions.actor import Actor, Impossible, Outcome
from wechat_sandbox.world.push_windows import Occasion
from wechat_sandbox.world.qrcodes import QrCode


async def subscribe(actor: Actor) -> Outcome:
    """Follow the account by search. Raises Impossible if the user already follows it."""
    world, user = actor.world, actor.user
    if user.subscribed:
        raise Impossible(f"{user.nickname} ({user.openid}) already follows the account")
    user.follow(world.clock.seconds(), "ADD_SCENE_SEARCH")
    world.windows.open(user.openid, Occasion.FOLLOW)
    world.menus.pull(user)
    world.publish_user(user)
    outcome = Outcome()
    await actor.push_event(outcome, "subscribe", (("EventKey", ""),))
    return outcome


async def unsubscribe(actor: Actor) -> Outcome:
    """Unfollow the account. Raises Impossible if the user does not follow it."""
    actor.must_follow()
    world, user = actor.world, actor.user
    # The user loses remark and tags, so a follower who returns starts without them.
    user.unfollow()
    world.windows.close(user.openid)
    world.typing.stop(user.openid)
    world.publish_user(user)
    outcome = Outcome()
    await actor.push_event(outcome, "unsubscribe", (("EventKey", ""),))
    return outcome


async def scan(actor: Actor, code: QrCode) -> Outcome:
    """Scan a QR code with a scene.

    A follower causes the event SCAN with the scene as EventKey. Another user becomes a follower and causes
    `subscribe` with `qrscene_` before the scene.
    """
    world, user = actor.world, actor.user
    outcome = Outcome()
    code.scanned_by.add(user.openid)
    world.windows.open(user.openid, Occasion.SCAN)
    if user.subscribed:
        await actor.push_event(outcome, "SCAN", (("EventKey", str(code.scene)), ("Ticket", code.ticket)))
        return outcome
    number, text = (code.scene, "") if isinstance(code.scene, int) else (0, code.scene)
    user.follow(world.clock.seconds(), "ADD_SCENE_QR_CODE", number, text)
    world.windows.open(user.openid, Occasion.FOLLOW)
    world.menus.pull(user)
    world.publish_user(user)
    fields = (("EventKey", f"qrscene_{code.scene}"), ("Ticket", code.ticket))
    await actor.push_event(outcome, "subscribe", fields)
    return outcome
