"""Check the answer of the account's server and describe what is wrong with it (protocol §3, rules 6, 9 to
11)."""

from dataclasses import dataclass
from typing import Any

from wechat_sandbox.account import Account
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.push.payload import Inbound
from wechat_sandbox.push.reply_body import BadReply, unseal
from wechat_sandbox.push.reply_xml import Node
from wechat_sandbox.world.media import MediaStore

ARTICLES_TO_A_MESSAGE = 1
ARTICLES_TO_AN_EVENT = 8


@dataclass(frozen=True)
class Verdict:
    """The result of the check.

    `outcome` is reply, success, empty or bad-reply; without an answer to check it is timeout, refused or
    bad-status. `reply` has the fields that the chat shows, `xml` is the plain XML of the reply.
    """

    outcome: str
    error: str | None = None
    reply: dict[str, Any] | None = None
    xml: str | None = None


@dataclass(frozen=True)
class Judge:
    """Check answers for one account. `text_limit` is in bytes of UTF-8."""

    account: Account
    text_limit: int
    media: MediaStore

    def verdict(self, body: bytes, inbound: Inbound) -> Verdict:
        """Check the body of an answer to `inbound`. A wrong reply gives the outcome bad-reply."""
        if not body:
            return Verdict("empty")
        if body == b"success":
            return Verdict("success")
        xml: str | None = None
        try:
            if body.strip().lower() == b"success":
                raise BadReply(f"must be exactly `success` and nothing else, got {body!r}")
            root, plain = unseal(body, self.account)
            xml = plain.decode(errors="replace")
            return Verdict("reply", reply=self._reply(root, inbound), xml=xml)
        except BadReply as error:
            return Verdict("bad-reply", str(error), xml=xml)

    def _reply(self, root: Node, inbound: Inbound) -> dict[str, Any]:
        self._check_addresses(root, inbound)
        created = _text(root, "CreateTime")
        # Milliseconds are accepted: a widely used library sends them, and its replies do reach users.
        if not (created.isascii() and created.isdigit()):
            raise BadReply(f"CreateTime: must be whole unix seconds, got {created!r}")
        kind = _text(root, "MsgType")
        match kind:
            case "text":
                return {"type": kind, "content": self._content(root)}
            case "image" | "voice":
                node = _child(root, kind.capitalize())
                return {"type": kind, **self._media(node, "MediaId", kind)}
            case "video":
                node = _child(root, "Video")
                titles = {"title": _optional(node, "Title"), "description": _optional(node, "Description")}
                return {"type": kind, **self._media(node, "MediaId", "video", "shortvideo"), **titles}
            case "music":
                return {"type": kind, **self._music(_child(root, "Music"))}
            case "news":
                return {"type": kind, "articles": _articles(root, inbound.is_event)}
            case "transfer_customer_service":
                info = root.child("TransInfo")
                return {"type": kind, "kf_account": _optional(info, "KfAccount") if info else ""}
            case _:
                raise BadReply(f"MsgType: {kind!r} is not a kind of reply")

    def _check_addresses(self, root: Node, inbound: Inbound) -> None:
        to, sender = _text(root, "ToUserName"), _text(root, "FromUserName")
        if (to, sender) == (self.account.original_id, inbound.openid):
            raise BadReply(
                "ToUserName and FromUserName are swapped: in a reply, ToUserName is the user's openid and "
                "FromUserName the account's original id"
            )
        for name, value, expected in (
            ("ToUserName", to, inbound.openid),
            ("FromUserName", sender, self.account.original_id),
        ):
            if value != expected:
                raise BadReply(f"{name}: must be {expected!r}, got {value!r}")

    def _content(self, root: Node) -> str:
        node = root.child("Content")
        if node is None or not node.text:
            raise BadReply("Content: must not be empty (to send no reply, answer `success` or an empty body)")
        size = len(node.text.encode())
        if size > self.text_limit:
            raise BadReply(f"Content: {size} bytes of UTF-8, at most {self.text_limit}")
        return node.text

    def _media(self, node: Node, element: str, *types: str) -> dict[str, str]:
        media_id = _text(node, element)
        try:
            media = self.media.get(media_id)
        except WeChatError:
            raise BadReply(f"{element}: no such media, or older than three days: {media_id!r}") from None
        if media.type not in types:
            raise BadReply(f"{element}: {media_id!r} is of type {media.type}, must be {' or '.join(types)}")
        return {"media_id": media_id, "url": f"/_sandbox/media/{media_id}"}

    def _music(self, node: Node) -> dict[str, str]:
        thumb = self._media(node, "ThumbMediaId", "thumb", "image")
        return {
            "title": _optional(node, "Title"),
            "description": _optional(node, "Description"),
            "music_url": _optional(node, "MusicUrl"),
            "hq_music_url": _optional(node, "HQMusicUrl"),
            "thumb_url": thumb["url"],
        }


def _articles(root: Node, to_an_event: bool) -> list[dict[str, str]]:
    count = _text(root, "ArticleCount")
    items = [node for node in _child(root, "Articles").children if node.name == "item"]
    if not items:
        raise BadReply("Articles: has no <item>, needs at least one")
    if count != str(len(items)):
        raise BadReply(f"ArticleCount: is {count!r}, but Articles has {len(items)} <item> elements")
    names = {"title": "Title", "description": "Description", "pic_url": "PicUrl", "url": "Url"}
    shown = items[: ARTICLES_TO_AN_EVENT if to_an_event else ARTICLES_TO_A_MESSAGE]
    return [{key: _optional(item, name) for key, name in names.items()} for item in shown]


def _child(node: Node, name: str) -> Node:
    child = node.child(name)
    if child is None:
        raise BadReply(f"{name}: missing")
    return child


def _text(node: Node, name: str) -> str:
    text = _child(node, name).text.strip()
    if not text:
        raise BadReply(f"{name}: empty")
    return text


def _optional(node: Node, name: str) -> str:
    child = node.child(name)
    return child.text if child else ""
