"""WXBizMsgCrypt: signatures, and the encryption of safe and compatible mode (protocol §1.2 to §1.6).

It works on bytes and keys only, without XML, HTTP or time.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class EnvelopeError(ValueError):
    """A message cannot be decrypted. `code` is the return code of WXBizMsgCrypt (protocol §1.5)."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        super().__init__(f"{code} {reason}")


def signature(*parts: str) -> str:
    """Return the sha1 of the sorted, joined parts as hex digits.

    The parts are token, timestamp and nonce, and for a msg_signature also the ciphertext.
    """
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def same(one: str, other: str) -> bool:
    """Return True if two signatures are equal. Compares in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


class Envelope:
    """Encrypt and decrypt the messages of one account.

    It uses AES-256-CBC with the EncodingAESKey and pads to blocks of 32 bytes (rule 5).
    """

    def __init__(self, aes_key: str, app_id: str) -> None:
        # 43 characters carry 258 bits, but the key has 256. The last two bits may be 1, so do not validate.
        key = base64.b64decode(aes_key + "=")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))
        self._app_id = app_id.encode()

    def encrypt(self, message: bytes, prefix: bytes | None = None) -> str:
        """Return the encrypted message in base64.

        It starts with `prefix`, by default 16 new random bytes, so that each result differs.
        """
        random = secrets.token_bytes(16) if prefix is None else prefix
        plain = random + len(message).to_bytes(4, "big") + message + self._app_id
        pad = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def decrypt(self, text: str) -> bytes:
        """Return the decrypted message. Raises EnvelopeError for wrong base64, length, padding or app id."""
        try:
            sealed = base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise EnvelopeError(-40010, f"the text is not base64: {error}") from None
        if not sealed or len(sealed) % 16:
            raise EnvelopeError(
                -40007, f"the ciphertext has {len(sealed)} bytes, must be a multiple of 16 and not empty"
            )
        decryptor = self._cipher.decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
        return self._content(_unpad(padded))

    def _content(self, plain: bytes) -> bytes:
        length = int.from_bytes(plain[16:20], "big")
        if len(plain) < 20 or 20 + length > len(plain):
            raise EnvelopeError(
                -40008, f"the length field is {length}, but {max(0, len(plain) - 20)} bytes follow it"
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
