"""The record of a visitor: the person, and what proves their identity.

This module must not read the store or call WeChat.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.wechat.answers import LONGEST_LIFETIME, seconds_of

# A page may only have pictures with such a URL, so no `javascript:`, `data:` or `//host`.
_PICTURE = re.compile(r"https?://[^\s/?#\\][^\s\x00-\x1f\x7f]*", re.IGNORECASE)
_LONGEST_PICTURE = 2048
_WITH_PROFILE = ("snsapi_userinfo", "snsapi_login")


@dataclass(frozen=True)
class Visitor:
    """A person whose openid comes from WeChat.

    `scope` is snsapi_base (openid only), snsapi_userinfo, or snsapi_login for a website app's visitor, whose
    openid is not the account's. `via` is how they came: wechat, scene (the account's QR code on a PC) or
    website. `is_snapshot`: WeChat's preview mode, with virtual ids; such a visitor may look, but not act.
    `is_proven`: the login returned to the browser that began it. It is False for visitors from a menu link
    and for browsers that keep no cookies: these visitors are recognised, without proof. `proven_at`,
    `profile_at` and `token_expires` are unix seconds. The tokens are the visitor's own, for WeChat's /sns
    calls.
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

    def __post_init__(self) -> None:
        object.__setattr__(self, "avatar", picture_url(self.avatar))

    @property
    def may_have_profile(self) -> bool:
        """Return True if the visitor's token gives access to nickname and avatar."""
        return self.scope in _WITH_PROFILE

    def has(self, scope: str) -> bool:
        """Return True if the visitor has the data of `scope`. A visitor who logged in on a PC always counts
        as having it, because a PC login cannot give more."""
        return scope == "snsapi_base" or self.scope == scope or self.via != "wechat"

    def was_proven(self, now: float, max_age: float) -> bool:
        """Return True if the visitor is proven, is not a preview, and logged in at most `max_age` seconds
        before `now` (unix seconds)."""
        return self.is_proven and not self.is_snapshot and now <= self.proven_at + max_age

    def with_profile_of(self, earlier: "Visitor") -> "Visitor":
        """Return the visitor with the profile from an earlier login of the same person.

        A silent login gives only the openid, and must not delete the name. The earlier login is ignored if it
        is another person's, if it gave no profile, or if the new login gives one itself.
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

    def with_token(self, answer: Mapping[str, Any], now: float) -> "Visitor":
        """Return the visitor with the token and the scope in WeChat's `answer`, which arrived at `now`.

        `answer` comes from /sns/oauth2/access_token or /sns/oauth2/refresh_token.
        """
        scopes = str(answer.get("scope", "")).split(",")
        return replace(
            self,
            scope=next((scope for scope in _WITH_PROFILE if scope in scopes), "snsapi_base"),
            unionid=_text(answer.get("unionid")) or self.unionid,
            is_snapshot=answer.get("is_snapshotuser", self.is_snapshot) in (1, "1", True),
            access_token=str(answer["access_token"]),
            refresh_token=_text(answer.get("refresh_token")) or self.refresh_token,
            token_expires=now + min(max(0.0, seconds_of(answer.get("expires_in"))), LONGEST_LIFETIME),
        )

    def with_profile(self, answer: Mapping[str, Any], now: float) -> "Visitor":
        """Return the visitor with the nickname and avatar in WeChat's `answer` of /sns/userinfo."""
        return replace(
            self,
            nickname=_text(answer.get("nickname")),
            avatar=_text(answer.get("headimgurl")),
            unionid=_text(answer.get("unionid")) or self.unionid,
            profile_at=now,
        )


def picture_url(value: object) -> str:
    """Return the URL of a picture without blanks at its ends, or an empty text if it is not http(s)."""
    url = _text(value).strip()
    return url if len(url) <= _LONGEST_PICTURE and _PICTURE.fullmatch(url) else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
