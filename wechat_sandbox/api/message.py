"""API calls for custom (customer-service) messages and the typing line (protocol §8.1, rule 34)."""

from collections.abc import Callable
from typing import Any

from wechat_sandbox.api.pipeline import OK, Api, Call, Json
from wechat_sandbox.api.receiver import receiver
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.rights import Right, demand
from wechat_sandbox.world.world import World

TYPING_NEEDS_TRAFFIC = 30
MAX_MENU_ITEMS = 100
MAX_ITEM_BYTES = 1024


def _send(call: Call) -> Json:
    world, body = call.world, call.body
    user = receiver(call)
    kind = body.get("msgtype")
    if kind in _NOT_SIMULATED:
        raise WeChatError(48008)
    if not isinstance(kind, str) or kind not in _KINDS:
        raise WeChatError(40008)
    content = body.get(kind)
    if not isinstance(content, dict):
        raise WeChatError(47001)
    sender = _sender(world, body.get("customservice"))
    fields = _KINDS[kind](world, content)
    if not user.subscribed:
        raise WeChatError(world.behaviour.stranger_errcode)
    if user.blacklisted:
        raise WeChatError(43019)
    world.windows.check(user.openid)
    world.windows.use(user.openid)
    world.typing.stop(user.openid)
    world.chat(user.openid).show("account", "custom", kind, **fields, **sender)
    return OK


def _typing(call: Call) -> Json:
    user, command = receiver(call), call.body.get("command")
    if command not in ("Typing", "CancelTyping"):
        raise WeChatError(45072)
    if command == "CancelTyping":
        call.world.typing.stop(user.openid)
        return OK
    if call.world.clock.now() - call.world.chat(user.openid).last_at > TYPING_NEEDS_TRAFFIC:
        raise WeChatError(45080)
    call.world.typing.start(user.openid)
    return OK


def _sender(world: World, customservice: Any) -> Json:
    """Return the nickname of the agent who sends the message. Raises WeChatError 65401 if unknown."""
    if customservice is None:
        return {}
    account = customservice.get("kf_account") if isinstance(customservice, dict) else None
    try:
        return {"sender_nickname": world.agents.get(account).nickname}
    except WeChatError:
        raise WeChatError(65401) from None


def _text(world: World, content: Json) -> Json:
    text = content.get("content")
    if not isinstance(text, str) or not text:
        raise WeChatError(44004)
    if len(text.encode()) > world.behaviour.text_limit:
        raise WeChatError(45002)
    return {"content": text}


def _image(world: World, content: Json) -> Json:
    return _media(world, content.get("media_id"), "image")


def _voice(world: World, content: Json) -> Json:
    return _media(world, content.get("media_id"), "voice")


def _video(world: World, content: Json) -> Json:
    media = _media(world, content.get("media_id"), "video", "shortvideo")
    if content.get("thumb_media_id"):
        _media(world, content["thumb_media_id"], "thumb", "image")
    return {**media, **_texts(content, "title", "description")}


def _music(world: World, content: Json) -> Json:
    thumb = _media(world, content.get("thumb_media_id"), "thumb", "image")
    texts = _texts(content, "title", "description", "musicurl", "hqmusicurl")
    return {
        "title": texts["title"],
        "description": texts["description"],
        "music_url": texts["musicurl"],
        "hq_music_url": texts["hqmusicurl"],
        "thumb_url": thumb["url"],
    }


def _news(world: World, content: Json) -> Json:
    articles = content.get("articles")
    if not isinstance(articles, list) or not articles:
        raise WeChatError(44003)
    if len(articles) != 1:
        raise WeChatError(45008)
    if not isinstance(articles[0], dict):
        raise WeChatError(47001)
    texts = _texts(articles[0], "title", "description", "picurl", "url")
    texts["pic_url"] = texts.pop("picurl")
    return {"articles": [texts]}


def _msgmenu(world: World, content: Json) -> Json:
    demand(world.account.kind, Right.MSGMENU)
    items = content.get("list")
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_MENU_ITEMS:
        raise WeChatError(45098)
    shown = []
    for item in items:
        texts = _texts(item, "content") if isinstance(item, dict) else {"content": ""}
        if not 1 <= len(texts["content"].encode()) <= MAX_ITEM_BYTES:
            raise WeChatError(45099)
        shown.append({"id": str(item.get("id", "")), **texts})
    return {**_texts(content, "head_content", "tail_content"), "list": shown}


def _media(world: World, media_id: Any, *types: str) -> Json:
    """Return id and URL of a media. Raises WeChatError 40007 if it is unknown, expired or of another type."""
    media = world.media.get(media_id if isinstance(media_id, str) else "")
    if media.type not in types:
        raise WeChatError(40007)
    return {"media_id": media.media_id, "url": f"/_sandbox/media/{media.media_id}"}


def _texts(content: Json, *names: str) -> dict[str, str]:
    """Return these fields as strings; a missing one is empty. Raises WeChatError 47001 for other types."""
    texts = {name: content.get(name) or "" for name in names}
    if not all(isinstance(text, str) for text in texts.values()):
        raise WeChatError(47001)
    return texts


_KINDS: dict[str, Callable[[World, Json], Json]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "music": _music,
    "news": _news,
    "msgmenu": _msgmenu,
}
# WeChat has these types as well. They need cards, published articles or mini programs, which the sandbox
# does not have.
_NOT_SIMULATED = frozenset({"mpnews", "mpnewsarticle", "wxcard", "miniprogrampage"})

APIS = (
    Api("POST", "/cgi-bin/message/custom/send", _send, Right.CUSTOM_MESSAGE),
    Api("POST", "/cgi-bin/message/custom/typing", _typing, Right.CUSTOM_MESSAGE),
)
