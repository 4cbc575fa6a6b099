"""Per-user state between messages: the question a user was asked, answers kept for them, rests of texts."""

import json
from dataclasses import dataclass
from typing import Any

from bot.callback.replies import Ask, Reply, Text, from_json, to_json
from bot.store import Store

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
        state = self._store.get(f"question:{openid}")
        return Question(**json.loads(state)) if state else None

    def close(self, openid: str) -> bool:
        """End the open question; True for the one caller that ended it."""
        return self._store.take(f"question:{openid}") is not None

    def keep(self, openid: str, reply: Reply) -> None:
        """Hold an answer that came too late for this user's next message. Several texts are joined."""
        earlier = self.kept(openid)
        if isinstance(earlier, Text) and isinstance(reply, Text):
            reply = Text(f"{earlier.content}\n\n{reply.content}")
        self._store.put(f"kept:{openid}", to_json(reply), _KEPT_SECONDS)

    def kept(self, openid: str) -> Reply | None:
        """The answer that waits for this user, which is gone afterwards."""
        key = f"kept:{openid}"
        if self._store.get(key) is None:  # nearly always; a read costs far less than a take
            return None
        state = self._store.take(key)
        return from_json(state) if state else None

    def put_rest(self, openid: str, text: str) -> None:
        """Hold the rest of a text that was too long for one reply; replaces any other."""
        self._store.put(f"rest:{openid}", text.encode("utf-8", "replace"), _KEPT_SECONDS)

    def take_rest(self, openid: str) -> str | None:
        """The rest, which is gone afterwards."""
        rest = self._store.take(f"rest:{openid}")
        return rest.decode() if rest else None

    def forget(self, openid: str) -> None:
        """Delete everything about this user (WeChat asks for that when they unsubscribe)."""
        for kind in ("question", "kept", "rest"):
            self._store.delete(f"{kind}:{openid}")
