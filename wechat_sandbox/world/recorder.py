"""Record a conversation: the acts of the users, and the answers and API calls of the account's server."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from wechat_sandbox.world.chat import ChatMessage
from wechat_sandbox.world.users import User

_KEPT = 2000
# Limit of the calls, and of the messages, in one step. A server may send without end between two acts.
_KEPT_OF_A_STEP = 1000
# A recording is a file that people keep and share, so it must not contain these values.
_SECRETS = frozenset({"secret", "appsecret", "access_token", "refresh_token"})
Json = dict[str, Any]


@dataclass
class Step:
    """One act of a user, with its consequences. If the step advances the clock, `openid` is None.

    `shown` has all messages that the user saw until their own next act. `calls` has all API calls until the
    next act of any user.
    """

    at: float
    openid: str | None
    act: Json
    deliveries: list[Json] = field(default_factory=list)
    shown: list[Json] = field(default_factory=list)
    calls: list[Json] = field(default_factory=list)


class Recorder:
    """The last `_KEPT` steps.

    `followed` has an entry for each user with a step: True if they followed the account before their first
    step.
    """

    def __init__(self) -> None:
        self.steps: deque[Step] = deque(maxlen=_KEPT)
        self.followed: dict[str, bool] = {}
        self._latest: dict[str, Step] = {}

    def begin(self, at: float, user: User | None, act: Json) -> Step:
        """Add a step and return it. If the step advances the clock, `user` is None."""
        step = Step(at, user.openid if user else None, act)
        self.steps.append(step)
        if user is not None:
            self.followed.setdefault(user.openid, user.subscribed)
            self._latest[user.openid] = step
        return step

    def drop(self, step: Step) -> None:
        """Remove a step, because its act was refused."""
        if step in self.steps:
            self.steps.remove(step)

    def message(self, openid: str, message: ChatMessage) -> None:
        """Add a message from the account to the last step of this user. Ignore messages from the user."""
        step = self._latest.get(openid)
        if step is not None and message.sender != "user" and len(step.shown) < _KEPT_OF_A_STEP:
            step.shown.append(message.to_json())

    def call(self, entry: Json) -> None:
        """Add an API call to the last step, without secrets."""
        if self.steps and len(self.steps[-1].calls) < _KEPT_OF_A_STEP:
            kept = ("method", "path", "body", "status", "response")
            self.steps[-1].calls.append({name: _without_secrets(entry[name]) for name in kept})


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: "..." if name in _SECRETS else _without_secrets(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    return value
