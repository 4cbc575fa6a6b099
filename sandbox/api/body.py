"""Reads the body of an API call: JSON, or an upload's file (rule 19)."""

import json
import re
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.errors import WeChatError

# A \uXXXX escape, after an even number of backslashes.
_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\u")


@dataclass(frozen=True)
class Upload:
    """The file of a multipart body's `media` field; None for `filename` is no file at all."""

    filename: str
    content: bytes


def read_json(raw: bytes) -> dict[str, Any]:
    """Raises 44002 for an empty body, 65318 if it is not UTF-8, 47001 if it is not a JSON object.

    As WeChat does, it takes `\\uXXXX` for six plain characters: clients must send raw UTF-8 (rule 21).
    """
    if not raw.strip():
        raise WeChatError(44002)
    try:
        body = json.loads(_ESCAPE.sub(r"\1\\\\u", raw.decode()))
    except UnicodeDecodeError:
        raise WeChatError(65318) from None
    except ValueError:
        raise WeChatError(47001) from None
    if not isinstance(body, dict):
        raise WeChatError(47001)
    return body


async def read_upload(request: web.Request) -> Upload:
    """Raises 41005 without a file in field `media`, 44001 for an empty one."""
    if not request.content_type.startswith("multipart/"):
        raise WeChatError(41005)
    try:
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name == "media" and part.filename:
                content = await part.read()
                if not content:
                    raise WeChatError(44001)
                return Upload(part.filename, bytes(content))
    except ValueError:
        # aiohttp's word for a multipart body that is not one.
        raise WeChatError(41005) from None
    raise WeChatError(41005)
