"""Deliveries as WeChat makes them, and its reading of answers: by the sandbox's envelope, which shares no
code with the bot's."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.etree import ElementTree

from bot.config import Config
from bot.errors import Refused
from wechat_sandbox.push.envelope import Envelope, signature

OPENID = "oJlus55n0z6moe2LXDnZWMJkaq7I"
NONCE = "415670741"


@dataclass(frozen=True)
class Delivery:
    query: str
    body: bytes


def message(
    msg_type: str,
    inner: str,
    *,
    account: str,
    openid: str = OPENID,
    created: int = 1662522877,
) -> str:
    """The XML of a message: the four common elements in WeChat's order, then `inner`."""
    return (
        f"<xml><ToUserName><![CDATA[{account}]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>"
        f"<CreateTime>{created}</CreateTime><MsgType><![CDATA[{msg_type}]]></MsgType>{inner}</xml>"
    )


class WeChat:
    """The platform's side of one account."""

    def __init__(self, config: Config, clock: Callable[[], float]) -> None:
        self.config = config
        self._clock = clock
        self.envelope = Envelope(config.encoding_aes_key, config.app_id)

    # -- what is said

    def text(self, content: str, msg_id: int = 1, openid: str = OPENID) -> str:
        return self.message(
            "text", f"<Content><![CDATA[{content}]]></Content><MsgId>{msg_id}</MsgId>", openid=openid
        )

    def event(self, event: str, inner: str = "", openid: str = OPENID, created: int = 1662522877) -> str:
        return self.message(
            "event", f"<Event><![CDATA[{event}]]></Event>{inner}", openid=openid, created=created
        )

    def message(self, msg_type: str, inner: str, openid: str = OPENID, created: int = 1662522877) -> str:
        return message(msg_type, inner, account=self.config.original_id, openid=openid, created=created)

    # -- how it is sent

    def deliver(self, xml: str | bytes, **query: str) -> Delivery:
        """In the account's own mode; `query` replaces what the query would say."""
        raw = xml.encode() if isinstance(xml, str) else xml
        if self.config.mode == "plain":
            return self.plain(raw, **query)
        outer = raw.removesuffix(b"</xml>") if self.config.mode == "compatible" else b"<xml>"
        return self.sealed(self.envelope.encrypt(raw), outer=outer, **query)

    def plain(self, body: bytes, **query: str) -> Delivery:
        return Delivery(self.query(**query), body)

    def sealed(self, encrypted: str, *, outer: bytes = b"<xml>", **query: str) -> Delivery:
        """Any text in the place of the ciphertext, rightly signed."""
        body = outer + f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()
        return Delivery(self.query(encrypted, **query), body)

    def query(self, encrypted: str = "", **changes: str) -> str:
        return urlencode(self.fields(encrypted, **changes))

    def fields(self, encrypted: str = "", **changes: str) -> dict[str, str]:
        timestamp = changes.pop("timestamp", str(int(self._clock())))
        nonce = changes.pop("nonce", NONCE)
        fields = {
            "signature": signature(self.config.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": OPENID,
        }
        if encrypted:
            fields["encrypt_type"] = "aes"
            fields["msg_signature"] = signature(self.config.token, timestamp, nonce, encrypted)
        return fields | changes

    # -- how the answer is read

    def read(self, answer: bytes) -> ElementTree.Element:
        """The reply in an answer, opened if it is sealed; AssertionError if the seal is not WeChat's."""
        outer = ElementTree.fromstring(answer)
        encrypted = outer.findtext("Encrypt")
        if encrypted is None:
            return outer
        assert [child.tag for child in outer] == ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"]
        parts = [outer.findtext(name) or "" for name in ("TimeStamp", "Nonce", "Encrypt")]
        assert outer.findtext("MsgSignature") == signature(self.config.token, *parts)
        return ElementTree.fromstring(self.envelope.decrypt(encrypted))

    def content(self, answer: bytes) -> str | None:
        return self.read(answer).findtext("Content")


def status(act: Callable[[], object]) -> int:
    """200 if `act` goes well, the status of its refusal if not; any other error is raised."""
    try:
        act()
    except Refused as refusal:
        return refusal.status
    return 200
