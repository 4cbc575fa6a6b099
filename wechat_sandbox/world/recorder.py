"""Writes down a conversation as it happens: what each user did, and what the account's server made of it."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from wechat_sandbox.world.chat import ChatMessage
from wechat_sandbox.world.users import User

_KEPT = 2000
# Of one step, calls and bubbles each: a server may call and push without end while nobody does anything.
_KEPT_OF_A_STEP = 1000
# What must not stand in a file that is kept and shown around.
_SECRETS = frozenset({"secret", "appsecret", "access_token", "refresh_token"})
Json = dict[str, Any]


@dataclass
class Step:
    """One act. `shown` is all that the user saw until their next act, whichever way it came; `calls` are the
    API calls made until anybody's next act. `openid` is None for a leap of the clock."""

    at: float
    openid: str | None
    act: Json
    deliveries: list[Json] = field(default_factory=list)
    shown: list[Json] = field(default_factory=list)
    calls: list[Json] = field(default_factory=list)


class Recorder:
    """The last steps, and whether each user followed the account before their first one."""

    def __init__(self) -> None:
        self.steps: deque[Step] = deque(maxlen=_KEPT)
        self.followed: dict[str, bool] = {}
        self._latest: dict[str, Step] = {}

    def begin(self, at: float, user: User | None, act: Json) -> Step:
        step = Step(at, user.openid if user else None, act)
        self.steps.append(step)
        if user is not None:
            self.followed.setdefault(user.openid, user.subscribed)
            self._latest[user.openid] = step
        return step

    def drop(self, step: Step) -> None:
        """The act was impossible: it never happened."""
        if step in self.steps:
            self.steps.remove(step)

    def message(self, openid: str, message: ChatMessage) -> None:
        step = self._latest.get(openid)
        if step is not None and message.sender != "user" and len(step.shown) < _KEPT_OF_A_STEP:
            step.shown.append(message.to_json())

    def call(self, entry: Json) -> None:
        if self.steps and len(self.steps[-1].calls) < _KEPT_OF_A_STEP:
            kept = ("method", "path", "body", "status", "response")
            self.steps[-1].calls.append({name: _without_secrets(entry[name]) for name in kept})


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: "..." if name in _SECRETS else _without_secrets(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    return value
