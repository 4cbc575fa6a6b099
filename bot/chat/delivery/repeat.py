"""Answer a delivery whose handler has already ended: with the reply, or with `success` and a push."""

import functools
import logging

from bot.chat.conversation import Conversations
from bot.chat.delivery.late_answers import LateAnswers
from bot.chat.delivery.record import Claim, Records
from bot.chat.wire.messages import Incoming
from bot.chat.wire.seal import Answer
from bot.errors import StoreError

log = logging.getLogger("bot.answer")


class Repeat:
    """Answer with the reply that is in the record."""

    def __init__(self, records: Records, late: LateAnswers, conversations: Conversations) -> None:
        self._records = records
        self._conversations = conversations
        self._late = late

    def answer(self, incoming: Incoming, claim: Claim, route: str = "") -> Answer:
        """Return the answer of a delivery whose message is DONE. Raises StoreError only for a reply that is
        also kept for the user's next message."""
        if claim.kept and claim.reply is not None:
            is_ours = self._conversations.claim(incoming.openid, claim.kept, incoming.key)
            result = "joined" if is_ours else "taken"  # by another message of the user
            reply = claim.reply if is_ours else None
            return Answer(reply, result, claim.attempt, route, claim.at, is_first=True)
        try:
            given = self._give(incoming, claim)
        except StoreError as error:
            log.error("[answer] could not record that a delivery answers with the reply: %s", error)
            self._records.liveness.owe(lambda: self._records.give(incoming.key, claim))
            given = claim
        if given is None:
            return Answer(None, "pushed-instead", claim.attempt, route)
        result = "joined" if given.is_unused else "repeated"
        return Answer(given.reply, result, claim.attempt, route, given.at, is_first=given.is_unused)

    def _give(self, incoming: Incoming, claim: Claim) -> Claim | None:
        """Record that this delivery answers with the reply, and return the claim that has the reply. Return
        None if the reply is pushed instead."""
        while claim.reply is not None:
            if self._late.timing.needs_push(claim):
                withdraw = functools.partial(self._withdraw, incoming, claim)
                if self._late.push_instead(incoming, claim.reply, withdraw):
                    return None
            elif self._records.give(incoming.key, claim):
                break
            newer = self._records.look(incoming.key, claim.attempt)
            if newer == claim:  # another delivery pushes the reply, and is about to withdraw it
                return None
            claim = newer  # another delivery has changed the record
        return claim

    def _withdraw(self, incoming: Incoming, claim: Claim) -> bool:
        """Withdraw the reply from the record. Return True also if the store fails: the push is already
        written, and the record is changed when the store works again."""
        withdraw = functools.partial(self._records.withdraw, incoming.key, claim)
        try:
            return withdraw()
        except StoreError:
            self._records.liveness.owe(withdraw)
            return True
