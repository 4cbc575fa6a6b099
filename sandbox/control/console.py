"""What a developer sets in WeChat's console: the callback, the web domains, and failures on purpose."""

import asyncio
from typing import Any

import aiohttp
from aiohttp import web

from sandbox.account import MAX_WEB_DOMAINS, check_web_domain
from sandbox.control.answers import answer
from sandbox.fields import BadRequest, Fields, read_fields
from sandbox.push.series import Pusher
from sandbox.push.verification import NotVerified, verify
from sandbox.rights import Kind
from sandbox.world.faults import DELIVERY, Fault
from sandbox.world.world import World


class Console:
    def __init__(self, world: World, pusher: Pusher) -> None:
        self._world = world
        self._pusher = pusher

    def mount(self, app: web.Application) -> None:
        app.router.add_put("/_sandbox/callback", self.callback)
        app.router.add_put("/_sandbox/web-domains", self.web_domains)
        app.router.add_get("/_sandbox/faults", self.faults)
        app.router.add_put("/_sandbox/faults", self.set_faults)

    async def callback(self, request: web.Request) -> web.Response:
        """Saved only if the server answers the verification (rule 1)."""
        fields = await read_fields(request)
        url = fields.text("url")
        fields.done()
        try:
            await verify(self._world, self._pusher.http, url)
        except NotVerified as error:
            raise BadRequest(str(error)) from None
        self._world.set_callback(url, ok=True)
        return answer({"ok": True})

    async def web_domains(self, request: web.Request) -> web.Response:
        """Saved only if each host serves the account's MP_verify file (rule 25); test accounts need none."""
        fields = await read_fields(request)
        domains = [str(domain) for domain in fields.list("domains")]
        fields.done()
        if len(domains) > MAX_WEB_DOMAINS:
            raise BadRequest(f"domains: at most {MAX_WEB_DOMAINS}")
        for domain in domains:
            try:
                check_web_domain(domain)
            except ValueError as error:
                raise BadRequest(f"domains: {error}") from None
            if self._world.account.kind is not Kind.TEST:
                await self._prove(domain)
        self._world.web_domains = tuple(domains)
        return answer({"ok": True, "web_domains": domains})

    async def _prove(self, domain: str) -> None:
        url = f"http://{domain}/{self._world.verify_file}"
        try:
            async with asyncio.timeout(5), self._pusher.http.get(url, allow_redirects=False) as response:
                status, body = response.status, await response.read()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise BadRequest(f"domains: {url}: {type(error).__name__} {error}") from None
        if status != 200 or body.strip() != self._world.verify_text.encode():
            raise BadRequest(
                f"domains: {url} must answer 200 with the text {self._world.verify_text!r}; "
                f"got {status} {body[:60].decode(errors='replace')!r}"
            )

    async def faults(self, request: web.Request) -> web.Response:
        return answer(self._faults())

    async def set_faults(self, request: web.Request) -> web.Response:
        fields = await read_fields(request)
        faults = [_fault(index, values) for index, values in enumerate(fields.list("faults"))]
        fields.done()
        self._world.faults.list = faults
        return answer(self._faults())

    def _faults(self) -> dict[str, Any]:
        return {"faults": [fault.to_json() for fault in self._world.faults.list]}


def _fault(index: int, values: Any) -> Fault:
    where = f"faults[{index}]"
    if not isinstance(values, dict):
        raise BadRequest(f"{where}: must be an object")
    fields = Fields(values)
    try:
        fault = Fault(
            path=fields.text("path"),
            errcode=fields.whole("errcode") if fields.has("errcode") else None,
            delay=fields.number("delay", 0.0),
            drop=fields.flag("drop", False),
            status=fields.whole("status") if fields.has("status") else None,
            duplicate=fields.whole("duplicate", 0),
            probability=fields.number("probability", 1.0),
            count=fields.whole("count") if fields.has("count") else None,
        )
        fields.done()
        _check(fault)
    except BadRequest as error:
        raise BadRequest(f"{where}.{error}") from None
    return fault


def _check(fault: Fault) -> None:
    if fault.path == DELIVERY and fault.errcode is not None:
        raise BadRequest("errcode: a delivery has none; use drop, status, delay or duplicate")
    if fault.path != DELIVERY and not fault.path.startswith(("/", "*")):
        raise BadRequest(f"path: must be `{DELIVERY}` or a pattern over API paths such as /cgi-bin/menu/*")
    if fault.path != DELIVERY and fault.duplicate:
        raise BadRequest("duplicate: only deliveries are duplicated")
    if not 0 <= fault.delay <= 600:
        raise BadRequest("delay: must be 0 to 600 seconds")
    if not 0 <= fault.duplicate <= 100:
        raise BadRequest("duplicate: must be 0 to 100")
    if not 0 <= fault.probability <= 1:
        raise BadRequest("probability: must be 0 to 1")
    if fault.status is not None and not 200 <= fault.status <= 599:
        raise BadRequest("status: must be 200 to 599")
    if fault.count is not None and fault.count < 0:
        raise BadRequest("count: must not be negative")
