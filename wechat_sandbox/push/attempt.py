"""Make one try of a delivery: post the request and return the result (rules 7 and 8)."""

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
    """The raw answer of the account's server: `status` and `body`.

    Without an answer `failure` is timeout or refused, and `error` gives the reason.
    """

    status: int | None = None
    body: bytes = b""
    failure: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Attempt:
    """One try of a delivery and its result.

    `duplicate` is True for a copy that a fault added: it is in the journal, but its answer is not used.
    `entry_id` is the id in the journal. `ended` is a time on the clock of the event loop, in seconds.
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
        """Return True if the account's server gave a valid answer, so that no further try is needed."""
        return self.verdict.outcome in ("reply", "success", "empty")

    def to_json(self) -> dict[str, Any]:
        """Return the try as the control API shows it."""
        shown: dict[str, Any] = {
            "id": self.entry_id,
            "attempt": self.number,
            "status": self.answer.status,
            "elapsed_ms": self.elapsed_ms,
            "outcome": self.verdict.outcome,
            "error": self.verdict.error,
            "reply": self.verdict.reply,
        }
        return shown | ({"duplicate": True} if self.duplicate else {})

    def response(self) -> dict[str, Any]:
        """Return the result of this try for the journal: the verdict, and the answer with a body cut to
        `_KEPT_ANSWER` bytes."""
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
    """Post `request` and return the answer. `deadline` is in seconds.

    Does not raise for errors of the network or of the server: the result describes them.
    """
    try:
        async with asyncio.timeout(deadline):
            answer = await _post(http, request)
            if fault.drop:  # WeChat sees a lost answer as a timeout, so wait until the deadline
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
    # `encoded` keeps aiohttp from quoting the URL again. Redirects are not followed.
    url = URL(request.url, encoded=True)
    async with http.post(url, data=request.body, headers=HEADERS, allow_redirects=False) as response:
        body = bytearray()
        async for piece in response.content.iter_chunked(1 << 16):
            body += piece
            if len(body) > _MAX_ANSWER:
                break
        return Answer(status=response.status, body=bytes(body))
