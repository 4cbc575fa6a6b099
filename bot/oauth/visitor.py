"""Who is visiting."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Visitor:
    """A person WeChat has named to us.

    `scope` is snsapi_base (openid only), snsapi_userinfo, or snsapi_login for a website app's visitor, whose
    openid is another one than the account's. `via` is how they came: wechat, scene (the account's QR code on
    a PC) or website. `is_snapshot`: WeChat's preview mode, with
    made-up ids; may look, not act. `is_proven`: the login came back to the browser that began it; False for
    visitors from a menu link and for browsers that keep no cookies, who are recognised, and no more.
    `proven_at`, `profile_at` and `token_expires` are unix seconds; the tokens are the visitor's, for /sns.
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
        """Whether we know as much of the visitor as `scope` grants, or as much as a PC can tell."""
        return scope == "snsapi_base" or self.scope == scope or self.via != "wechat"

    def with_profile_of(self, earlier: "Visitor") -> "Visitor":
        """The same person, known better from an earlier login: a silent round costs nobody their name."""
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
