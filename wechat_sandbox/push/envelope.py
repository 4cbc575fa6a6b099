"""WXBizMsgCrypt: signatures and the encryption of the safe mode (protocol §1.2 to §1.6).

It knows bytes and keys only: nothing of XML, HTTP or time.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class EnvelopeError(ValueError):
    """`code` is WXBizMsgCrypt's own return code (protocol §1.5)."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        super().__init__(f"{code} {reason}")


def signature(*parts: str) -> str:
    """sha1 over the parts in ASCII order: token, timestamp, nonce, and for a msg_signature the ciphertext."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


class Envelope:
    """Seals for one account: AES-256-CBC under the EncodingAESKey, padded to blocks of 32 (rule 5)."""

    def __init__(self, aes_key: str, app_id: str) -> None:
        # 43 characters carry 258 bits: the last two need not be zero, so the decoder must not be strict.
        key = base64.b64decode(aes_key + "=")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))
        self._app_id = app_id.encode()

    def encrypt(self, message: bytes, prefix: bytes | None = None) -> str:
        """Base64 of the sealed message. The 16 random bytes differ each time unless `prefix` gives them."""
        random = secrets.token_bytes(16) if prefix is None else prefix
        plain = random + len(message).to_bytes(4, "big") + message + self._app_id
        pad = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def decrypt(self, text: str) -> bytes:
        """The message inside. Raises EnvelopeError: bad base64, length, padding or app id."""
        try:
            sealed = base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise EnvelopeError(-40010, f"Encrypt is not base64: {error}") from None
        if not sealed or len(sealed) % 16:
            raise EnvelopeError(-40007, f"Encrypt holds {len(sealed)} bytes, not a multiple of AES's 16")
        decryptor = self._cipher.decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
        return self._content(_unpad(padded))

    def _content(self, plain: bytes) -> bytes:
        length = int.from_bytes(plain[16:20], "big")
        if len(plain) < 20 or 20 + length > len(plain):
            raise EnvelopeError(
                -40008, f"the length field says {length} bytes, {max(0, len(plain) - 20)} follow it"
            )
        message, app_id = plain[20 : 20 + length], plain[20 + length :]
        if app_id != self._app_id:
            raise EnvelopeError(
                -40005, f"the app id at the end is {_shown(app_id)}, must be {_shown(self._app_id)}"
            )
        return message


def _unpad(padded: bytes) -> bytes:
    pad = padded[-1]
    if not 1 <= pad <= BLOCK or padded[-pad:] != bytes([pad]) * pad:
        raise EnvelopeError(
            -40007, f"wrong padding or wrong key: the last byte is {pad}, must be 1 to {BLOCK} and repeated"
        )
    if len(padded) % BLOCK:
        raise EnvelopeError(
            -40007, f"wrong padding: {len(padded)} bytes, must be padded to a multiple of {BLOCK}, not of 16"
        )
    return padded[:-pad]


def _shown(app_id: bytes) -> str:
    return repr(app_id[:64].decode(errors="replace"))
