"""One try: posts the request within the deadline and tells what became of it (rules 7 and 8)."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from wechat_sandbox.push.failure import in_words
from wechat_sandbox.push.reply_check import Verdict
from wechat_sandbox.push.request import HEADERS, PushRequest
from wechat_sandbox.world.faults import Fault

_MAX_ANSWER = 1 << 20
_KEPT_ANSWER = 20_000


@dataclass(frozen=True)
class Answer:
    """What came back over the wire: a status and body, or else a `failure` (timeout, refused) and why."""

    status: int | None = None
    body: bytes = b""
    failure: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Attempt:
    """`duplicate` marks a copy that was sent on purpose: it is in the journal but decides nothing.

    `entry_id` is its number in the journal, `ended` when it ended on the clock of the event loop.
    """

    number: int
    answer: Answer
    verdict: Verdict
    elapsed_ms: int
    ended: float
    duplicate: bool = False
    entry_id: int = 0

    @property
    def handled(self) -> bool:
        return self.verdict.outcome in ("reply", "success", "empty")

    def to_json(self) -> dict[str, Any]:
        """What the control API tells about it."""
        told: dict[str, Any] = {
            "id": self.entry_id,
            "attempt": self.number,
            "status": self.answer.status,
            "elapsed_ms": self.elapsed_ms,
            "outcome": self.verdict.outcome,
            "error": self.verdict.error,
            "reply": self.verdict.reply,
        }
        return told | ({"duplicate": True} if self.duplicate else {})

    def response(self) -> dict[str, Any]:
        """What the journal keeps of the answer."""
        raw = self.answer.body[:_KEPT_ANSWER].decode(errors="replace")
        return {
            "status": self.answer.status,
            "elapsed_ms": self.elapsed_ms,
            "outcome": self.verdict.outcome,
            "error": self.verdict.error,
            "response_raw": raw if self.answer.status is not None else None,
            "response_xml": self.verdict.xml,
        }


async def post(http: aiohttp.ClientSession, request: PushRequest, deadline: float, fault: Fault) -> Answer:
    """Never raises for what the network or the server does."""
    try:
        async with asyncio.timeout(deadline):
            answer = await _post(http, request)
            if fault.drop:  # WeChat finds out only when the time is over
                await asyncio.get_running_loop().create_future()
    except TimeoutError:
        if fault.drop:
            return Answer(failure="timeout", error="fault: the answer was lost on its way back")
        return Answer(failure="timeout", error=f"no complete answer within {deadline:g} s")
    except (aiohttp.ClientError, OSError) as error:
        return Answer(failure="refused", error=in_words(error))
    if fault.status is not None:
        return Answer(status=fault.status, body=answer.body)
    return answer


async def _post(http: aiohttp.ClientSession, request: PushRequest) -> Answer:
    # The URL goes out as it was written, without a second round of quoting. A redirect is not followed.
    url = URL(request.url, encoded=True)
    async with http.post(url, data=request.body, headers=HEADERS, allow_redirects=False) as response:
        body = bytearray()
        async for piece in response.content.iter_chunked(1 << 16):
            body += piece
            if len(body) > _MAX_ANSWER:
                break
        return Answer(status=response.status, body=bytes(body))
