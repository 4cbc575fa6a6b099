"""Delivers one message: tries until it is handled, then shows what came of it (rules 7 to 9, 13)."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp

from sandbox.push.attempt import Answer, Attempt, post
from sandbox.push.judge import Judge, Verdict
from sandbox.push.payload import Inbound
from sandbox.push.request import PushRequest, build
from sandbox.world.chat import ChatMessage
from sandbox.world.faults import DELIVERY, Fault
from sandbox.world.world import World


class Interrupted(Exception):
    """The sandbox was reset or stopped while the delivery was under way."""


@dataclass(frozen=True)
class Series:
    """All tries of one message, and what the phone showed in answer."""

    attempts: tuple[Attempt, ...] = ()
    shown: tuple[ChatMessage, ...] = ()


class Pusher:
    def __init__(self, world: World) -> None:
        self._world = world
        self._running: set[asyncio.Task[Series]] = set()
        self._http: aiohttp.ClientSession | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        """One session for all; every delivery opens a connection of its own, as from WeChat's many hosts."""
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True, limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                skip_auto_headers={"Accept-Encoding"},
            )
        return self._http

    async def close(self) -> None:
        self.interrupt()
        if self._http is not None:
            await self._http.close()

    def interrupt(self) -> None:
        """Ends every delivery under way: their callers get Interrupted."""
        for task in self._running:
            task.cancel()

    async def deliver(self, inbound: Inbound) -> Series:
        """Returns after the last try; an account without a callback is told nothing. Raises Interrupted."""
        callback = self._world.callback
        if callback is None:
            return Series()
        request = build(inbound, self._world.account, callback, self._world.clock.seconds())
        task = asyncio.create_task(self._series(inbound, request))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.wait([task])
        if task.cancelled():
            raise Interrupted
        return task.result()

    async def _series(self, inbound: Inbound, request: PushRequest) -> Series:
        attempts: list[Attempt] = []
        for number in range(1, self._world.behaviour.attempts + 1):
            tried = await self._try(inbound, request, number)
            attempts.extend(tried)
            if tried[0].handled:
                break
        decisive = next((a for a in reversed(attempts) if not a.duplicate), None)
        return Series(tuple(attempts), tuple(self._show(inbound, decisive)))

    def _show(self, inbound: Inbound, decisive: Attempt | None) -> list[ChatMessage]:
        if decisive is None or not inbound.answerable:
            return []
        chat = self._world.chat(inbound.openid)
        if not decisive.handled:
            return [chat.show("system", "system", "system", content=self._world.behaviour.failure_line)]
        if decisive.verdict.reply is None:
            return []
        fields: dict[str, Any] = dict(decisive.verdict.reply)
        return [chat.show("account", "passive", fields.pop("type"), **fields)]

    async def _try(self, inbound: Inbound, request: PushRequest, number: int) -> list[Attempt]:
        """The try itself, then any copies that a fault sends along at the same moment."""
        fault = self._world.faults.strike(DELIVERY)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        copies = fault.duplicate if fault is not None else 0
        tries = [self._attempt(inbound, request, number, fault, copy > 0) for copy in range(copies + 1)]
        return list(await asyncio.gather(*tries))

    async def _attempt(
        self, inbound: Inbound, request: PushRequest, number: int, fault: Fault | None, duplicate: bool
    ) -> Attempt:
        world, loop = self._world, asyncio.get_running_loop()
        at, started = world.clock.now(), loop.time()
        answer = await post(self.http, request, world.behaviour.deadline, fault)
        elapsed_ms = round((loop.time() - started) * 1000)
        attempt = Attempt(number, answer, self._verdict(answer, inbound), elapsed_ms, duplicate)
        world.deliveries.write(
            {
                "at": at,
                "openid": inbound.openid,
                "kind": inbound.kind,
                "attempt": number,
                "duplicate": duplicate,
                "mode": world.account.mode.value,
                "url": request.shown_url,
                "request_xml": request.xml,
                "request_raw": request.body.decode(),
                **attempt.response(),
            }
        )
        return attempt

    def _verdict(self, answer: Answer, inbound: Inbound) -> Verdict:
        if answer.failure is not None:
            return Verdict(answer.failure, answer.error)
        if answer.status != 200:
            # Seen with 201 and body "success": anything but 200 is a failure (rule 8).
            return Verdict("bad-status", f"HTTP status {answer.status}, must be 200")
        world = self._world
        return Judge(world.account, world.behaviour.text_limit, world.media).verdict(answer.body, inbound)
