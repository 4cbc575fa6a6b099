"""Small sample files of each media type, for messages without a file of their own."""

import io
import math
import struct
import wave
import zlib
from pathlib import Path

from wechat_sandbox.world.media import Content, Media, MediaStore

_SIDE = 96


def sample(store: MediaStore, kind: str) -> Media:
    """Add a sample of this type and return it: a picture, a second of video, or a second of silence."""
    return store.add(kind, _SAMPLES[kind])


def _picture() -> bytes:
    """Return a PNG that shows a sky over a meadow."""
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


def _tone() -> bytes:
    """Return a WAV of one second. The phone page plays it, because browsers cannot play AMR."""
    rate = 8000
    loud = [math.sin(math.pi * at / rate) * math.sin(2 * math.pi * 440 * at / rate) for at in range(rate)]
    with io.BytesIO() as file:
        with wave.open(file, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(1)
            sound.setframerate(rate)
            sound.writeframes(bytes(128 + round(60 * one) for one in loud))
        return file.getvalue()


_PNG = Content(_picture(), "image/png")
_CLIP = Content((Path(__file__).parent.parent / "samples" / "clip.mp4").read_bytes(), "video/mp4")
# Fifty AMR frames without data: one second of silence.
_VOICE = Content(b"#!AMR\n" + b"\x7c" * 50, "audio/amr", Content(_tone(), "audio/wav"))
_SAMPLES = {"image": _PNG, "thumb": _PNG, "voice": _VOICE, "video": _CLIP, "shortvideo": _CLIP}
