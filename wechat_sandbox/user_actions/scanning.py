"""The act that scans a code with the camera (protocol §2.2, §6.3). The text in the code decides the
result."""

from wechat_sandbox.json_fields import BadRequest, Fields
from wechat_sandbox.user_actions import following, logins
from wechat_sandbox.user_actions.actor import Actor, Impossible, Outcome
from wechat_sandbox.world.logins import WrongStep
from wechat_sandbox.world.qrcodes import QrCode
from wechat_sandbox.world.world import World

# Path in the QR code of a website login (`web/qrlogin.py`).
LOGIN_PATH = "/connect/confirm?uuid="


async def scan(actor: Actor, fields: Fields) -> Outcome:
    """Scan a code.

    Fields: `text` is the text of any code. `scene`, `ticket` or `url` instead select a code of the account.
    """
    if not fields.has("text"):
        code = _named(actor.world, fields)
        fields.done()
        return await _scene(actor, code)
    text = fields.text("text")
    fields.done()
    login = actor.world.base_url + LOGIN_PATH
    if text.startswith(login):
        return _login(actor, text.removeprefix(login))
    known = actor.world.qrcodes.by_url(text)
    if known is not None:
        return await _scene(actor, known)
    if text.startswith(("http://", "https://")):
        return Outcome(extra={"kind": "url", "open": text})
    return Outcome(extra={"kind": "text", "text": text})


async def _scene(actor: Actor, code: QrCode) -> Outcome:
    outcome = await following.scan(actor, code)
    outcome.extra = {"kind": "scene", "scene": code.scene}
    return outcome


def _login(actor: Actor, uuid: str) -> Outcome:
    try:
        login = logins.scan(actor, uuid)
    except WrongStep as error:
        raise Impossible(str(error)) from None
    return Outcome(extra={"kind": "login", "uuid": uuid, "status": login.status})


def _named(world: World, fields: Fields) -> QrCode:
    """Return the QR code that has the ticket, url or scene in `fields`. It is a code of the account.

    For an unknown scene, create a permanent code, as if it had been printed before this run.
    """
    if fields.has("ticket"):
        code = world.qrcodes.by_ticket(fields.text("ticket"))
        if code is None:
            raise BadRequest("ticket: unknown or expired; create a new QR code")
        return code
    if fields.has("url"):
        code = world.qrcodes.by_url(fields.text("url"))
        if code is None:
            raise BadRequest("url: not the text of a QR code of this account, or the code has expired")
        return code
    scene = fields.any("scene")
    if isinstance(scene, bool) or not isinstance(scene, (int, str)) or scene in ("", 0):
        raise BadRequest("scene: must be a number or a string (or give ticket, url or text)")
    code = world.qrcodes.by_scene(scene)
    if code is None and world.qrcodes.ever_had(scene):
        raise BadRequest(f"scene: the QR code of scene {scene!r} has expired")
    return code or world.qrcodes.create(scene, None)
