"""Answers a delivery whose handler has ended: with the reply, or with `success` and a job that pushes it."""

import functools
import logging

from bot.chat.delivery.late_answers import Late
from bot.chat.delivery.record import Claim, Dedup
from bot.chat.delivery.retry_timing import Attempts
from bot.chat.replies.as_answer import Passive
from bot.chat.wire.messages import Incoming
from bot.errors import StoreError
from bot.jobs.liveness import Liveness

log = logging.getLogger("bot.answer")


class Again:
    def __init__(
        self, dedup: Dedup, late: Late, attempts: Attempts, liveness: Liveness, passive: Passive
    ) -> None:
        self._dedup = dedup
        self._late = late
        self._attempts = attempts
        self._liveness = liveness
        self._passive = passive

    def __call__(self, incoming: Incoming, claim: Claim) -> tuple[bytes, str]:
        """Reply XML, empty for `success`, and a word for the log line."""
        try:
            latest = self._given(incoming, claim)
        except StoreError as error:
            log.error("[answer] could not note that the reply was given: %s", error)
            self._liveness.owe(lambda: self._dedup.give(incoming.key, claim))
            latest = claim
        if latest is None:
            return b"", "pushed-instead"
        body = self._passive(incoming, latest.reply, latest.at, first=latest.is_unused)
        return body, "joined" if latest.is_unused else "repeated"

    def _given(self, incoming: Incoming, claim: Claim) -> Claim | None:
        """What is now noted as given; None if it is pushed."""
        while claim.reply is not None:
            if self._attempts.needs_push(claim):
                withdraw = functools.partial(self._withdraw, incoming, claim)
                if self._late.push_instead(incoming, claim.reply, withdraw):
                    return None
            elif self._dedup.give(incoming.key, claim):
                break
            newer = self._dedup.look(incoming.key, claim.attempt)
            if newer == claim:  # another delivery has written the push and will withdraw the reply next
                return None
            claim = newer  # another delivery was quicker
        return claim

    def _withdraw(self, incoming: Incoming, claim: Claim) -> bool:
        """The push is written: it stands, also where the store is gone the next moment."""
        withdraw = functools.partial(self._dedup.withdraw, incoming.key, claim)
        try:
            return withdraw()
        except StoreError:
            self._liveness.owe(withdraw)
            return True
