"""The acts that open the chat and report the phone's location (protocol §2.2, §5.4)."""

from wechat_sandbox.json_fields import Fields
from wechat_sandbox.push.payload import Bare
from wechat_sandbox.rights import Right, has
from wechat_sandbox.user_actions.actor import Actor, Impossible, Outcome


async def enter(actor: Actor, fields: Fields) -> Outcome:
    """Open the chat. The phone loads the menu again if its copy is old.

    The phone also reports its location, if `location_reports` is on and the account may get reports.
    """
    fields.done()
    world, user = actor.world, actor.user
    world.menus.enter(user)
    outcome = Outcome()
    if user.subscribed and world.behaviour.location_reports and _may_report(actor):
        outcome = await _report(actor, 39.908722, 116.397499, 65.0)
    menu = world.phone_menu(user)
    outcome.extra = {"menu": menu.to_json() if menu else {"button": []}}
    return outcome


async def location(actor: Actor, fields: Fields) -> Outcome:
    """Report the location in `fields`: degrees, and `precision` in metres. All fields are optional."""
    actor.must_follow()
    if not _may_report(actor):
        raise Impossible(f"accounts of kind {actor.world.account.kind} get no LOCATION reports")
    latitude = fields.degrees("latitude", 90, 39.908722)
    longitude = fields.degrees("longitude", 180, 116.397499)
    precision = fields.number("precision", 65.0)
    fields.done()
    return await _report(actor, latitude, longitude, precision)


async def _report(actor: Actor, latitude: float, longitude: float, precision: float) -> Outcome:
    outcome = Outcome()
    values = (
        ("Latitude", Bare(f"{latitude:f}")),
        ("Longitude", Bare(f"{longitude:f}")),
        ("Precision", Bare(f"{precision:f}")),
    )
    await actor.push_event(outcome, "LOCATION", values)
    return outcome


def _may_report(actor: Actor) -> bool:
    return has(actor.world.account.kind, Right.LOCATION_REPORTS)
