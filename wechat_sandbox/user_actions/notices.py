"""The act of a user who accepts or rejects subscription notices (protocol §2.3 and §8.3)."""

from enum import StrEnum

from wechat_sandbox.json_fields import BadRequest, Fields
from wechat_sandbox.user_actions.actor import Actor, Outcome


class Decision(StrEnum):
    ACCEPT = "accept"
    REJECT = "reject"


class Where(StrEnum):
    """The place of the decision: a page, an article, or the settings of the chat."""

    PAGE = "page"
    ARTICLE = "article"
    SETTINGS = "settings"


_SCENES = {Where.PAGE: 0, Where.ARTICLE: 2}


async def decide(actor: Actor, fields: Fields) -> Outcome:
    """Accept or reject notices of a template. One acceptance allows one notice.

    Fields: `template_id`, `decision` and `where` (default: page).
    """
    world, user = actor.world, actor.user
    template = world.notices.get(fields.text("template_id"))
    decision = fields.choice("decision", Decision)
    where = fields.choice("where", Where) if fields.has("where") else Where.PAGE
    fields.done()
    if where is Where.SETTINGS and decision is Decision.ACCEPT:
        raise BadRequest("decision: in the settings a user can only reject")
    if decision is Decision.ACCEPT:
        world.notices.grant(user.openid, template.template_id)
    elif where is Where.SETTINGS:
        world.notices.revoke(user.openid, template.template_id)
    outcome = Outcome()
    told = (("TemplateId", template.template_id), ("SubscribeStatusString", str(decision)))
    if where is Where.SETTINGS:
        event, entry = "subscribe_msg_change_event", (("SubscribeMsgChangeEvent", (("List", told),)),)
        await actor.push_event(outcome, event, entry)
        return outcome
    told_with_scene = (*told, ("PopupScene", _SCENES[where]))
    await actor.push_event(
        outcome, "subscribe_msg_popup_event", (("SubscribeMsgPopupEvent", (("List", told_with_scene),)),)
    )
    return outcome
