"""The location that a phone reports by itself when its user opens the chat (protocol §2.2)."""

from sandbox.fields import Fields
from sandbox.push.payload import Bare
from sandbox.rights import Right, has
from sandbox.thumb.act import Actor, Impossible, Outcome


async def location(actor: Actor, fields: Fields) -> Outcome:
    actor.must_follow()
    kind = actor.world.account.kind
    if not has(kind, Right.LOCATION_REPORTS):
        raise Impossible(f"accounts of kind {kind.value} are sent no LOCATION reports")
    latitude = fields.number("latitude", 39.908722)
    longitude = fields.number("longitude", 116.397499)
    precision = fields.number("precision", 65.0)
    fields.done()
    outcome = Outcome()
    values = (
        ("Latitude", Bare(f"{latitude:f}")),
        ("Longitude", Bare(f"{longitude:f}")),
        ("Precision", Bare(f"{precision:f}")),
    )
    await actor.push_event(outcome, "LOCATION", values)
    return outcome
