"""What every API call goes through: faults, method, token, rights, body, errors, journal (rules 15, 19, 20).

An area lists its calls as a table of `Api`; its functions take a `Call` and return JSON or a `Binary`,
or raise WeChatError. Daily quotas belong here too, between rights and body.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.api.body import Upload, read_json, read_upload
from sandbox.errors import WeChatError, rid
from sandbox.rights import Right, demand
from sandbox.world.faults import Fault
from sandbox.world.world import World

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One call as its function sees it: everything general has been checked."""

    world: World
    query: dict[str, str]
    remote: str
    body: Json = field(default_factory=dict)
    upload: Upload | None = None


@dataclass(frozen=True)
class Binary:
    content: bytes
    content_type: str
    filename: str


Function = Callable[[Call], "Json | Binary"]


@dataclass(frozen=True)
class Api:
    """`token` False: the call needs no access_token. `takes` is json, upload or nothing (a GET's body)."""

    method: str
    path: str
    function: Function
    right: Right | None = None
    token: bool = True
    takes: str = "json"


OK: Json = {"errcode": 0, "errmsg": "ok"}


class Frame:
    def __init__(self, world: World, apis: Iterable[Api]) -> None:
        self._world = world
        self._apis = {api.path: api for api in apis}

    def mount(self, app: web.Application) -> None:
        for prefix in ("/cgi-bin", "/sns"):
            app.router.add_route("*", prefix + "/{rest:.*}", self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        at, loop = self._world.clock.now(), asyncio.get_running_loop()
        started = loop.time()
        api = self._apis.get(request.path)
        fault = self._world.faults.strike(request.path)
        entry: Json = {"at": at, "method": request.method, "path": request.path, "query": dict(request.query)}
        entry["body"] = await _journal_body(request)
        response, told = await self._respond(request, api, fault)
        entry |= {
            "status": response.status if response is not None else None,
            "response": told,
            "simulated": api is not None,
            "elapsed_ms": round((loop.time() - started) * 1000),
        }
        self._world.calls.write(entry)
        if response is None:
            return _hang_up(request)
        return response

    async def _respond(
        self, request: web.Request, api: Api | None, fault: Fault | None
    ) -> tuple[web.Response | None, Any]:
        """The response and what the journal says of it; no response when a fault drops the connection."""
        if fault is not None:
            await asyncio.sleep(fault.delay)
            if fault.drop:
                return None, "fault: connection dropped"
            if fault.status is not None:
                text = f"<html><head><title>{fault.status}</title></head><body>{fault.status}</body></html>"
                return web.Response(status=fault.status, text=text, content_type="text/html"), text
        if api is None:
            text = "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>"
            return web.Response(status=404, text=text, content_type="text/html"), text
        try:
            if fault is not None and fault.errcode is not None:
                raise WeChatError(fault.errcode)
            result = await self._run(request, api)
        except WeChatError as error:
            result = self._error(api.path, error)
        if isinstance(result, Binary):
            headers = {
                "Content-Type": result.content_type,
                "Content-disposition": f'attachment; filename="{result.filename}"',
            }
            told = f"{len(result.content)} bytes of {result.content_type}"
            return web.Response(body=result.content, headers=headers), told
        # The real header says `encoding=`, not `charset=`, and sns says text/plain: clients must cope.
        kind = "text/plain" if api.path.startswith("/sns/") else "application/json; encoding=utf-8"
        body = json.dumps(result, ensure_ascii=False, separators=(",", ":")).encode()
        return web.Response(body=body, headers={"Content-Type": kind}), result

    async def _run(self, request: web.Request, api: Api) -> "Json | Binary":
        if request.method != api.method:
            raise WeChatError(43002 if api.method == "POST" else 43001)
        query = dict(request.query)
        if api.token:
            self._world.tokens.check(query.get("access_token"))
        if api.right is not None:
            demand(self._world.account.kind, api.right)
        body: Json = {}
        upload: Upload | None = None
        if api.method == "POST" and api.takes == "json":
            body = read_json(await request.read())
        elif api.takes == "upload":
            upload = await read_upload(request)
        return api.function(Call(self._world, query, request.remote or "", body, upload))

    def _error(self, path: str, error: WeChatError) -> Json:
        join = ", rid: " if path.startswith("/sns/") else " rid: "
        return {"errcode": error.errcode, "errmsg": error.errmsg + join + rid(self._world.clock.seconds())}


async def _journal_body(request: web.Request) -> Any:
    """The body as the journal keeps it: JSON if it is JSON, else text; an upload by its size only."""
    if request.content_type.startswith("multipart/"):
        return f"{request.content_length or 0} bytes of {request.content_type}"
    raw = await request.read()
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw[:20_000].decode(errors="replace")


def _hang_up(request: web.Request) -> web.Response:
    """Closes the connection without an answer; the response that aiohttp insists on goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
