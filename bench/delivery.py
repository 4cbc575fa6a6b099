"""Make signed deliveries for an account in plain mode."""

import hashlib
import itertools
import time
from typing import Any
from urllib.parse import urlencode


class Deliveries:
    """Make text messages, each with a new MsgId, signed as WeChat signs them."""

    def __init__(self, account: dict[str, Any]) -> None:
        self._account = account
        self._ids = itertools.count(1)

    def text(self, content: str, openid: str = "oBench") -> tuple[str, bytes]:
        """Return the query string and the body of one delivery."""
        number = next(self._ids)
        timestamp, nonce = str(int(time.time())), str(number)
        joined = "".join(sorted((self._account["token"], timestamp, nonce)))
        signature = hashlib.sha1(joined.encode()).hexdigest()
        query = {"signature": signature, "timestamp": timestamp, "nonce": nonce, "openid": openid}
        body = (
            f"<xml><ToUserName>{self._account['original_id']}</ToUserName><FromUserName>{openid}</FromUserName>"
            f"<CreateTime>{timestamp}</CreateTime><MsgType>text</MsgType><Content>{content}</Content>"
            f"<MsgId>{number}</MsgId></xml>"
        )
        return urlencode(query), body.encode()
