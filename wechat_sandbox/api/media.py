"""API calls for temporary media (protocol §9.3, rule 38). `material.py` has the calls for permanent media."""

from dataclasses import dataclass

from wechat_sandbox.api.pipeline import Api, Binary, Call, Json
from wechat_sandbox.api.request_body import Upload
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.rights import Right
from wechat_sandbox.world.media import Content, Media

# (format, offset, bytes): a file with these bytes at this offset has this format.
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
class Limit:
    """The limits of one media type. `size` is in bytes; `size_code` is the errcode for a larger file."""

    size: int
    size_code: int
    formats: frozenset[str]


_MB = 1 << 20
_LIMITS = {
    "image": Limit(10 * _MB, 40009, frozenset({"image/png", "image/jpeg", "image/gif"})),
    "voice": Limit(2 * _MB, 40010, frozenset({"audio/amr", "audio/mp3"})),
    "video": Limit(10 * _MB, 40011, frozenset({"video/mp4"})),
    "thumb": Limit(64 << 10, 40012, frozenset({"image/jpeg"})),
}


def checked(upload: Upload | None, limit: Limit) -> Content:
    """Return the uploaded file if it is within the limit.

    Raises WeChatError: 41005 without a file, `limit.size_code` (40009 to 40012) if the file is too large,
    40005 if its format is not in `limit.formats`.
    """
    if upload is None:
        raise WeChatError(41005)
    if len(upload.content) > limit.size:
        raise WeChatError(limit.size_code)
    content_type = _format(upload.content)
    if content_type not in limit.formats:
        raise WeChatError(40005)
    return Content(upload.content, content_type)


def limit_of(kind: str) -> Limit:
    """Return the limit of a media type. Raises WeChatError 40004 for an unknown type."""
    if kind not in _LIMITS:
        raise WeChatError(40004)
    return _LIMITS[kind]


def binary(media: Media) -> Binary:
    return Binary(media.file.data, media.file.content_type, media.filename)


def _upload(call: Call) -> Json:
    kind = call.query.get("type", "")
    media = call.world.media.add(kind, checked(call.upload, limit_of(kind)))
    id_field = "thumb_media_id" if kind == "thumb" else "media_id"
    return {"type": kind, id_field: media.media_id, "created_at": media.created_at}


def _get(call: Call) -> Json | Binary:
    media = _requested_media(call)
    if media.type in ("video", "shortvideo"):
        return {"video_url": f"{call.world.base_url}/_sandbox/media/{media.media_id}"}
    return binary(media)


def _get_jssdk(call: Call) -> Binary:
    """Return the voice that a page recorded with the JS-SDK.

    WeChat returns a version of higher quality here; the sandbox returns the uploaded file.
    """
    media = _requested_media(call)
    if media.type != "voice":
        raise WeChatError(40007)
    return binary(media)


def _requested_media(call: Call) -> Media:
    media_id = call.query.get("media_id")
    if not media_id:
        raise WeChatError(41006)
    return call.world.media.get(media_id)


def _format(content: bytes) -> str | None:
    for name, offset, start in _FORMATS:
        if content[offset : offset + len(start)] == start:
            return name
    return None


APIS = (
    Api("POST", "/cgi-bin/media/upload", _upload, Right.MEDIA, takes="upload"),
    Api("GET", "/cgi-bin/media/get", _get, Right.MEDIA),
    Api("GET", "/cgi-bin/media/get/jssdk", _get_jssdk, Right.MEDIA),
)
