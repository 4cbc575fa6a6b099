"""Small files of each media type, for a user who has nothing at hand."""

import struct
import zlib

from sandbox.world.media import Media, MediaStore

_SIDE = 96


def sample(store: MediaStore, kind: str) -> Media:
    """A new media of that type; the picture is real, voice and video are silent and empty."""
    content, content_type = _SAMPLES[kind]
    return store.add(kind, content, content_type)


def _picture() -> bytes:
    """A PNG: a sky over a meadow."""
    rows = b"".join(b"\0" + b"".join(_pixel(x, y) for x in range(_SIDE)) for y in range(_SIDE))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def _pixel(x: int, y: int) -> bytes:
    if (x - 72) ** 2 + (y - 22) ** 2 < 110:
        return b"\xff\xd9\x66"
    if y > 64 - (x - 30) ** 2 // 160:
        return bytes((70 + y // 3, 170 - y // 4, 90))
    return bytes((120 + y, 190 + y // 2, 240))


_PNG = _picture()
_SAMPLES = {
    "image": (_PNG, "image/png"),
    "thumb": (_PNG, "image/png"),
    "voice": (b"#!AMR\n" + b"\x7c" * 50, "audio/amr"),
    "video": (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video/mp4"),
    "shortvideo": (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video/mp4"),
}
