"""The call for the jsapi_ticket, which is used to sign pages (protocol §4.2 and §7, rule 33)."""

from wechat_sandbox.api.pipeline import OK, Api, Call, Json
from wechat_sandbox.errors import WeChatError


def _getticket(call: Call) -> Json:
    kind = call.query.get("type")
    if kind != "jsapi":
        # Cards have their own ticket. Cards are not simulated, so answer as if the account did not have this
        # right.
        raise WeChatError(48001 if kind == "wx_card" else 40097)
    ticket, expires_in = call.world.tickets.get()
    return {**OK, "ticket": ticket, "expires_in": expires_in}


APIS = (Api("GET", "/cgi-bin/ticket/getticket", _getticket),)
