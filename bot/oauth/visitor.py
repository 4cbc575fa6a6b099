"""The record of a visitor: whom WeChat has named to us, and how sure we are of it.

It reads no store and calls nobody.
"""

import json
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True)
class Visitor:
    """Hold what we know of a person whom WeChat has named to us.

    `scope` is snsapi_base (openid only), snsapi_userinfo, or snsapi_login for a website app's visitor, whose
    openid is not the account's. `via` is how they came: wechat, scene (the account's QR code on a PC) or
    website. `is_snapshot`: WeChat's preview mode, with made-up ids; such a visitor may look, not act.
    `is_proven`: the login came back to the browser that began it. It is False for visitors from a menu link
    and for browsers that keep no cookies: they are recognised, and no more. `proven_at`, `profile_at` and
    `token_expires` are unix seconds. The tokens are the visitor's own, for WeChat's /sns calls.
    """

    openid: str
    scope: str
    nickname: str = ""
    avatar: str = ""
    unionid: str = ""
    is_snapshot: bool = False
    is_proven: bool = False
    proven_at: float = 0
    via: str = "wechat"
    profile_at: float = 0
    access_token: str = ""
    refresh_token: str = ""
    token_expires: float = 0

    def has(self, scope: str) -> bool:
        """Return True if we know as much of the visitor as `scope` grants, or as much as a PC can tell."""
        return scope == "snsapi_base" or self.scope == scope or self.via != "wechat"

    def was_proven(self, now: float, max_age: float) -> bool:
        """Return True for a real login (proven, and no preview) at most `max_age` seconds before `now`."""
        return self.is_proven and not self.is_snapshot and now <= self.proven_at + max_age

    def with_profile_of(self, earlier: "Visitor") -> "Visitor":
        """Return the visitor with what an earlier login of the same person told us.

        A silent round gives the openid only; it must not take the name away. Another person's earlier login,
        or one that told no more, changes nothing.
        """
        if earlier.openid != self.openid or self.scope != "snsapi_base" or earlier.scope == self.scope:
            return self
        return replace(
            earlier,
            unionid=self.unionid or earlier.unionid,
            is_snapshot=self.is_snapshot,
            is_proven=self.is_proven,
            proven_at=self.proven_at,
            via=self.via,
        )

    def to_json(self) -> bytes:
        """Return the record as it is stored."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, kept: bytes) -> "Visitor":
        """Return the visitor that to_json() has written."""
        return cls(**json.loads(kept))
