"""Read the XML of a reply from the body of the answer, according to the account's mode (rule 6)."""

from wechat_sandbox.account import Account, Mode
from wechat_sandbox.push.envelope import Envelope, EnvelopeError, same, signature
from wechat_sandbox.push.reply_xml import Node, NotXml, parse


class BadReply(ValueError):
    """The reply is wrong. The message tells the developer what to correct."""


def unseal(body: bytes, account: Account) -> tuple[Node, bytes]:
    """Decrypt the body if needed. Return the root element of the reply, and its plain XML.

    Raises BadReply if the body is not XML, does not fit the account's mode, or cannot be decrypted.
    """
    root = _parse(body, "the body")
    encrypted = root.child("Encrypt")
    if encrypted is None:
        if account.mode is Mode.SAFE:
            raise BadReply("plain XML in safe mode: the reply must be encrypted (an <Encrypt> element)")
        return root, body
    if account.mode is Mode.PLAIN:
        raise BadReply("encrypted reply in plain mode: send plain XML, or set the account's mode to safe")
    plain = _open(root, encrypted.text.strip(), account)
    return _parse(plain, "the decrypted reply"), plain


def _open(root: Node, encrypted: str, account: Account) -> bytes:
    texts = {}
    for name in ("MsgSignature", "TimeStamp", "Nonce"):
        node = root.child(name)
        if node is None or not node.text.strip():
            raise BadReply(f"{name}: missing; a reply with <Encrypt> needs it")
        texts[name] = node.text.strip()
    if not texts["TimeStamp"].isdigit():
        raise BadReply(f"TimeStamp: must be unix seconds, got {texts['TimeStamp']!r}")
    expected = signature(account.token, texts["TimeStamp"], texts["Nonce"], encrypted)
    if not same(texts["MsgSignature"], expected):
        raise BadReply(
            "MsgSignature: does not match sha1 of the sorted token, TimeStamp, Nonce and Encrypt; "
            f"got {texts['MsgSignature']!r}, must be {expected!r}"
        )
    try:
        return Envelope(account.aes_key, account.app_id).decrypt(encrypted)
    except EnvelopeError as error:
        raise BadReply(f"Encrypt: {error}") from None


def _parse(text: bytes, what: str) -> Node:
    if text.startswith(b"\xef\xbb\xbf"):
        raise BadReply(f"{what} starts with a UTF-8 byte order mark (BOM); remove it, <xml> must come first")
    start = text.lstrip()[:100].lower()
    if start.startswith((b"{", b"[", b'"')):
        raise BadReply(f"{what} is JSON; an official account answers in XML: {_shown(text)}")
    if start.startswith((b"<!doctype html", b"<html")):
        raise BadReply(f"{what} is an HTML page, must be XML: {_shown(text)}")
    try:
        root = parse(text)
    except NotXml as error:
        raise BadReply(f"{what} {error}: {_shown(text)}") from None
    if root.name != "xml":
        raise BadReply(f"{what}: the root element is <{root.name}>, must be <xml>")
    return root


def _shown(text: bytes) -> str:
    return repr(text[:120].decode(errors="replace"))
