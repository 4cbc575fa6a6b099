"""The WeChat users: their identity, and their relation to the account."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class UnknownUser(LookupError):
    """No user of this sandbox has that openid."""


class Platform(StrEnum):
    """The system of a phone. Conditional menus may depend on it."""

    IOS = "ios"
    ANDROID = "android"
    OTHER = "other"


@dataclass
class User:
    """One WeChat user. `openid` is for the official account, `site_openid` for the website app.

    `tags` are in the order in which they were added. `blocks_templates` is True if the user has switched off
    the account's template messages. `wechat_id` is the name that the user chose in WeChat (微信号).
    """

    openid: str
    unionid: str
    site_openid: str
    ordinal: int
    nickname: str
    avatar: str
    subscribed: bool = False
    subscribe_time: int = 0
    subscribe_scene: str = "ADD_SCENE_SEARCH"
    qr_scene: int = 0
    qr_scene_str: str = ""
    remark: str = ""
    tags: list[int] = field(default_factory=list)
    blacklisted: bool = False
    blocks_templates: bool = False
    platform: Platform = Platform.OTHER
    phone: str = ""
    wechat_id: str = ""

    def follow(self, at: int, scene: str, qr_scene: int = 0, qr_scene_str: str = "") -> None:
        """Make the user a follower since `at` (Unix seconds).

        The openid stays the same when a user unfollows and follows again; `subscribe_time` is renewed (rule
        37).
        """
        self.subscribed = True
        self.subscribe_time = at
        self.subscribe_scene, self.qr_scene, self.qr_scene_str = scene, qr_scene, qr_scene_str

    def unfollow(self) -> None:
        """Make the user stop following the account. Delete the account's remark and tags for this user."""
        self.subscribed = False
        self.remark, self.tags = "", []

    def to_json(self) -> dict[str, Any]:
        return {
            "openid": self.openid,
            "nickname": self.nickname,
            "avatar": self.avatar,
            "subscribed": self.subscribed,
            "phone": self.phone,
        }


class Users:
    """All users of the sandbox.

    An openid is computed from the app id, the nickname and the number of earlier users. So the same start
    gives the same openids, and another account has other openids for the same users (rule 31).
    """

    def __init__(self, app_id: str, site_app_id: str, base_url: str) -> None:
        self._app_id = app_id
        self._site_app_id = site_app_id
        self._base_url = base_url
        self._by_openid: dict[str, User] = {}

    def add(self, nickname: str) -> User:
        ordinal = len(self._by_openid)
        seed = hashlib.sha256(f"{nickname}/{ordinal}".encode()).hexdigest()[:12]
        user = User(
            openid="o" + identifier(27, self._app_id, seed),
            unionid="o" + identifier(27, "open platform", seed),
            site_openid="o" + identifier(27, self._site_app_id, seed),
            ordinal=ordinal,
            nickname=nickname,
            avatar=f"{self._base_url}/mmopen/{seed}/132",
        )
        self._by_openid[user.openid] = user
        return user

    def get(self, openid: str) -> User:
        """Return the user. Raises UnknownUser if there is none with this openid."""
        try:
            return self._by_openid[openid]
        except KeyError:
            raise UnknownUser(openid) from None

    def find(self, openid: str) -> User | None:
        """Return the user; None if there is none with this openid."""
        return self._by_openid.get(openid)

    def all(self) -> list[User]:
        return list(self._by_openid.values())

    def followers(self) -> list[User]:
        return [user for user in self._by_openid.values() if user.subscribed]

    def with_phone(self, phone: str) -> User | None:
        return next((user for user in self._by_openid.values() if user.phone == phone), None)

    def with_wechat_id(self, wechat_id: str) -> User | None:
        return next((user for user in self.all() if user.wechat_id and user.wechat_id == wechat_id), None)

    def by_avatar_seed(self, seed: str) -> User | None:
        return next((user for user in self.all() if user.avatar.split("/")[-2] == seed), None)


def identifier(length: int, *parts: str) -> str:
    """Return `length` characters (at most 86) of an openid. The same `parts` give the same characters."""
    digest = hashlib.sha512("\0".join(parts).encode()).digest()
    return urlsafe_b64encode(digest).decode()[:length]
