"""Tags that the account gives its followers (protocol §9.2)."""

from dataclasses import dataclass

from wechat_sandbox.errors import WeChatError

MAX_TAGS = 100
MAX_NAME = 30
MAX_PER_USER = 20
# 0 and 1 are historical; 2 holds the starred followers.
SYSTEM = frozenset({0, 1, 2})
STARRED = 2
FIRST_OWN = 100


@dataclass
class Tag:
    id: int
    name: str


class Tags:
    def __init__(self) -> None:
        self._by_id = {STARRED: Tag(STARRED, "星标组")}
        self._last = FIRST_OWN - 1

    def all(self) -> list[Tag]:
        return list(self._by_id.values())

    def create(self, name: str) -> Tag:
        """Raises 45056 for too many, and what `rename` raises."""
        if len(self._by_id) - 1 >= MAX_TAGS:
            raise WeChatError(45056)
        self._check_name(name)
        self._last += 1
        tag = self._by_id[self._last] = Tag(self._last, name)
        return tag

    def rename(self, tag_id: object, name: str) -> None:
        """Raises 45157 for an empty name or one that is taken, 45158 for a long one."""
        tag = self._own(tag_id)
        if tag.name != name:
            self._check_name(name)
        tag.name = name

    def delete(self, tag_id: object) -> None:
        del self._by_id[self._own(tag_id).id]

    def get(self, tag_id: object) -> Tag:
        """Raises 45159 unless there is such a tag."""
        tag = self._by_id.get(tag_id) if type(tag_id) is int else None
        if tag is None:
            raise WeChatError(45159)
        return tag

    def _own(self, tag_id: object) -> Tag:
        if tag_id in SYSTEM:
            raise WeChatError(45058)
        return self.get(tag_id)

    def _check_name(self, name: str) -> None:
        if not name.strip() or any(tag.name == name for tag in self._by_id.values()):
            raise WeChatError(45157)
        if len(name) > MAX_NAME:
            raise WeChatError(45158)
