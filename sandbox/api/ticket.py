"""The jsapi_ticket that pages are signed with (protocol §4.2 and §7, rule 33)."""

from sandbox.api.frame import OK, Api, Call, Json
from sandbox.errors import WeChatError


def _getticket(call: Call) -> Json:
    if call.query.get("type") != "jsapi":
        # Cards have another ticket, which is not simulated.
        raise WeChatError(40097)
    ticket, expires_in = call.world.tickets.get()
    return {**OK, "ticket": ticket, "expires_in": expires_in}


APIS = (Api("GET", "/cgi-bin/ticket/getticket", _getticket),)
