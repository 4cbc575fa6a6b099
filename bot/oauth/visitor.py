"""Who is visiting."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Visitor:
    """A person WeChat has named to us.

    `scope` is snsapi_base (openid only) or snsapi_userinfo. `is_snapshot`: WeChat's preview mode, with
    made-up ids; may look, not act. `is_proven`: the login came back to the browser that began it; False for
    visitors from a menu link and for browsers that keep no cookies, who are recognised, and no more.
    `profile_at` and `token_expires` are unix seconds; the tokens are the visitor's, for /sns calls.
    """

    openid: str
    scope: str
    nickname: str = ""
    avatar: str = ""
    unionid: str = ""
    is_snapshot: bool = False
    is_proven: bool = False
    profile_at: float = 0
    access_token: str = ""
    refresh_token: str = ""
    token_expires: float = 0

    def has(self, scope: str) -> bool:
        """Whether we know as much of the visitor as `scope` grants."""
        return scope == "snsapi_base" or self.scope == scope

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, kept: bytes) -> "Visitor":
        return cls(**json.loads(kept))
