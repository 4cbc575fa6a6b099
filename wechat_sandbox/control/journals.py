"""Control calls for the two journals: list the entries, get an entry as curl, resend a delivery."""

from typing import Any

from aiohttp import web

from wechat_sandbox.control.responses import answer
from wechat_sandbox.json_fields import BadRequest, Fields, read_fields
from wechat_sandbox.push import curl
from wechat_sandbox.push.delivery import Pusher
from wechat_sandbox.push.payload import Inbound
from wechat_sandbox.push.request import Stamp, Tamper, build
from wechat_sandbox.user_actions.actor import Outcome
from wechat_sandbox.world.journal import Journal
from wechat_sandbox.world.world import World


class JournalControl:
    def __init__(self, world: World, pusher: Pusher) -> None:
        self._world = world
        self._pusher = pusher

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/_sandbox/calls", self.calls)
        app.router.add_get("/_sandbox/calls/{id}/curl", self.call_as_curl)
        app.router.add_get("/_sandbox/deliveries", self.deliveries)
        app.router.add_get("/_sandbox/deliveries/{id}/curl", self.delivery_as_curl)
        app.router.add_post("/_sandbox/deliveries/{id}/resend", self.resend)

    async def calls(self, request: web.Request) -> web.Response:
        return answer({"calls": self._world.calls.last(_limit(request))})

    async def deliveries(self, request: web.Request) -> web.Response:
        """Return the finished deliveries, and the deliveries that wait for an answer."""
        ended = self._world.deliveries.last(_limit(request))
        return answer({"deliveries": ended, "waiting": self._pusher.waiting()})

    async def call_as_curl(self, request: web.Request) -> web.Response:
        entry = _entry(self._world.calls, request)
        return answer({"curl": curl.of_call(entry, self._world.base_url)})

    async def delivery_as_curl(self, request: web.Request) -> web.Response:
        entry = _entry(self._world.deliveries, request)
        return answer({"curl": curl.of_delivery(entry, self._world.account)})

    async def resend(self, request: web.Request) -> web.Response:
        """Send a delivered message again, unchanged or edited.

        It is signed and encrypted with the account's present settings. With `as_new` it gets a new MsgId and
        CreateTime, so that the account's server does not take it for a retry.
        """
        entry = _entry(self._world.deliveries, request)
        fields = await read_fields(request)
        xml = fields.text("xml", entry["request_xml"])
        fresh, tamper, anew = fields.flag("fresh", False), _tamper(fields), fields.flag("as_new", False)
        fields.done()
        callback = self._world.callback
        if callback is None:
            raise BadRequest("callback: none is set")
        try:
            inbound = Inbound.from_xml(xml)
        except ValueError as error:
            raise BadRequest(f"xml: {error}") from None
        if anew:
            openid = inbound.openid
            inbound = inbound.renewed(self._world.new_msg_id(openid), self._world.new_event_time(openid))
        stamp = Stamp.new(self._world.clock.real_seconds()) if fresh else Stamp.of(entry["url"])
        again = build(inbound, self._world.account, callback, stamp, tamper)
        outcome = Outcome(msg_id=inbound.msg_id, series=[await self._pusher.send(inbound, again)])
        return answer(outcome.to_json())


def _tamper(fields: Fields) -> Tamper | None:
    return fields.choice("tamper", Tamper) if fields.has("tamper") else None


def _entry(journal: Journal, request: web.Request) -> dict[str, Any]:
    text = request.match_info["id"]
    entry = journal.get(int(text)) if text.isascii() and text.isdigit() else None
    if entry is None:
        raise web.HTTPNotFound(reason=f"no entry {text!r} in the journal")
    return entry


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", "2000")
    if not (text.isascii() and text.isdigit()):
        raise BadRequest(f"limit: must be a whole number, got {text!r}")
    return int(text)
