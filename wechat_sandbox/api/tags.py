"""API calls for tags and the blacklist (protocol §9.2)."""

from typing import Any

from wechat_sandbox.api.pipeline import OK, Api, Call, Json
from wechat_sandbox.api.user import PAGE, follower, followers_named, page_after
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.rights import Right
from wechat_sandbox.world.tags import MAX_PER_USER, Tag

MAX_TAGGED = 50
MAX_BLACKLISTED = 20


def _create(call: Call) -> Json:
    tag = call.world.tags.create(_name(call))
    return {"tag": {"id": tag.id, "name": tag.name}}


def _get(call: Call) -> Json:
    return {
        "tags": [
            {"id": tag.id, "name": tag.name, "count": _count(call, tag)} for tag in call.world.tags.all()
        ]
    }


def _update(call: Call) -> Json:
    call.world.tags.rename(_given(call).get("id"), _name(call))
    return OK


def _delete(call: Call) -> Json:
    tag_id = _given(call).get("id")
    call.world.tags.delete(tag_id)
    for user in call.world.users.all():
        user.tags = [own for own in user.tags if own != tag_id]
    return OK


def _members(call: Call) -> Json:
    tag = call.world.tags.get(call.body.get("tagid"))
    openids = [user.openid for user in call.world.users.followers() if tag.id in user.tags]
    return page_after(openids, str(call.body.get("next_openid") or ""), PAGE)


def _tag_all(call: Call) -> Json:
    """Add a tag to several users: to all of them, or to none if one of them has too many tags."""
    tag, users = call.world.tags.get(call.body.get("tagid")), followers_named(call, MAX_TAGGED)
    untagged = [user for user in users if tag.id not in user.tags]
    if any(len(user.tags) >= MAX_PER_USER for user in untagged):
        raise WeChatError(45059)
    for user in untagged:
        user.tags.append(tag.id)
    return OK


def _untag_all(call: Call) -> Json:
    tag = call.world.tags.get(call.body.get("tagid"))
    for user in followers_named(call, MAX_TAGGED):
        user.tags = [own for own in user.tags if own != tag.id]
    return OK


def _of_user(call: Call) -> Json:
    return {"tagid_list": list(follower(call, call.body.get("openid")).tags)}


def _blacklist(call: Call) -> Json:
    openids = [user.openid for user in call.world.users.all() if user.blacklisted]
    page = page_after(openids, str(call.body.get("begin_openid") or ""), PAGE)
    return {"total": len(openids), **page}


def _block(call: Call) -> Json:
    for user in followers_named(call, MAX_BLACKLISTED):
        user.blacklisted = True
    return OK


def _unblock(call: Call) -> Json:
    for user in followers_named(call, MAX_BLACKLISTED):
        user.blacklisted = False
    return OK


def _given(call: Call) -> dict[str, Any]:
    tag = call.body.get("tag")
    if not isinstance(tag, dict):
        raise WeChatError(47001)
    return tag


def _name(call: Call) -> str:
    name = _given(call).get("name")
    if not isinstance(name, str):
        raise WeChatError(45157)
    return name


def _count(call: Call, tag: Tag) -> int:
    return sum(tag.id in user.tags for user in call.world.users.followers())


APIS = (
    Api("POST", "/cgi-bin/tags/create", _create, Right.USERS),
    Api("GET", "/cgi-bin/tags/get", _get, Right.USERS),
    Api("POST", "/cgi-bin/tags/update", _update, Right.USERS),
    Api("POST", "/cgi-bin/tags/delete", _delete, Right.USERS),
    Api("POST", "/cgi-bin/user/tag/get", _members, Right.USERS),
    Api("POST", "/cgi-bin/tags/members/batchtagging", _tag_all, Right.USERS),
    Api("POST", "/cgi-bin/tags/members/batchuntagging", _untag_all, Right.USERS),
    Api("POST", "/cgi-bin/tags/getidlist", _of_user, Right.USERS),
    Api("POST", "/cgi-bin/tags/members/getblacklist", _blacklist, Right.USERS),
    Api("POST", "/cgi-bin/tags/members/batchblacklist", _block, Right.USERS),
    Api("POST", "/cgi-bin/tags/members/batchunblacklist", _unblock, Right.USERS),
)
