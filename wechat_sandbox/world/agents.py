"""Customer-service agents (protocol §8.1). Messages can name them as senders; no agent is ever online."""

import re
from dataclasses import dataclass

from wechat_sandbox.errors import WeChatError

MAX_AGENTS = 100
MAX_NAME = 10
FIRST_ID = 1001


@dataclass
class Agent:
    account: str
    id: int
    nickname: str


class Agents:
    def __init__(self) -> None:
        self._by_account: dict[str, Agent] = {}
        self._last = FIRST_ID - 1

    def all(self) -> list[Agent]:
        return list(self._by_account.values())

    def add(self, account: str, nickname: str) -> None:
        """Add an agent. `account` has the form name@alias.

        Raises WeChatError: 61452 for another form, 61454 for a name over `MAX_NAME` characters, 61455 for
        other characters than letters and digits, 61453 if the account exists, 61456 at `MAX_AGENTS` agents.
        """
        name, mark, alias = account.partition("@")
        if not mark or not name or not alias:
            raise WeChatError(61452)
        if len(name) > MAX_NAME:
            raise WeChatError(61454)
        if not re.fullmatch(r"[A-Za-z0-9]+", name):
            raise WeChatError(61455)
        if account in self._by_account:
            raise WeChatError(61453)
        if len(self._by_account) >= MAX_AGENTS:
            raise WeChatError(61456)
        self._last += 1
        self._by_account[account] = Agent(account, self._last, nickname)

    def get(self, account: object) -> Agent:
        """Return the agent of `account`. Raises WeChatError 61452 if there is none."""
        agent = self._by_account.get(account) if isinstance(account, str) else None
        if agent is None:
            raise WeChatError(61452)
        return agent

    def delete(self, account: object) -> None:
        """Delete the agent of `account`. Raises WeChatError 61452 if there is none."""
        del self._by_account[self.get(account).account]
