"""Deliver one message: try until the account's server answers, then show the reply (rules 7 to 9, 13)."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import aiohttp

from wechat_sandbox.account import Account
from wechat_sandbox.push.attempt import Answer, Attempt, post
from wechat_sandbox.push.payload import Inbound
from wechat_sandbox.push.reply_check import Judge, Verdict
from wechat_sandbox.push.request import PushRequest, Stamp, build
from wechat_sandbox.world.chat import ChatMessage
from wechat_sandbox.world.faults import DELIVERY, Fault
from wechat_sandbox.world.world import World

_WAITING_AFTER = 0.3  # seconds without an answer after which a try is shown as waiting


class Interrupted(Exception):
    """The sandbox was reset or stopped during the delivery."""


@dataclass(frozen=True)
class Series:
    """All tries of one message, and the messages that the phone showed as the reply."""

    attempts: tuple[Attempt, ...] = ()
    shown: tuple[ChatMessage, ...] = ()


@dataclass(frozen=True)
class _Parcel:
    """The data that all tries of one message share."""

    id: int
    inbound: Inbound
    request: PushRequest
    account: Account


class Pusher:
    """Deliver messages to the callback. Use it inside a running event loop."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._running: set[asyncio.Task[Series]] = set()
        self._held_back: list[asyncio.Event] = []
        self._under_way: list[tuple[float, dict[str, Any]]] = []  # (start on the loop's clock, the try)
        self._series_ids = count(1)
        self._http: aiohttp.ClientSession | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        """Return the HTTP session of all deliveries.

        Each delivery opens a new connection, because WeChat sends from many hosts.
        """
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True, limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                skip_auto_headers={"Accept-Encoding"},
            )
        return self._http

    async def close(self) -> None:
        """Cancel all running deliveries and close the HTTP session."""
        self.interrupt()
        if self._http is not None:
            await self._http.close()

    def interrupt(self) -> None:
        """Cancel all running deliveries. Their callers get Interrupted."""
        for task in self._running:
            task.cancel()

    async def deliver(self, inbound: Inbound) -> Series:
        """Deliver a message and return after the last try.

        Send nothing if there is no callback. For a user on the blacklist, send only `unsubscribe`. Raises
        Interrupted if the sandbox is reset or stopped meanwhile.
        """
        user = self._world.users.find(inbound.openid)
        if user is not None and user.blacklisted and inbound.event != "unsubscribe":
            return Series()
        callback = self._world.callback
        if callback is None:
            return Series()
        stamp = Stamp.new(self._world.clock.real_seconds())
        return await self.send(inbound, build(inbound, self._world.account, callback, stamp))

    async def send(self, inbound: Inbound, request: PushRequest) -> Series:
        """Send a finished request and return after the last try. Raises Interrupted as `deliver` does."""
        parcel = _Parcel(next(self._series_ids), inbound, request, self._world.account)
        task = self._start(self._series(parcel))
        await asyncio.wait([task])
        if task.cancelled():
            raise Interrupted
        return task.result()

    def deliver_later(self, inbound: Inbound) -> None:
        """Start a delivery and return at once. The result appears in the journal and on the phone only."""
        self._start(self.deliver(inbound))

    def _start(self, series: Coroutine[Any, Any, Series]) -> asyncio.Task[Series]:
        task = asyncio.create_task(series)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _series(self, parcel: _Parcel) -> Series:
        behaviour = self._world.behaviour
        tries: list[asyncio.Task[list[Attempt]]] = []
        try:
            for number in count(1):
                fault = self._world.faults.strike(DELIVERY)
                tries.append(asyncio.create_task(self._try(parcel, number, fault)))
                if fault.overlap and number < behaviour.attempts:
                    await asyncio.wait(tries[-1:], timeout=behaviour.deadline / 2)
                    if not tries[-1].done():
                        continue
                attempt = (await tries[-1])[0]
                if attempt.handled or number >= self._most(attempt):
                    break
                if attempt.verdict.outcome != "timeout":
                    await asyncio.sleep(behaviour.resend_pause)
            attempts = [attempt for done in await asyncio.gather(*tries) for attempt in done]
        finally:
            for task in tries:
                task.cancel()
        return Series(tuple(attempts), tuple(self._show(parcel.inbound, _decisive(attempts))))

    def _most(self, failed: Attempt) -> int:
        """Return the total number of tries that this kind of failure allows (rules 7 and 8)."""
        behaviour = self._world.behaviour
        timed_out = failed.verdict.outcome == "timeout"
        return behaviour.attempts if timed_out else behaviour.bad_status_attempts

    def _show(self, inbound: Inbound, decisive: Attempt) -> list[ChatMessage]:
        if self._world.behaviour.silent_events and not inbound.answerable:
            return []
        if self._world.users.find(inbound.openid) is None:
            return []
        chat = self._world.chat(inbound.openid)
        if not decisive.handled:
            return [chat.show("system", "system", "system", content=self._world.behaviour.failure_line)]
        if decisive.verdict.reply is None:
            return []
        self._world.typing.stop(inbound.openid)
        fields: dict[str, Any] = dict(decisive.verdict.reply)
        return [chat.show("account", "passive", fields.pop("type"), **fields)]

    async def _try(self, parcel: _Parcel, number: int, fault: Fault) -> list[Attempt]:
        """Make one try. Return a list with its result first, then the results of the copies that a fault
        added."""
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.reorder:
            await self._let_another_go_first()
        tries = [self._attempt(parcel, number, fault, copy > 0) for copy in range(fault.duplicate + 1)]
        return list(await asyncio.gather(*tries))

    async def _let_another_go_first(self) -> None:
        """Wait until a try of another message ends, but not longer than one deadline."""
        overtaken = asyncio.Event()
        self._held_back.append(overtaken)
        try:
            async with asyncio.timeout(self._world.behaviour.deadline):
                await overtaken.wait()
        except TimeoutError:
            self._held_back.remove(overtaken)

    def waiting(self) -> list[dict[str, Any]]:
        """Return the tries that have waited for an answer for at least 0.3 s, in the form of the event
        `waiting`."""
        now = asyncio.get_running_loop().time()
        return [
            {**begun, "waited_ms": round((now - started) * 1000)}
            for started, begun in self._under_way
            if now - started >= _WAITING_AFTER
        ]

    async def _attempt(self, parcel: _Parcel, number: int, fault: Fault, duplicate: bool) -> Attempt:
        world, loop = self._world, asyncio.get_running_loop()
        deadline, started = world.behaviour.deadline, loop.time()
        deadline_ms = round(deadline * 1000)
        begun = {
            "at": world.clock.now(),
            "openid": parcel.inbound.openid,
            "kind": parcel.inbound.kind,
            "series": parcel.id,
            "attempt": number,
            "duplicate": duplicate,
            "request_xml": parcel.request.xml,
            "deadline_ms": deadline_ms,
        }
        told = loop.call_later(
            _WAITING_AFTER, world.bus.publish, "waiting", {**begun, "waited_ms": round(_WAITING_AFTER * 1000)}
        )
        self._under_way.append((started, begun))
        try:
            answer = await post(self.http, parcel.request, deadline, fault)
        finally:
            told.cancel()
            self._under_way.remove((started, begun))
        ended = loop.time()
        elapsed_ms = round((ended - started) * 1000)
        verdict = self._verdict(answer, parcel)
        attempt = Attempt(number, answer, verdict, elapsed_ms, ended, duplicate)
        entry_id = world.deliveries.write(
            {
                **begun,
                "mode": parcel.account.mode.value,
                "url": parcel.request.shown_url,
                "request_raw": parcel.request.body.decode(),
                "left_ms": max(0, deadline_ms - elapsed_ms),
                **attempt.response(),
            }
        )
        while self._held_back:
            self._held_back.pop().set()
        return replace(attempt, entry_id=entry_id)

    def _verdict(self, answer: Answer, parcel: _Parcel) -> Verdict:
        if answer.failure is not None:
            return Verdict(answer.failure, answer.error)
        if answer.status != 200:
            # Only status 200 is a success. Even 201 with the body "success" was seen to fail (rule 8).
            return Verdict("bad-status", f"HTTP status {answer.status}, must be 200")
        judge = Judge(parcel.account, self._world.behaviour.text_limit, self._world.media)
        return judge.verdict(answer.body, parcel.inbound)


def _decisive(attempts: list[Attempt]) -> Attempt:
    """Return the try with the first valid answer, else the last try. Ignores copies that a fault added."""
    tries = [attempt for attempt in attempts if not attempt.duplicate]
    handled = [attempt for attempt in tries if attempt.handled]
    return min(handled, key=lambda attempt: attempt.ended) if handled else tries[-1]
