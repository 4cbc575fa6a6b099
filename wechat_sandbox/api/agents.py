"""API calls for customer-service agents (protocol §8.1). No agent is online, so there are no sessions."""

from wechat_sandbox.api.pipeline import OK, Api, Call, Json
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.rights import Right


def _list(call: Call) -> Json:
    return {
        "kf_list": [
            {"kf_account": agent.account, "kf_nick": agent.nickname, "kf_id": agent.id, "kf_headimgurl": ""}
            for agent in call.world.agents.all()
        ]
    }


def _online(call: Call) -> Json:
    return {"kf_online_list": []}


def _add(call: Call) -> Json:
    call.world.agents.add(str(call.body.get("kf_account", "")), _nickname(call))
    return OK


def _update(call: Call) -> Json:
    call.world.agents.get(call.body.get("kf_account")).nickname = _nickname(call)
    return OK


def _delete(call: Call) -> Json:
    """Delete an agent. As at WeChat, the call is a GET with the agent's account in the query."""
    call.world.agents.delete(call.query.get("kf_account"))
    return OK


def _nickname(call: Call) -> str:
    nickname = call.body.get("nickname")
    if not isinstance(nickname, str) or not nickname:
        raise WeChatError(61451)
    return nickname


APIS = (
    Api("GET", "/cgi-bin/customservice/getkflist", _list, Right.AGENTS),
    Api("GET", "/cgi-bin/customservice/getonlinekflist", _online, Right.AGENTS),
    Api("POST", "/customservice/kfaccount/add", _add, Right.AGENTS),
    Api("POST", "/customservice/kfaccount/update", _update, Right.AGENTS),
    Api("GET", "/customservice/kfaccount/del", _delete, Right.AGENTS),
)
