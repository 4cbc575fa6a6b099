"""Pictures, voices and videos that the account uploaded or users sent; they live three days (rule 38)."""

import hashlib
import secrets
from dataclasses import dataclass

from sandbox.clock import Clock
from sandbox.errors import WeChatError

LIFETIME = 3 * 86400


@dataclass(frozen=True)
class Media:
    media_id: str
    type: str
    content: bytes
    content_type: str
    created_at: int
    filename: str

    @property
    def md5(self) -> str:
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()


class MediaStore:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_id: dict[str, Media] = {}

    def add(self, type: str, content: bytes, content_type: str, filename: str = "") -> Media:
        name = filename or f"{type}.{content_type.rpartition('/')[2]}"
        media = Media(_media_id(), type, content, content_type, self._clock.seconds(), name)
        self._by_id[media.media_id] = media
        return media

    def get(self, media_id: str) -> Media:
        """Raises 40007 for an id that is unknown or older than three days."""
        media = self._by_id.get(media_id)
        if media is None or self._clock.now() >= media.created_at + LIFETIME:
            raise WeChatError(40007)
        return media

    def find(self, media_id: str) -> Media | None:
        """Also one that has expired."""
        return self._by_id.get(media_id)


def _media_id() -> str:
    return secrets.token_urlsafe(48)
