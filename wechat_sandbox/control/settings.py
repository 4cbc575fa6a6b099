"""The call that changes settings of the account and of the behaviour while the sandbox runs."""

import asyncio
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import aiohttp
from aiohttp import web

from wechat_sandbox.account import Account
from wechat_sandbox.behaviour import Behaviour, Proof
from wechat_sandbox.control.responses import answer
from wechat_sandbox.control.state import account
from wechat_sandbox.json_fields import BadRequest, Fields, read_fields
from wechat_sandbox.push.delivery import Pusher
from wechat_sandbox.rights import Kind
from wechat_sandbox.settings import SettingError, settings_of, to_json
from wechat_sandbox.world.world import World

_PROOF_SECONDS = 5


class SettingsControl:
    def __init__(self, world: World, pusher: Pusher) -> None:
        self._world = world
        self._pusher = pusher

    def mount(self, app: web.Application) -> None:
        app.router.add_put("/_sandbox/settings", self.change)

    async def change(self, request: web.Request) -> web.Response:
        """Change all given settings, or none if one of them is wrong.

        A reset restores the settings of the command line.
        """
        world, fields = self._world, await read_fields(request)
        try:
            new_account = replace(world.account, **_given(fields, Account))
            new_behaviour = replace(world.behaviour, **_given(fields, Behaviour))
        except SettingError as error:
            raise BadRequest(str(error)) from None
        fields.done()
        for name in ("web_domains", "js_domains"):
            before, after = getattr(world.account, name), getattr(new_account, name)
            for domain in after:
                if domain not in before and _needs_proof(domain, new_account, new_behaviour.prove_domains):
                    await self._prove(name, domain)
        world.account, world.behaviour = new_account, new_behaviour
        settings = {"account": account(world), "behaviour": to_json(new_behaviour)}
        world.bus.publish("settings", settings)
        return answer(settings)

    async def _prove(self, name: str, domain: str) -> None:
        """Check that the domain serves the account's MP_verify file at its root (rule 25).

        Raises BadRequest if it does not.
        """
        url = f"http://{domain}/{self._world.verify_file}"
        try:
            async with (
                asyncio.timeout(_PROOF_SECONDS),
                self._pusher.http.get(url, allow_redirects=False) as response,
            ):
                status, body = response.status, await response.read()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise BadRequest(f"{name}: {url}: {type(error).__name__} {error}") from None
        if status != 200 or body.strip() != self._world.verify_text.encode():
            raise BadRequest(
                f"{name}: {url} must answer 200 with the text {self._world.verify_text!r}; "
                f"got {status} {body[:60].decode(errors='replace')!r}"
            )


def _given(fields: Fields, group: type[Account] | type[Behaviour]) -> dict[str, Any]:
    """Return the given settings of `group`.

    Raises SettingError for a wrong value, or for a setting that can be given at the start only.
    """
    given = {}
    for setting in settings_of(group):
        if fields.has(setting.name):
            if not setting.live:
                raise SettingError(setting.name, "can be set at the start only; restart the sandbox with it")
            given[setting.name] = setting.read(fields.any(setting.name))
    return given


def _needs_proof(domain: str, account: Account, proof: Proof) -> bool:
    """Return True if a new domain must serve the MP_verify file. Test accounts never need it."""
    if account.kind is Kind.TEST or proof is Proof.NEVER:
        return False
    return proof is Proof.ALWAYS or not _is_loopback(domain.partition(":")[0])


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
