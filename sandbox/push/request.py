"""The request that carries one message: signed and sealed once, the same on every try (rules 3, 4, 7)."""

import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from sandbox.account import Account, Mode
from sandbox.push.envelope import Envelope, signature
from sandbox.push.payload import Inbound, element

HEADERS = {
    "User-Agent": "Mozilla/4.0",
    "Accept": "*/*",
    "Pragma": "no-cache",
    "Content-Type": "text/xml",
}


@dataclass(frozen=True)
class PushRequest:
    """`shown_url` is `url` without the signatures, for the journal; `xml` is what the body says in plain."""

    url: str
    shown_url: str
    xml: str
    body: bytes


def build(inbound: Inbound, account: Account, callback: str, at: int) -> PushRequest:
    timestamp, nonce = str(at), new_nonce()
    query = {
        "signature": signature(account.token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": inbound.openid,
    }
    elements = inbound.elements(account.original_id)
    xml = f"<xml>{elements}</xml>"
    body = xml
    if account.mode is not Mode.PLAIN:
        encrypted = Envelope(account.aes_key, account.app_id).encrypt(xml.encode())
        query["encrypt_type"] = "aes"
        query["msg_signature"] = signature(account.token, timestamp, nonce, encrypted)
        # Safe mode shows nothing but the receiver; compatible mode adds the ciphertext to the plain fields.
        open_part = element("ToUserName", account.original_id) if account.mode is Mode.SAFE else elements
        body = f"<xml>{open_part}{element('Encrypt', encrypted)}</xml>"
    hidden = {name: "..." if name.endswith("signature") else value for name, value in query.items()}
    return PushRequest(
        url=with_query(callback, query),
        shown_url=with_query(callback, hidden),
        xml=xml,
        body=body.encode(),
    )


def new_nonce() -> str:
    return str(secrets.randbelow(2_000_000_000) + 100_000_000)


def with_query(url: str, query: dict[str, str]) -> str:
    """`url` with `query` after whatever query it has."""
    return url + ("&" if "?" in url else "?") + urlencode(query)
