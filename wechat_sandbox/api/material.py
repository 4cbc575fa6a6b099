"""API calls for permanent material (protocol §9.3)."""

import json

from wechat_sandbox.api.media import Limit, binary, checked, limit_of
from wechat_sandbox.api.pipeline import OK, Api, Binary, Call, Json
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.rights import Right
from wechat_sandbox.world.media import Media
from wechat_sandbox.world.menu import Button

_PICTURE = Limit(1 << 20, 40009, frozenset({"image/png", "image/jpeg"}))
_LISTED = ("image", "voice", "video", "news")
MAX_PAGE = 20


def _add(call: Call) -> Json:
    """Store a file. For a video the form field `description` has its title and introduction as JSON."""
    kind = call.query.get("type", "")
    file = checked(call.upload, limit_of(kind))
    if call.upload is None:
        raise WeChatError(41005)
    title, introduction = _description(call.upload.fields) if kind == "video" else ("", "")
    media = call.world.media.add_permanent(kind, file, call.upload.filename, title, introduction)
    answer: Json = {"media_id": media.media_id}
    return answer | ({"url": _url(call, media)} if kind in ("image", "thumb") else {})


def _get(call: Call) -> Json | Binary:
    media = _requested_media(call)
    if media.type == "video":
        texts = {"title": media.title, "description": media.introduction}
        return {**texts, "down_url": _url(call, media)}
    return binary(media)


def _delete(call: Call) -> Json:
    media = _requested_media(call)
    menus = call.world.menus
    every = [menus.default, *menus.conditional] if menus.default else []
    if any(_uses(menu.buttons, media.media_id) for menu in every if menu):
        raise WeChatError(48005)
    call.world.media.delete(media.media_id)
    return OK


def _count(call: Call) -> Json:
    return {f"{kind}_count": len(call.world.media.permanent(kind)) for kind in _LISTED}


def _list(call: Call) -> Json:
    kind, offset, count = (call.body.get(name) for name in ("type", "offset", "count"))
    if kind not in _LISTED:
        raise WeChatError(40004)
    if type(offset) is not int or type(count) is not int or offset < 0 or not 1 <= count <= MAX_PAGE:
        raise WeChatError(40097)
    every = call.world.media.permanent(kind)
    page = every[offset : offset + count]
    items = [
        {
            "media_id": media.media_id,
            "name": media.name,
            "update_time": media.created_at,
            "url": _url(call, media),
        }
        for media in page
    ]
    return {"total_count": len(every), "item_count": len(page), "item": items}


def _upload_picture(call: Call) -> Json:
    """Store a picture for an article. It gets a URL but does not count as material."""
    return {"url": _url(call, call.world.media.add("image", checked(call.upload, _PICTURE)))}


def _requested_media(call: Call) -> Media:
    media_id = call.body.get("media_id")
    if not media_id:
        raise WeChatError(41006)
    media = call.world.media.get(str(media_id))
    if not media.permanent:
        raise WeChatError(40007)
    return media


def _description(fields: dict[str, str]) -> tuple[str, str]:
    try:
        told = json.loads(fields.get("description", ""))
        return str(told["title"]), str(told.get("introduction", ""))
    except (ValueError, TypeError, KeyError):
        raise WeChatError(47001) from None


def _uses(buttons: list[Button], media_id: str) -> bool:
    return any(
        button.get("media_id") == media_id or _uses(button.get("sub_button", []), media_id)
        for button in buttons
    )


def _url(call: Call, media: Media) -> str:
    return f"{call.world.base_url}/_sandbox/media/{media.media_id}"


APIS = (
    Api("POST", "/cgi-bin/material/add_material", _add, Right.MEDIA, takes="upload"),
    Api("POST", "/cgi-bin/material/get_material", _get, Right.MEDIA),
    Api("POST", "/cgi-bin/material/del_material", _delete, Right.MEDIA),
    Api("GET", "/cgi-bin/material/get_materialcount", _count, Right.MEDIA),
    Api("POST", "/cgi-bin/material/batchget_material", _list, Right.MEDIA),
    Api("POST", "/cgi-bin/media/uploadimg", _upload_picture, Right.MEDIA, takes="upload"),
)
