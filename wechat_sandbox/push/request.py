"""Build the HTTP request for one message. It is signed and encrypted once; every try sends the same request
(rules 3, 4, 7).
"""

import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode, urlsplit

from wechat_sandbox.account import Account, Mode
from wechat_sandbox.push.envelope import Envelope, signature
from wechat_sandbox.push.payload import Inbound, element

HEADERS = {
    "User-Agent": "Mozilla/4.0",
    "Accept": "*/*",
    "Pragma": "no-cache",
    "Content-Type": "text/xml",
}
_HIDDEN = "..."
_STALE_SECONDS = 3600
_OTHER_ACCOUNT = "gh_000000000000"
_OTHER_APP_ID = "wx0000000000000000"


class Tamper(StrEnum):
    """Ways to forge a request. The account's server must refuse each of them."""

    SIGNATURE = "signature"
    RECEIVER = "receiver"
    STALE = "stale"


@dataclass(frozen=True)
class Stamp:
    """The timestamp and nonce of a request. The signature covers them and the token."""

    timestamp: str
    nonce: str

    @classmethod
    def new(cls, at: int) -> "Stamp":
        """Return a stamp with the time `at` (Unix seconds) and a new nonce."""
        return cls(str(at), new_nonce())

    @classmethod
    def of(cls, url: str) -> "Stamp":
        """Return the stamp in the query of a URL that was sent."""
        query = dict(parse_qsl(urlsplit(url).query))
        return cls(query["timestamp"], query["nonce"])


@dataclass(frozen=True)
class PushRequest:
    """One request. `shown_url` is `url` without signatures, for the journal; `xml` is the plain message."""

    url: str
    shown_url: str
    xml: str
    body: bytes


def build(
    inbound: Inbound, account: Account, callback: str, stamp: Stamp, tamper: Tamper | None = None
) -> PushRequest:
    """Build the request for `inbound` in the account's mode. `tamper` forges the request, to test that the
    account's server refuses it."""
    if tamper is Tamper.STALE:
        stamp = Stamp(str(int(stamp.timestamp) - _STALE_SECONDS), stamp.nonce)
    # An attacker does not know the token, so a forged signature is made with another one.
    token = account.token[::-1] + "0" if tamper is Tamper.SIGNATURE else account.token
    query = {
        "signature": signature(token, stamp.timestamp, stamp.nonce),
        "timestamp": stamp.timestamp,
        "nonce": stamp.nonce,
        "openid": inbound.openid,
    }
    elements, app_id = inbound.elements(account.original_id), account.app_id
    if tamper is Tamper.RECEIVER:
        elements, app_id = _to_another(elements), _OTHER_APP_ID
    xml = body = f"<xml>{elements}</xml>"
    if account.mode is not Mode.PLAIN:
        encrypted = Envelope(account.aes_key, app_id).encrypt(xml.encode())
        query["encrypt_type"] = "aes"
        query["msg_signature"] = signature(token, stamp.timestamp, stamp.nonce, encrypted)
        # Safe mode sends the receiver and the ciphertext. Compatible mode sends the plain fields as well.
        receiver = _OTHER_ACCOUNT if tamper is Tamper.RECEIVER else account.original_id
        open_part = element("ToUserName", receiver) if account.mode is Mode.SAFE else elements
        body = f"<xml>{open_part}{element('Encrypt', encrypted)}</xml>"
    hidden = {name: _HIDDEN if name.endswith("signature") else value for name, value in query.items()}
    return PushRequest(
        url=with_query(callback, query),
        shown_url=with_query(callback, hidden),
        xml=xml,
        body=body.encode(),
    )


def signed_again(shown_url: str, body: str, account: Account) -> str:
    """Return the URL of a journal entry with its signatures, made with the account's present token."""
    stamp = Stamp.of(shown_url)
    address, _, query = shown_url.partition("?")
    pairs = dict(parse_qsl(query, keep_blank_values=True))
    pairs["signature"] = signature(account.token, stamp.timestamp, stamp.nonce)
    encrypted = re.search(r"<Encrypt><!\[CDATA\[(.*?)\]\]></Encrypt>", body)
    if "msg_signature" in pairs and encrypted is not None:
        pairs["msg_signature"] = signature(account.token, stamp.timestamp, stamp.nonce, encrypted[1])
    return f"{address}?{urlencode(pairs)}"


def new_nonce() -> str:
    return str(secrets.randbelow(2_000_000_000) + 100_000_000)


def with_query(url: str, query: dict[str, str]) -> str:
    """Return `url` with `query` added after the query that it already has."""
    return url + ("&" if "?" in url else "?") + urlencode(query)


def _to_another(elements: str) -> str:
    receiver = element("ToUserName", _OTHER_ACCOUNT)
    return re.sub(r"<ToUserName>.*?</ToUserName>", receiver, elements, count=1, flags=re.DOTALL)
