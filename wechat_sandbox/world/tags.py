"""The account's tags for followers (protocol §9.2)."""

from dataclasses import dataclass

from wechat_sandbox.errors import WeChatError

MAX_TAGS = 100
MAX_NAME = 30
MAX_PER_USER = 20
# WeChat reserves 0 and 1 for historical reasons. 2 is the tag of starred followers.
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
        """Create a tag.

        Raises WeChatError: 45056 above `MAX_TAGS` tags, 45157 if the name is empty or taken, 45158 if it is
        longer than `MAX_NAME` characters.
        """
        if len(self._by_id) - 1 >= MAX_TAGS:
            raise WeChatError(45056)
        self._check_name(name)
        self._last += 1
        tag = self._by_id[self._last] = Tag(self._last, name)
        return tag

    def rename(self, tag_id: object, name: str) -> None:
        """Rename a tag.

        Raises WeChatError: 45058 for a system tag, 45159 if there is no such tag, 45157 if the name is empty
        or taken, 45158 if it is longer than `MAX_NAME` characters.
        """
        tag = self._own_tag(tag_id)
        if tag.name != name:
            self._check_name(name)
        tag.name = name

    def delete(self, tag_id: object) -> None:
        """Delete a tag. Raises WeChatError: 45058 for a system tag, 45159 if there is no such tag."""
        del self._by_id[self._own_tag(tag_id).id]

    def get(self, tag_id: object) -> Tag:
        """Return the tag. Raises WeChatError 45159 if there is no such tag."""
        tag = self._by_id.get(tag_id) if type(tag_id) is int else None
        if tag is None:
            raise WeChatError(45159)
        return tag

    def _own_tag(self, tag_id: object) -> Tag:
        if tag_id in SYSTEM:
            raise WeChatError(45058)
        return self.get(tag_id)

    def _check_name(self, name: str) -> None:
        if not name.strip() or any(tag.name == name for tag in self._by_id.values()):
            raise WeChatError(45157)
        if len(name) > MAX_NAME:
            raise WeChatError(45158)
