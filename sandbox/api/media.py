"""Temporary media (protocol §9.3, rule 38)."""

from dataclasses import dataclass

from sandbox.api.frame import Api, Binary, Call, Json
from sandbox.errors import WeChatError
from sandbox.rights import Right

# How files of each format begin, at which offset.
_FORMATS = (
    ("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", 0, b"\xff\xd8\xff"),
    ("image/gif", 0, b"GIF8"),
    ("audio/amr", 0, b"#!AMR"),
    ("audio/mp3", 0, b"ID3"),
    ("audio/mp3", 0, b"\xff\xfb"),
    ("audio/mp3", 0, b"\xff\xf3"),
    ("audio/mp3", 0, b"\xff\xf2"),
    ("video/mp4", 4, b"ftyp"),
)


@dataclass(frozen=True)
class _Limit:
    size: int
    size_code: int
    formats: frozenset[str]


_MB = 1 << 20
_LIMITS = {
    "image": _Limit(10 * _MB, 40009, frozenset({"image/png", "image/jpeg", "image/gif"})),
    "voice": _Limit(2 * _MB, 40010, frozenset({"audio/amr", "audio/mp3"})),
    "video": _Limit(10 * _MB, 40011, frozenset({"video/mp4"})),
    "thumb": _Limit(64 << 10, 40012, frozenset({"image/jpeg"})),
}


def _upload(call: Call) -> Json:
    kind = call.query.get("type", "")
    limit = _LIMITS.get(kind)
    if limit is None:
        raise WeChatError(40004)
    if call.upload is None:
        raise WeChatError(41005)
    content = call.upload.content
    if len(content) > limit.size:
        raise WeChatError(limit.size_code)
    content_type = _format(content)
    if content_type not in limit.formats:
        raise WeChatError(40005)
    media = call.world.media.add(kind, content, content_type, call.upload.filename)
    id_field = "thumb_media_id" if kind == "thumb" else "media_id"
    return {"type": kind, id_field: media.media_id, "created_at": media.created_at}


def _get(call: Call) -> Json | Binary:
    media_id = call.query.get("media_id")
    if not media_id:
        raise WeChatError(41006)
    media = call.world.media.get(media_id)
    if media.type in ("video", "shortvideo"):
        return {"video_url": f"{call.world.base_url}/_sandbox/media/{media.media_id}"}
    return Binary(media.content, media.content_type, media.filename)


def _format(content: bytes) -> str | None:
    for name, offset, start in _FORMATS:
        if content[offset : offset + len(start)] == start:
            return name
    return None


APIS = (
    Api("POST", "/cgi-bin/media/upload", _upload, Right.MEDIA, takes="upload"),
    Api("GET", "/cgi-bin/media/get", _get, Right.MEDIA),
)
