"""Read the body of an API call: JSON, or an uploaded file (rule 19)."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from wechat_sandbox.errors import WeChatError

# A \uXXXX escape, after an even number of backslashes.
_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\u")


@dataclass
class Upload:
    """The file in the form field `media`, and the other fields of the form."""

    content: bytes
    filename: str
    fields: dict[str, str] = field(default_factory=dict)


def read_json(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in a body.

    As at WeChat, an escape `\\uXXXX` is not decoded: the text then has these six characters. So clients must
    send raw UTF-8 (rule 21). Raises WeChatError: 44002 for an empty body, 65318 if it is not UTF-8, 47001 if
    it is not a JSON object.
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
    """Return the uploaded file. Raises WeChatError: 41005 without a file, 44001 if it is empty."""
    if not request.content_type.startswith("multipart/"):
        raise WeChatError(41005)
    upload: Upload | None = None
    fields: dict[str, str] = {}
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            if part.name == "media" and part.filename:
                upload = Upload(bytes(await part.read()), part.filename)
            elif part.name:
                fields[part.name] = (await part.read()).decode(errors="replace")
    except ValueError:
        # aiohttp raises ValueError for a malformed multipart body.
        raise WeChatError(41005) from None
    if upload is None:
        raise WeChatError(41005)
    if not upload.content:
        raise WeChatError(44001)
    upload.fields = fields
    return upload
