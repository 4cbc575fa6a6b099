"""API calls for template messages (protocol §8.2, rule 35)."""

import re

from wechat_sandbox.api.industries import INDUSTRIES
from wechat_sandbox.api.pipeline import OK, Api, Call, Json
from wechat_sandbox.api.receiver import miniprogram, receiver, values
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.rights import Right

_MAX_ID = 100


def _send(call: Call) -> Json:
    world, body = call.world, call.body
    user = receiver(call)
    template_id = body.get("template_id")
    if not isinstance(template_id, str) or not 1 <= len(template_id) <= _MAX_ID:
        raise WeChatError(40036)
    template = world.templates.get(template_id)
    filled = values(body.get("data"))
    if not user.subscribed:
        raise WeChatError(43004)
    client_msg_id = str(body.get("client_msg_id") or "")
    before = world.templates.sent_before(user.openid, client_msg_id) if client_msg_id else None
    if before is not None:
        return {**OK, "msgid": before}
    msgid = world.templates.new_msgid()
    if client_msg_id:
        world.templates.remember(user.openid, client_msg_id, msgid)
    if not user.blocks_templates:
        shown = {"title": template.title, "content": template.fill(filled), "url": str(body.get("url") or "")}
        world.chat(user.openid).show(
            "account", "template", "template", template_id=template_id, **shown, **miniprogram(body)
        )
    status = "failed:user block" if user.blocks_templates else "success"
    call.tell(user.openid, "TEMPLATESENDJOBFINISH", (("MsgID", msgid), ("Status", status)))
    return {**OK, "msgid": msgid}


def _set_industry(call: Call) -> Json:
    first, second = (_industry(call.body.get(name)) for name in ("industry_id1", "industry_id2"))
    call.world.templates.set_industries(first, second)
    return OK


def _get_industry(call: Call) -> Json:
    chosen = call.world.templates.industries
    if chosen is None:
        raise WeChatError(40102)
    names = [dict(zip(("first_class", "second_class"), INDUSTRIES[one], strict=True)) for one in chosen]
    return {"primary_industry": names[0], "secondary_industry": names[1]}


def _add(call: Call) -> Json:
    """Add a template from WeChat's library.

    The sandbox does not have the library: any id of the right form gives a template with these keywords.
    """
    short = call.body.get("template_id_short")
    names = call.body.get("keyword_name_list") or ["内容"]
    if not isinstance(short, str) or not re.fullmatch(r"(OPENTM|TM)?[0-9]{1,12}", short):
        raise WeChatError(40037)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise WeChatError(47001)
    lines = [f"{name}：{{{{keyword{number}.DATA}}}}" for number, name in enumerate(names, 1)]
    template = call.world.templates.add(f"模板 {short}", "\n".join(lines))
    return {**OK, "template_id": template.template_id}


def _all(call: Call) -> Json:
    chosen = call.world.templates.industries
    first, second = ("", "") if chosen is None else (INDUSTRIES[chosen[0]][0], INDUSTRIES[chosen[1]][0])
    return {
        "template_list": [
            {
                "template_id": template.template_id,
                "title": template.title,
                "primary_industry": first,
                "deputy_industry": second,
                "content": template.content,
                "example": template.example,
            }
            for template in call.world.templates.all()
        ]
    }


def _delete(call: Call) -> Json:
    call.world.templates.delete(call.body.get("template_id"))
    return OK


def _industry(value: object) -> int:
    number = int(value) if isinstance(value, (int, str)) and str(value).isdigit() else 0
    if number not in INDUSTRIES:
        raise WeChatError(40102)
    return number


APIS = (
    Api("POST", "/cgi-bin/message/template/send", _send, Right.TEMPLATE),
    Api("POST", "/cgi-bin/template/api_set_industry", _set_industry, Right.TEMPLATE),
    Api("GET", "/cgi-bin/template/get_industry", _get_industry, Right.TEMPLATE),
    Api("POST", "/cgi-bin/template/api_add_template", _add, Right.TEMPLATE),
    Api("GET", "/cgi-bin/template/get_all_private_template", _all, Right.TEMPLATE),
    Api("POST", "/cgi-bin/template/del_private_template", _delete, Right.TEMPLATE),
)
