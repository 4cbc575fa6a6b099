"""Step 5: a reply to the bytes that WeChat reads: well-formed XML, encrypted where the delivery was."""

from bot.chat.replies.kinds import Image, Music, News, Reply, Text, Transfer, Video, Voice
from bot.chat.wire.envelope import Envelope, sign
from bot.chat.wire.gate import Opened
from bot.chat.wire.messages import Incoming
from bot.chat.wire.xml import element
from bot.config import Config
from bot.store import Clock


def _optional(*pairs: tuple[str, str]) -> str:
    return "".join(element(name, text) for name, text in pairs if text)


def render(reply: Reply, incoming: Incoming, now: float) -> bytes:
    """The plain reply XML: To and From are the message's, swapped; CreateTime is `now` in seconds."""
    match reply:
        case Text(content):
            kind, body = "text", element("Content", content)
        case Image(media_id):
            kind, body = "image", f"<Image>{element('MediaId', media_id)}</Image>"
        case Voice(media_id):
            kind, body = "voice", f"<Voice>{element('MediaId', media_id)}</Voice>"
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
                f"<item>{element('Title', card.title)}{element('Description', card.description)}"
                f"{element('PicUrl', card.picture)}{element('Url', card.url)}</item>"
                for card in articles
            )
            kind, body = "news", f"<ArticleCount>{len(articles)}</ArticleCount><Articles>{items}</Articles>"
        case Transfer(account):
            kind = "transfer_customer_service"
            body = f"<TransInfo>{element('KfAccount', account)}</TransInfo>" if account else ""
    return (
        f"<xml>{element('ToUserName', incoming.openid)}{element('FromUserName', incoming.account)}"
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
            f"<TimeStamp>{timestamp}</TimeStamp>{element('Nonce', opened.nonce)}</xml>"
        ).encode()
