"""Per-user state between messages: the question a user was asked, answers kept for them, rests of texts.

Without a store there are no questions and nothing is kept: reading says so in the log and goes on, so that a
message is answered all the same. Writing raises StoreError.
"""

import json
import logging
from dataclasses import dataclass
from typing import Any

from bot.callback.replies import Ask, Reply, Text, from_json, to_json
from bot.errors import StoreError
from bot.store import Store

log = logging.getLogger("bot.conversation")

_KEPT_SECONDS = 48 * 3600  # as long as WeChat itself would let us write to the user


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
        state = self._read(f"question:{openid}")
        return Question(**json.loads(state)) if state else None

    def close(self, openid: str) -> bool:
        """End the open question; True for the one caller that ended it."""
        return self._store.take(f"question:{openid}") is not None

    def keep(self, openid: str, reply: Reply, source: str) -> None:
        """Hold an answer that came too late for this user's next messages, after those already held. Of one
        `source` one answer is held, however often it is brought."""
        key, addition = f"kept:{openid}", [{"source": source, **to_json(reply)}]
        while True:
            now = self._store.get(key)
            if now is not None and any(item["source"] == source for item in json.loads(now)):
                return
            if now is None:
                if self._store.add(key, json.dumps(addition).encode(), _KEPT_SECONDS):
                    return
            elif self._store.swap(key, now, json.dumps(json.loads(now) + addition).encode(), _KEPT_SECONDS):
                return

    def kept(self, openid: str) -> Reply | None:
        """The next answer that waits for this user, which is then no longer held. Texts that follow each
        other come as one."""
        key = f"kept:{openid}"
        while True:
            now = self._read(key)
            if now is None:
                return None
            held = json.loads(now)
            replies = [from_json(item) for item in held]
            texts: list[str] = []
            for reply in replies:
                if not isinstance(reply, Text):
                    break
                texts.append(reply.content)
            rest = held[max(1, len(texts)) :]
            if rest:
                taken = self._store.swap(key, now, json.dumps(rest).encode(), _KEPT_SECONDS)
            else:
                taken = self._store.discard(key, now)
            if taken:
                return Text("\n\n".join(texts)) if texts else replies[0]

    def put_rest(self, openid: str, text: str) -> None:
        """Hold the rest of a text that was too long for one reply; replaces any other."""
        self._store.put(f"rest:{openid}", text.encode("utf-8", "replace"), _KEPT_SECONDS)

    def take_rest(self, openid: str) -> str | None:
        """The rest, which is gone afterwards."""
        key = f"rest:{openid}"
        rest = self._read(key)
        return rest.decode() if rest and self._store.discard(key, rest) else None

    def forget(self, openid: str) -> None:
        """Delete everything about this user (WeChat asks for that when they unsubscribe)."""
        for kind in ("question", "kept", "rest"):
            self._store.delete(f"{kind}:{openid}")

    def _read(self, key: str) -> bytes | None:
        try:
            return self._store.get(key)
        except StoreError as error:
            log.error("[conversation] no store: %s", error)
            return None
