"""Keep state about a user between messages: an open question, late answers, the rest of a long text.

Without the store, reads find nothing, so a message is still answered. Writes raise StoreError.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.chat.replies.kinds import Reply
from bot.chat.replies.returned import Ask
from bot.chat.replies.stored import from_json, to_json
from bot.chat.wire.messages import Incoming
from bot.errors import StoreError
from bot.store import Store, Write
from bot.store.codec import dump, dump_list, find, load_list, note_unreadable

log = logging.getLogger("bot.conversation")

_KEPT_SECONDS = 48 * 3600.0  # also the time in which WeChat allows pushes after a message
_GIVEN_SECONDS = 900.0  # longer than WeChat keeps delivering one message
_TAKEN = "taken"  # the kind of a mark that stands for an answer that was taken; no reply has this kind
_MOST_MARKS = 20

_Held = dict[str, Any]  # a stored reply, with its `source`


@dataclass(frozen=True)
class Question:
    """The question that a handler asked: the name of the `answer` route that waits for the reply, and the
    handler's data."""

    answer: str
    data: dict[str, Any]


def kept_key(incoming: Incoming) -> str:
    """Return the store key of the answers that are kept for the sender of a message. For an event return an
    empty key, because an event is never answered with a kept answer."""
    return "" if incoming.msg_type == "event" else f"kept:{incoming.openid}"


class Conversations:
    """The state of all conversations, by openid. Every entry expires by itself."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ask(self, openid: str, question: Ask) -> None:
        """Send the next message of this user to `on.answer(question.answer)`. Replaces any other question."""
        record = Question(question.answer, dict(question.data))
        self._store.put(f"question:{openid}", dump(record), question.seconds)

    def asked(self, openid: str) -> Question | None:
        """Return the open question of this user, or None."""
        return find(Question, self._read(self._store.get, f"question:{openid}"))

    def end_question(self, openid: str) -> bool:
        """End the open question. Return True only if this call ended it."""
        return self._read(self._store.take, f"question:{openid}") is not None

    def keep(self, openid: str, reply: Reply, source: str) -> None:
        """Keep a late answer for this user's next message, after the answers that are already kept. A second
        answer with the same `source` is ignored, also if a message has taken the first one a moment ago: a
        process may have been killed after it had kept the answer, and another one repeats this step."""
        addition = {"source": source, **(to_json(reply) or {})}

        def add(record: bytes | None) -> Write | None:
            held = load_list(record, dict)
            if any(one.get("source") == source for one in held):
                return None
            return _write([*held, addition])

        self._store.update(f"kept:{openid}", add)

    def claim(self, openid: str, source: str, receiver: str) -> bool:
        """Take the answer that was kept under `source` for the message `receiver`. Return True if the answer
        now belongs to it, also if an earlier call took it. Return False if another message has it."""
        is_ours = False

        def claim(record: bytes | None) -> Write | None:
            nonlocal is_ours
            held = load_list(record, dict)
            found = next((one for one in held if one.get("source") == source), {})
            was_taken = found.get("kind") == _TAKEN
            is_ours = bool(found) and (not was_taken or found.get("by") == receiver)
            if not found or was_taken:
                return None
            return _write([one for one in held if one is not found], [source], receiver)

        self._store.update(f"kept:{openid}", claim)
        return is_ours

    def kept(self, openid: str, receiver: str, *, again: bool) -> Reply | None:
        """Return the next answer that is kept for this user, or None. Consecutive texts are joined.

        From then on the answer belongs to the message `receiver`. If this message is run `again`, because its
        process died, it gets the same answer.
        """
        key, gift = f"kept:{openid}", f"given:{receiver}"
        given = self._read(self._store.get, gift) if again else None
        if given is None and self._read(self._store.get, key) is None:
            return None
        taken: list[_Held] = load_list(given, dict)
        has_gift = given is not None

        def take(record: bytes | None) -> Write | None:
            nonlocal has_gift
            held = load_list(record, dict)
            if given is None:
                taken[:] = _first(held)
                if taken:
                    # Write this before the answer is removed: the process may die in between.
                    self._store.put(gift, dump_list(taken), _GIVEN_SECONDS)
                    has_gift = True
            rest = [one for one in held if one not in taken]
            sources = [str(one.get("source")) for one in taken]
            return _write(rest, sources, receiver) if rest != held else None

        self._store.update(key, take)
        if not taken and has_gift:
            self._store.delete(gift)  # another message has taken these answers first
        return _joined(taken)

    def has_kept(self, openid: str) -> bool:
        """Return True if an answer is kept for this user."""
        held: list[_Held] = load_list(self._read(self._store.get, f"kept:{openid}"), dict)
        return bool(_first(held))

    def put_rest(self, openid: str, text: str) -> None:
        """Keep the rest of a text that was too long for one reply. Replaces the previous rest."""
        self._store.put(f"rest:{openid}", text.encode("utf-8", "replace"), _KEPT_SECONDS)

    def take_rest(self, openid: str) -> str | None:
        """Return the rest of a text, and delete it."""
        key = f"rest:{openid}"
        rest = self._read(self._store.get, key)
        return rest.decode("utf-8", "replace") if rest and self._store.discard(key, rest) else None

    def forget(self, openid: str) -> None:
        """Delete everything about this user. WeChat requires this when a user unsubscribes."""
        for kind in ("question", "kept", "rest"):
            self._store.delete(f"{kind}:{openid}")

    def _read(self, read: Callable[[str], bytes | None], key: str) -> bytes | None:
        try:
            return read(key)
        except StoreError as error:
            # The store has already logged its outage.
            log.debug("[conversation] state not read, the store fails: %s", error)
            return None


def _write(held: list[_Held], taken: Sequence[str] = (), receiver: str = "") -> Write:
    """Return the list to write: the answers that are kept, and marks for those that the message `receiver` or
    an earlier one has taken."""
    marks = [one for one in held if one.get("kind") == _TAKEN]
    marks += [{"source": source, "kind": _TAKEN, "by": receiver} for source in taken]
    answers = [one for one in held if one.get("kind") != _TAKEN]
    return Write(dump_list([*marks[-_MOST_MARKS:], *answers]), _KEPT_SECONDS if answers else _GIVEN_SECONDS)


def _first(held: list[_Held]) -> list[_Held]:
    """Return the first answer, and those after it that one reply can say, too. Skip those that only another
    version can read."""
    known = [one for one in held if one.get("kind") != _TAKEN and _reply(one) is not None]
    count = 1
    while count < len(known) and _joined(known[: count + 1]) is not None:
        count += 1
    return known[:count]


def _joined(taken: list[_Held]) -> Reply | None:
    """Return one reply that says all of `taken`, or None if one reply cannot or there is nothing to say."""
    joined = _reply(taken[0]) if taken else None
    for one in taken[1:]:
        reply = _reply(one)
        joined = joined.followed_by(reply) if joined and reply else None
    return joined


def _reply(held: _Held) -> Reply | None:
    try:
        return from_json(held)
    except ValueError:
        note_unreadable("reply")
        return None
