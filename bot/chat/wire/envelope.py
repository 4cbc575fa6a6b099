"""Sign, encrypt and decrypt as WeChat does (WXBizMsgCrypt). gate.py and seal.py use it.

This module must not read settings or XML. Rules: docs/protocol.md §1.2 to §1.6, and "message encryption" in
WeChat's developer documents.
"""

import base64
import binascii
import hashlib
import os
import struct
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from bot.errors import Refused

_BLOCK = 32  # WeChat pads to 32 bytes, twice the cipher's own block
_RANDOM = 16
_LENGTH = 4


def sign(*parts: str) -> str:
    """Return WeChat's signature: sha1 over the sorted parts, in lower-case hex.

    `signature` covers token, timestamp and nonce; `msg_signature` covers the text of Encrypt as well.
    """
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324  WeChat's choice, not ours


class Envelope:
    """Encrypt and decrypt with one EncodingAESKey for one AppID. `random` returns that many random bytes."""

    def __init__(
        self, encoding_aes_key: str, app_id: str, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        # 43 characters hold 258 bits. Python ignores the last two, as WeChat does.
        key = base64.b64decode(encoding_aes_key + "=")
        self._cipher = Cipher(AES(key), CBC(key[:16]))
        self._app_id = app_id.encode()
        self._random = random

    def encrypt(self, message: bytes) -> str:
        """Return the base64 text for an Encrypt element."""
        data = self._random(_RANDOM) + struct.pack(">I", len(message)) + message + self._app_id
        pad = _BLOCK - len(data) % _BLOCK
        encryptor = self._cipher.encryptor()
        encrypted = encryptor.update(data + bytes([pad]) * pad) + encryptor.finalize()
        return base64.b64encode(encrypted).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """Return the message in the text of an Encrypt element. Call it after msg_signature has been checked.

        Raises Refused: 400 for wrong base64, padding or length, 403 for a message to another AppID.
        """
        try:
            data = base64.b64decode(encrypted.encode(), validate=True)
        except (binascii.Error, ValueError):
            raise Refused(400, "bad-base64") from None
        if not data or len(data) % 16:
            raise Refused(400, "bad-length")
        decryptor = self._cipher.decryptor()
        plain = decryptor.update(data) + decryptor.finalize()
        pad = plain[-1]
        if not 1 <= pad <= _BLOCK or len(plain) < pad or plain[-pad:] != bytes([pad]) * pad:
            raise Refused(400, "bad-padding")
        plain = plain[:-pad]
        if len(plain) < _RANDOM + _LENGTH:
            raise Refused(400, "bad-length")
        (length,) = struct.unpack_from(">I", plain, _RANDOM)
        start = _RANDOM + _LENGTH
        message, app_id = plain[start : start + length], plain[start + length :]
        if len(message) != length:
            raise Refused(400, "bad-length")
        if app_id != self._app_id:
            raise Refused(403, "wrong-app-id")
        return message
