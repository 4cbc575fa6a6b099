"""Store pictures, voices and videos. Temporary ones expire after three days (rule 38), permanent ones
stay until they are deleted."""

import hashlib
import secrets
from dataclasses import dataclass, replace

from wechat_sandbox.clock import Clock
from wechat_sandbox.errors import WeChatError

LIFETIME = 3 * 86400
# Limits of temporary media: their number, and their bytes. Above a limit the oldest are removed, even if
# valid.
KEPT = 5000
KEPT_BYTES = 256 << 20


@dataclass(frozen=True)
class Content:
    """The bytes of a file. If browsers cannot play its format, `playable` is a version that they can play."""

    data: bytes
    content_type: str
    playable: "Content | None" = None


@dataclass(frozen=True)
class Media:
    """One media of the account. `created_at` is in Unix seconds of the simulated clock."""

    media_id: str
    type: str
    file: Content
    created_at: int
    name: str = ""
    title: str = ""
    introduction: str = ""
    permanent: bool = False

    @property
    def filename(self) -> str:
        return f"{self.media_id[:16]}.{self.file.content_type.rpartition('/')[2]}"

    @property
    def md5(self) -> str:
        return hashlib.md5(self.file.data, usedforsecurity=False).hexdigest()


class MediaStore:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._temporary: dict[str, Media] = {}
        self._permanent: dict[str, Media] = {}
        self._bytes = 0

    def add(self, type: str, file: Content) -> Media:
        """Add a temporary media. Removes the oldest ones above `KEPT` media or `KEPT_BYTES` bytes."""
        media = Media(_new_id(), type, file, self._clock.seconds())
        self._temporary[media.media_id] = media
        self._bytes += len(file.data)
        while len(self._temporary) > 1 and (len(self._temporary) > KEPT or self._bytes > KEPT_BYTES):
            oldest = self._temporary.pop(next(iter(self._temporary)))
            self._bytes -= len(oldest.file.data)
        return media

    def add_permanent(
        self, type: str, file: Content, name: str, title: str = "", introduction: str = ""
    ) -> Media:
        media = Media(_new_id(), type, file, self._clock.seconds(), name, title, introduction, permanent=True)
        self._permanent[media.media_id] = media
        return media

    def get(self, media_id: str) -> Media:
        """Return the media. Raises WeChatError 40007 if the id is unknown or the media has expired."""
        media = self.find(media_id)
        if media is None or not (media.permanent or self._clock.now() < media.created_at + LIFETIME):
            raise WeChatError(40007)
        return media

    def find(self, media_id: str) -> Media | None:
        """Return the media, even if it has expired; None if the id is unknown."""
        return self._permanent.get(media_id) or self._temporary.get(media_id)

    def begin_anew(self) -> None:
        """Reset the store: delete permanent media, and let temporary ones live for three days from now."""
        now = self._clock.seconds()
        self._permanent.clear()
        self._temporary = {name: replace(one, created_at=now) for name, one in self._temporary.items()}

    def permanent(self, type: str | None = None) -> list[Media]:
        """Return the permanent media of `type` (None: of all types), the newest first."""
        return [media for media in reversed(self._permanent.values()) if type in (None, media.type)]

    def delete(self, media_id: str) -> None:
        """Delete a permanent media. Raises WeChatError 40007 if there is none with this id."""
        if self._permanent.pop(media_id, None) is None:
            raise WeChatError(40007)


def _new_id() -> str:
    return secrets.token_urlsafe(48)
