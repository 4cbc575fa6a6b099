"""API calls for subscription notices (protocol §8.3, rule 35) and one-time subscriptions (§8.4)."""

import re
from typing import Any

from wechat_sandbox.api.pipeline import OK, Api, Call, Json
from wechat_sandbox.api.receiver import miniprogram, receiver, values
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.rights import Right
from wechat_sandbox.world.notices import CATEGORIES, LIBRARY, Keyword, NoticeTemplate, PublicTemplate

MAX_TITLE = 15
MAX_CONTENT = 200
# Rule of a keyword -> the values that it accepts (protocol §8.3).
_RULES = {
    "thing": re.compile(r".{1,20}", re.DOTALL),
    "number": re.compile(r"[0-9.]{1,32}"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[!-~]{1,32}"),
    "time": re.compile(r".{1,32}"),
    "date": re.compile(r".{1,32}"),
    "amount": re.compile(r"[¥￥$]?[0-9]{1,10}(\.[0-9]+)?元?"),
    "phone_number": re.compile(r"[0-9+-]{1,17}"),
    "car_number": re.compile(r".{1,8}"),
    "name": re.compile(r"[^0-9\W]{1,10}|[A-Za-z .]{1,20}"),
    "phrase": re.compile(r"[\u4e00-\u9fff]{1,5}"),
}


def _send(call: Call) -> Json:
    world, body = call.world, call.body
    user = receiver(call)
    template = world.notices.get(body.get("template_id"))
    filled = _checked(template, body.get("data"))
    world.notices.use(user.openid, template.template_id)
    msgid = world.new_number()
    content = "\n".join(f"{word.name}：{filled[word.key]}" for word in template.keywords)
    shown = {"title": template.title, "content": content, "url": str(body.get("page") or "")}
    world.chat(user.openid).show(
        "account", "notice", "template", template_id=template.template_id, **shown, **miniprogram(body)
    )
    sent = (
        ("TemplateId", template.template_id),
        ("MsgID", msgid),
        ("ErrorCode", 0),
        ("ErrorStatus", "success"),
    )
    call.tell(user.openid, "subscribe_msg_sent_event", (("SubscribeMsgSentEvent", (("List", sent),)),))
    return OK


def _checked(template: NoticeTemplate, data: Any) -> dict[str, str]:
    """Return a value for each keyword.

    Raises WeChatError 47003 for a missing value, or for one that its rule does not accept. The errmsg names
    the keyword.
    """
    filled = values(data)
    for word in template.keywords:
        value = filled.get(word.key, "")
        if not value:
            raise WeChatError(47003, f"argument invalid! data.{word.key}.value is empty")
        if not _RULES[word.rule].fullmatch(value):
            raise WeChatError(47003, f"argument invalid! data.{word.key}.value invalid")
    return filled


def _send_one_time(call: Call) -> Json:
    """Send a one-time message to a user who agreed on the page of this scene. They need not follow."""
    world, body = call.world, call.body
    user = receiver(call)
    if body.get("template_id") != world.notices.one_time_id:
        raise WeChatError(40037)
    scene, title = body.get("scene"), body.get("title")
    content = values(body.get("data")).get("content", "")
    if not isinstance(title, str) or not 1 <= len(title) <= MAX_TITLE:
        raise WeChatError(45003)
    if not 1 <= len(content) <= MAX_CONTENT:
        raise WeChatError(45002)
    number = int(scene) if isinstance(scene, (int, str)) and str(scene).isdigit() else -1
    world.notices.use_one_time(user.openid, number)
    shown = {"title": title, "content": content, "url": str(body.get("url") or "")}
    world.chat(user.openid).show(
        "account", "one-time", "template", template_id=world.notices.one_time_id, **shown, **miniprogram(body)
    )
    return OK


def _categories(call: Call) -> Json:
    return {**OK, "data": [{"id": number, "name": name} for number, name in CATEGORIES.items()]}


def _titles(call: Call) -> Json:
    wanted = call.query.get("ids", "").split(",")
    found = [one for one in LIBRARY if str(one.category) in wanted]
    data = [{"tid": one.tid, "title": one.title, "type": 2, "categoryId": one.category} for one in found]
    return {**OK, "count": len(data), "data": data}


def _keywords(call: Call) -> Json:
    public = _public(call.query.get("tid"))
    data = [
        {"kid": word.kid, "name": word.name, "example": word.example, "rule": word.rule}
        for word in public.keywords
    ]
    return {**OK, "count": len(data), "data": data}


def _add(call: Call) -> Json:
    public, wanted = _public(call.body.get("tid")), call.body.get("kidList")
    by_kid: dict[Any, Keyword] = {word.kid: word for word in public.keywords}
    if not isinstance(wanted, list) or not 2 <= len(wanted) <= 5 or any(kid not in by_kid for kid in wanted):
        raise WeChatError(200014)
    template = call.world.notices.add(public, tuple(by_kid[kid] for kid in wanted))
    return {**OK, "priTmplId": template.template_id}


def _all(call: Call) -> Json:
    data = [
        {
            "priTmplId": one.template_id,
            "title": one.title,
            "content": one.content,
            "example": one.example,
            "type": 2,
        }
        for one in call.world.notices.all()
    ]
    return {**OK, "data": data}


def _delete(call: Call) -> Json:
    call.world.notices.delete(call.body.get("priTmplId"))
    return OK


def _public(tid: object) -> PublicTemplate:
    found = next((one for one in LIBRARY if str(one.tid) == str(tid)), None)
    if found is None:
        raise WeChatError(200011)
    return found


_MANAGE = "/wxaapi/newtmpl"
APIS = (
    Api("POST", "/cgi-bin/message/subscribe/bizsend", _send, Right.NOTICE),
    Api("POST", "/cgi-bin/message/template/subscribe", _send_one_time, Right.NOTICE),
    Api("GET", f"{_MANAGE}/getcategory", _categories, Right.NOTICE),
    Api("GET", f"{_MANAGE}/getpubtemplatetitles", _titles, Right.NOTICE),
    Api("GET", f"{_MANAGE}/getpubtemplatekeywords", _keywords, Right.NOTICE),
    Api("POST", f"{_MANAGE}/addtemplate", _add, Right.NOTICE),
    Api("GET", f"{_MANAGE}/gettemplate", _all, Right.NOTICE),
    Api("POST", f"{_MANAGE}/deltemplate", _delete, Right.NOTICE),
)
