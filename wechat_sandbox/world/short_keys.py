"""Short keys for long texts (protocol §9.4)."""

import secrets
from dataclasses import dataclass

from wechat_sandbox.clock import Clock
from wechat_sandbox.errors import WeChatError

_KEPT = 10_000


@dataclass(frozen=True)
class ShortKey:
    key: str
    long_data: str
    create_time: int
    expire_seconds: int


class ShortKeys:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_key: dict[str, ShortKey] = {}

    def create(self, long_data: str, expire_seconds: int) -> ShortKey:
        """Store `long_data` under a new key. Only the last `_KEPT` keys are kept."""
        made = ShortKey(secrets.token_urlsafe(9), long_data, self._clock.seconds(), expire_seconds)
        self._by_key[made.key] = made
        while len(self._by_key) > _KEPT:
            del self._by_key[next(iter(self._by_key))]
        return made

    def get(self, key: str) -> ShortKey:
        """Return the short key. Raises WeChatError 40097 if it is unknown or has expired.

        40097 is a choice of the sandbox: WeChat's own code is not known.
        """
        found = self._by_key.get(key)
        if found is None or found.create_time + found.expire_seconds <= self._clock.now():
            raise WeChatError(40097)
        return found
