"""Step 5: a reply to the bytes that WeChat reads: well-formed XML, encrypted where the delivery was."""

import re

from bot.callback.envelope import Envelope, sign
from bot.callback.gate import Opened
from bot.callback.messages import Incoming
from bot.callback.replies import Image, Music, News, Reply, Text, Transfer, Video, Voice
from bot.config import Config
from bot.store import Clock

# What XML 1.0 cannot carry, even escaped: control characters, surrogates, two non-characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """`text` without the characters that XML cannot carry."""
    return _FORBIDDEN.sub("", text)


def _element(name: str, text: str) -> str:
    # `]]>` would end the CDATA section early: it is split over two.
    return f"<{name}><![CDATA[{clean(text).replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"


def _optional(*pairs: tuple[str, str]) -> str:
    return "".join(_element(name, text) for name, text in pairs if text)


def render(reply: Reply, incoming: Incoming, now: float) -> bytes:
    """The plain reply XML: To and From are the message's, swapped; CreateTime is `now` in seconds."""
    match reply:
        case Text(content):
            kind, body = "text", _element("Content", content)
        case Image(media_id):
            kind, body = "image", f"<Image>{_element('MediaId', media_id)}</Image>"
        case Voice(media_id):
            kind, body = "voice", f"<Voice>{_element('MediaId', media_id)}</Voice>"
        case Video(media_id, title, description):
            parts = _optional(("MediaId", media_id), ("Title", title), ("Description", description))
            kind, body = "video", f"<Video>{parts}</Video>"
        case Music(thumb, title, description, url, hq_url):
            parts = _optional(
                ("Title", title),
                ("Description", description),
                ("MusicUrl", url),
                ("HQMusicUrl", hq_url),
                ("ThumbMediaId", thumb),
            )
            kind, body = "music", f"<Music>{parts}</Music>"
        case News(articles):
            items = "".join(
                f"<item>{_element('Title', card.title)}{_element('Description', card.description)}"
                f"{_element('PicUrl', card.picture)}{_element('Url', card.url)}</item>"
                for card in articles
            )
            kind, body = "news", f"<ArticleCount>{len(articles)}</ArticleCount><Articles>{items}</Articles>"
        case Transfer(account):
            kind = "transfer_customer_service"
            body = f"<TransInfo>{_element('KfAccount', account)}</TransInfo>" if account else ""
    return (
        f"<xml>{_element('ToUserName', incoming.openid)}{_element('FromUserName', incoming.account)}"
        f"<CreateTime>{int(now)}</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{body}</xml>"
    ).encode()


class Seal:
    """Wraps reply XML for one delivery. The same reply is sealed anew for every retry."""

    def __init__(self, config: Config, clock: Clock, envelope: Envelope | None = None) -> None:
        self._token = config.token
        self._clock = clock
        if envelope is None and config.mode != "plain":
            envelope = Envelope(config.encoding_aes_key, config.app_id)
        self._envelope = envelope

    def close(self, reply: bytes, opened: Opened) -> bytes:
        """The body to answer with. No reply is the bare word `success`, in every mode."""
        if not reply:
            return b"success"
        if not opened.encrypted or self._envelope is None:
            return reply
        encrypt = self._envelope.encrypt(reply)
        timestamp = str(int(self._clock()))
        signature = sign(self._token, timestamp, opened.nonce, encrypt)
        return (
            f"<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp>{_element('Nonce', opened.nonce)}</xml>"
        ).encode()
