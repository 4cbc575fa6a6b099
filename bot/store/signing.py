"""Signatures that prove that a text was made by this server. Not used for WeChat's own signatures."""

import hashlib
import hmac

_HEX_DIGITS = 40  # 160 bits; letters and digits only, so that a signature fits into WeChat's `state`


class Signer:
    """Sign texts with SECRET_KEY. Signers with different `purpose`s do not accept each other's signatures."""

    def __init__(self, secret_key: str, purpose: str) -> None:
        self._key = secret_key.encode()
        self._purpose = purpose.encode() + b"\0"

    def sign(self, text: str) -> str:
        """Return the signature of `text`: 40 lower-case hex digits, the same every time."""
        message = self._purpose + text.encode("utf-8", "replace")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:_HEX_DIGITS]

    def verify(self, text: str, signature: str) -> bool:
        """Return True if `signature` is the signature of `text`. Takes the same time for every wrong
        signature."""
        return is_same(self.sign(text), signature)


def is_same(wanted: str, given: str) -> bool:
    """Compare two texts in constant time. `given` may hold any characters."""
    return hmac.compare_digest(wanted.encode("utf-8", "replace"), given.encode("utf-8", "replace"))


def fingerprint(secret: str) -> str:
    """Return 40 hex digits that name `secret` in a store. They do not reveal the secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()[:_HEX_DIGITS]
