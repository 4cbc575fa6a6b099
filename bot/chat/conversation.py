"""Per-user state between messages: the question a user was asked, answers kept for them, rests of texts.

Without a store there are no questions and nothing is kept: reading goes on as if, so that a message is
answered all the same. Writing raises StoreError.
"""

import itertools
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.chat.replies.kinds import Ask, Reply, Text, from_json, to_json
from bot.errors import StoreError
from bot.store import Store

log = logging.getLogger("bot.conversation")

_KEPT_SECONDS = 48 * 3600  # as long as WeChat itself would let us write to the user
_GIVEN_SECONDS = 900.0  # longer than a message is tried


def _first(held: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first of the answers, and while they are texts the next ones with it."""
    texts = list(itertools.takewhile(lambda item: item["kind"] == "Text", held))
    return texts or held[:1]


def _as_one(taken: list[dict[str, Any]]) -> Reply:
    replies = [from_json(item) for item in taken]
    texts = [reply.content for reply in replies if isinstance(reply, Text)]
    return Text("\n\n".join(texts)) if texts else replies[0]


@dataclass(frozen=True)
class Question:
    """What a handler asked: the `answer` route that waits for the reply, and the handler's data."""

    answer: str
    data: dict[str, Any]


class Conversations:
    """Everything is keyed by openid and ends by itself."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ask(self, openid: str, question: Ask) -> None:
        """Let the next message of this user go to `on.answer(question.answer)`; replaces any other."""
        state = json.dumps({"answer": question.answer, "data": dict(question.data)})
        self._store.put(f"question:{openid}", state.encode(), question.seconds)

    def asked(self, openid: str) -> Question | None:
        """The open question of this user."""
        state = self._read(self._store.get, f"question:{openid}")
        return Question(**json.loads(state)) if state else None

    def end_question(self, openid: str) -> bool:
        """End the open question; True for the one caller that ended it."""
        return self._read(self._store.take, f"question:{openid}") is not None

    def keep(self, openid: str, reply: Reply, source: str) -> None:
        """Hold an answer that came too late for this user's next messages, after those already held. Of one
        `source` one answer is held, however often it is brought."""
        key, addition = self.kept_key(openid), [{"source": source, **to_json(reply)}]
        while True:
            now = self._store.get(key)
            if now is not None and any(item["source"] == source for item in json.loads(now)):
                return
            if now is None:
                if self._store.add(key, json.dumps(addition).encode(), _KEPT_SECONDS):
                    return
            elif self._store.swap(key, now, json.dumps(json.loads(now) + addition).encode(), _KEPT_SECONDS):
                return

    def kept_key(self, openid: str) -> str:
        """Where the store has the answers that wait for this user, if it has any."""
        return f"kept:{openid}"

    def kept(self, openid: str, receiver: str, *, again: bool) -> Reply | None:
        """The next answer that waits for this user, which is then held for the message `receiver` alone: if
        that is run `again`, because its process died, it gets the same. Texts that follow each other come as
        one."""
        key, gift = self.kept_key(openid), f"given:{receiver}"
        given, raced = self._read(self._store.get, gift) if again else None, False
        while True:
            now = self._read(self._store.get, key)
            held = json.loads(now) if now else []
            taken = json.loads(given) if given else _first(held)
            if not taken:
                if raced:
                    self._store.delete(gift)  # another message was quicker and has got them
                return None
            if given is None:
                self._store.put(gift, json.dumps(taken).encode(), _GIVEN_SECONDS)
            rest = [item for item in held if item not in taken]
            if now is None or rest == held or self._remove(key, now, rest):
                return _as_one(taken)
            raced = given is None

    def _remove(self, key: str, now: bytes, rest: list[dict[str, Any]]) -> bool:
        if rest:
            return self._store.swap(key, now, json.dumps(rest).encode(), _KEPT_SECONDS)
        return self._store.discard(key, now)

    def put_rest(self, openid: str, text: str) -> None:
        """Hold the rest of a text that was too long for one reply; replaces any other."""
        self._store.put(f"rest:{openid}", text.encode("utf-8", "replace"), _KEPT_SECONDS)

    def take_rest(self, openid: str) -> str | None:
        """The rest, which is gone afterwards."""
        key = f"rest:{openid}"
        rest = self._read(self._store.get, key)
        return rest.decode() if rest and self._store.discard(key, rest) else None

    def forget(self, openid: str) -> None:
        """Delete everything about this user (WeChat asks for that when they unsubscribe)."""
        for kind in ("question", "kept", "rest"):
            self._store.delete(f"{kind}:{openid}")

    def _read(self, read: Callable[[str], bytes | None], key: str) -> bytes | None:
        try:
            return read(key)
        except StoreError as error:
            log.debug("[conversation] no store: %s", error)  # which says so itself, once
            return None
