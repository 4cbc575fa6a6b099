"""Handle every API call: faults, method, token, rights, quota, body, errors, journal
(rules 15, 18, 19, 20).

Each module of `api` lists its calls in a table of `Api`. Their functions take a `Call` and return JSON or a
`Binary`, or raise WeChatError.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

from aiohttp import web

from wechat_sandbox.api.request_body import Upload, read_json, read_upload
from wechat_sandbox.api.unsimulated import is_known
from wechat_sandbox.errors import WeChatError, rid
from wechat_sandbox.push.delivery import Pusher
from wechat_sandbox.push.payload import Elements, Inbound
from wechat_sandbox.rights import Right, demand
from wechat_sandbox.world.faults import Fault
from wechat_sandbox.world.world import World

Json = dict[str, Any]
# Every path without another route is a call of WeChat's API. The control API answers its own 404.
_ANY_OTHER = "/{rest:(?!_sandbox/|favicon).*}"
_NOT_FOUND = "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>"


@dataclass(frozen=True)
class Call:
    """One call, as its function gets it. Method, token, rights and quota have already been checked.

    `remote` is the caller's IP address.
    """

    world: World
    query: dict[str, str]
    remote: str
    body: Json = field(default_factory=dict)
    upload: Upload | None = None
    events: list[Inbound] = field(default_factory=list)

    def tell(self, openid: str, event: str, fields: Elements) -> None:
        """Push an event to the account's server, after the answer to this call has been sent."""
        at = self.world.event_time(openid)
        self.events.append(Inbound(openid, "event", at, fields, event=event))


@dataclass(frozen=True)
class Binary:
    """The answer to a call that returns a file."""

    content: bytes
    content_type: str
    filename: str


Function = Callable[[Call], "Json | Binary | Awaitable[Json | Binary]"]


@dataclass(frozen=True)
class Api:
    """One API call that the sandbox simulates.

    With `token` False the call needs no access_token, and its function counts the quota once it has checked
    the caller. `takes` is the body of a POST: json, upload or nothing.
    """

    method: str
    path: str
    function: Function
    right: Right | None = None
    token: bool = True
    takes: str = "json"


@dataclass
class _Outcome:
    """The answer to a call. `response` is None if a fault drops the connection; `told` is for the journal."""

    response: web.Response | None
    told: Any
    events: list[Inbound] = field(default_factory=list)


OK: Json = {"errcode": 0, "errmsg": "ok"}


class Frame:
    """Answer all calls of WeChat's API."""

    def __init__(self, world: World, pusher: Pusher, apis: Iterable[Api]) -> None:
        self._world = world
        self._pusher = pusher
        self._apis = {api.path: api for api in apis}

    def mount(self, app: web.Application) -> None:
        app.router.add_route("*", _ANY_OTHER, self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        at, loop = self._world.clock.now(), asyncio.get_running_loop()
        started, journal = loop.time(), self._world.calls
        api = self._apis.get(request.path)
        fault = self._world.faults.strike(request.path)
        entry: Json = {"at": at, "method": request.method, "path": request.path, "query": dict(request.query)}
        entry["upload"] = request.content_type.startswith("multipart/")
        entry["body"] = await _journal_body(request)
        outcome = await self._respond(request, api, fault)
        response = outcome.response
        entry |= {
            "status": response.status if response is not None else None,
            "response": outcome.told,
            "simulated": api is not None,
            "elapsed_ms": round((loop.time() - started) * 1000),
        }
        # If the sandbox was reset during the call, the new journal must not contain it.
        if journal is self._world.calls:
            journal.write(entry)
        if response is None:
            return _hang_up(request)
        if outcome.events:
            # The caller must get the answer before the events that the call causes.
            await response.prepare(request)
            await response.write_eof()
            for inbound in outcome.events:
                self._pusher.deliver_later(inbound)
        return response

    async def _respond(self, request: web.Request, api: Api | None, fault: Fault) -> _Outcome:
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.drop:
            return _Outcome(None, "fault: connection dropped")
        if fault.status is not None:
            return _page(fault.status, f"<html><body><h1>{fault.status}</h1></body></html>")
        if api is None and not is_known(request.path):
            return _page(404, _NOT_FOUND)
        events: list[Inbound] = []
        try:
            if fault.errcode is not None:
                raise _fault_error(fault.errcode, request)
            result = await self._run(request, api, events)
        except WeChatError as error:
            result = self._error(request.path, error)
        if isinstance(result, Binary):
            headers = {
                "Content-Type": fault.content_type or result.content_type,
                "Content-disposition": f'attachment; filename="{result.filename}"',
            }
            told = f"{len(result.content)} bytes of {result.content_type}"
            return _Outcome(web.Response(body=result.content, headers=headers), told, events)
        # As at WeChat, the header has `encoding=` instead of `charset=`, and sns calls answer text/plain.
        kind = "text/plain" if request.path.startswith("/sns/") else "application/json; encoding=utf-8"
        body = json.dumps(result, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": fault.content_type or kind}
        return _Outcome(web.Response(body=body, headers=headers), result, events)

    async def _run(self, request: web.Request, api: Api | None, events: list[Inbound]) -> "Json | Binary":
        world, query = self._world, dict(request.query)
        if api is None:
            # A call of WeChat that is not simulated answers as if the account did not have the right.
            world.tokens.check(query.get("access_token"))
            raise WeChatError(48001)
        if request.method != api.method:
            raise WeChatError(43002 if api.method == "POST" else 43001)
        if api.token:
            world.tokens.check(query.get("access_token"))
        if api.right is not None:
            demand(world.account.kind, api.right)
        if api.token:
            world.quotas.use(api.path, world.account.kind)
        body: Json = {}
        upload: Upload | None = None
        if api.method == "POST" and api.takes == "json":
            body = read_json(await request.read())
        elif api.takes == "upload":
            upload = await read_upload(request)
        result = api.function(Call(world, query, request.remote or "", body, upload, events))
        return await result if isawaitable(result) else result

    def _error(self, path: str, error: WeChatError) -> Json:
        join = ", rid: " if path.startswith("/sns/") else " rid: "
        return {"errcode": error.errcode, "errmsg": error.errmsg + join + rid(self._world.clock.seconds())}


def _page(status: int, text: str) -> _Outcome:
    return _Outcome(web.Response(status=status, text=text, content_type="text/html"), text)


def _fault_error(errcode: int, request: web.Request) -> WeChatError:
    if errcode == 40164:
        return not_in_whitelist(request.remote or "")
    return WeChatError(errcode)


def not_in_whitelist(remote: str) -> WeChatError:
    """Return the error for a token call from an IP address outside the whitelist."""
    return WeChatError(40164, f"invalid ip {remote} ipv6 ::ffff:{remote}, not in whitelist")


async def _journal_body(request: web.Request) -> Any:
    """Return the body for the journal: JSON if it is JSON, else text; only the size of an upload."""
    if request.content_type.startswith("multipart/"):
        return f"{request.content_length or 0} bytes of {request.content_type}"
    raw = await request.read()
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw[:20_000].decode(errors="replace")


def _hang_up(request: web.Request) -> web.Response:
    """Close the connection without an answer. aiohttp needs a response object, but does not send it."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
