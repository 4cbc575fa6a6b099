"""Step 2 of a message: verify the delivery, decrypt it, and make a typed message of it.

This module must not take the mode from the request. A query without `encrypt_type`, or a body without
`<Encrypt>`, does not turn safe mode off.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple, NoReturn

from bot.chat.wire import messages, xml
from bot.chat.wire.elements import Fields
from bot.chat.wire.envelope import Envelope, sign
from bot.config import Config
from bot.errors import Refused, StoreError
from bot.store import Clock, Store
from bot.store.signing import is_same
from bot.telemetry import metrics

log = logging.getLogger("bot.gate")

MAX_BODY = 64 * 1024  # bytes; a long text in compatible mode is about 10 kB

Query = Mapping[str, str]

_ADVICE = {
    "plain-body": "[gate] messages come in plain, but MODE is %s: set MODE = 'plain', or choose the safe "
    "mode in WeChat's console (a test account has none)",
    "encrypted-body": "[gate] messages come encrypted, but MODE is %s: set MODE = 'safe' and "
    "ENCODING_AES_KEY, or choose the plain mode in WeChat's console",
}


class Opened(NamedTuple):
    """A delivery that passed all checks. `encrypted`: the reply must be encrypted, too. The reply repeats the
    `nonce` of the delivery."""

    incoming: messages.Incoming
    encrypted: bool
    nonce: str


class Gate:
    """Check deliveries against the settings of one account.

    `guard` is the store that the replay guard of plain bodies uses, or None without REPLAY_GUARD.
    """

    def __init__(self, config: Config, clock: Clock, guard: Store | None = None) -> None:
        self._config = config
        self._clock = clock
        self._guard = guard
        self._envelope = None if config.mode == "plain" else Envelope(config.encoding_aes_key, config.app_id)
        self._mode_said = False

    def verify(self, query: Query) -> str:
        """Check the GET by which the console verifies this server. Return `echostr`, which the answer must
        repeat byte for byte. Raises Refused: 403, or 400 if `echostr` is missing."""
        self._check(query)
        echostr = query.get("echostr", "")
        if not echostr:
            raise Refused(400, "no-echostr")
        return echostr

    def open(self, query: Query, read_body: Callable[[], bytes]) -> Opened:
        """Return the message or event of a delivery. Raises Refused with status 403 (not from WeChat, not
        fresh, not for us) or 400 (it cannot be read).

        A delivery with a fault that WeChat or the user's words caused is read, logged once and counted. If it
        were refused, WeChat would repeat it and show the user an error.

        WeChat signs the query in every mode. `read_body` is called only after this signature has been
        checked. It may wait for the body: without the check, strangers could hold our threads with bodies
        that they never finish.
        """
        self._check(query)
        body = read_body()
        if len(body) > MAX_BODY:
            raise Refused(400, "body-too-large")
        faults: list[str] = []
        outer = xml.parse(body, faults)
        encrypted = self._config.mode == "safe" or (self._config.mode == "compatible" and "Encrypt" in outer)
        if encrypted:
            # ignore the plain fields beside <Encrypt>: the signature does not cover them
            faults.clear()
            fields = self._decrypt(query, outer, faults)
        elif "Encrypt" in outer and "MsgType" not in outer:  # in compatible mode WeChat sends both forms
            self._wrong_mode("encrypted-body")
        else:
            self._guard_replay(query, body)
            fields = outer
        incoming = messages.read(fields, query["timestamp"])
        if incoming.account != self._config.original_id:
            raise Refused(403, "wrong-receiver")
        if faults or incoming.missing:
            _report(incoming, faults)
        return Opened(incoming, encrypted, query["nonce"])

    def _decrypt(self, query: Query, outer: Fields, faults: list[str]) -> Fields:
        encrypt = outer.get("Encrypt")
        if self._envelope is None or not isinstance(encrypt, str) or not encrypt:
            self._wrong_mode("plain-body")
        encrypt = encrypt.strip()
        self._check_signature(query, "msg_signature", encrypt)
        return xml.parse(self._envelope.decrypt(encrypt), faults)

    def _wrong_mode(self, reason: str) -> NoReturn:
        """Refuse a delivery in a form that MODE does not allow. Log the advice once in this process.

        The console's verification passes in every mode, so an operator sees a wrong MODE only here.
        """
        if not self._mode_said:
            self._mode_said = True
            log.warning(_ADVICE[reason], self._config.mode)
        raise Refused(403, reason)

    def _check(self, query: Query) -> None:
        """Check that WeChat signed the query, and that the signature is fresh."""
        timestamp = self._check_signature(query, "signature")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            raise Refused(403, "bad-timestamp")
        # A retry may have the timestamp of the first delivery. So the window is far longer than three
        # deliveries.
        if abs(self._clock() - int(timestamp)) > self._config.freshness_seconds:
            raise Refused(403, "stale")

    def _check_signature(self, query: Query, name: str, *covered: str) -> str:
        """Check the signature `name` of the query and of `covered`. Return the timestamp that was signed."""
        signature, timestamp, nonce = query.get(name), query.get("timestamp"), query.get("nonce")
        if not (signature and timestamp and nonce):
            raise Refused(403, "no-signature")
        if not is_same(sign(self._config.token, timestamp, nonce, *covered), signature):
            raise Refused(403, "bad-signature")
        return timestamp

    def _guard_replay(self, query: Query, body: bytes) -> None:
        """Refuse a plain body if its timestamp and nonce came before with another body.

        The signature does not cover a plain body, so an attacker could send a captured query with a forged
        body. If the store fails, the check is skipped and the message is answered.
        """
        if self._guard is None:
            return
        key = f"nonce:{query['timestamp']}:{hashlib.sha256(query['nonce'].encode()).hexdigest()[:32]}"
        digest = hashlib.sha256(body).digest()
        try:
            is_first = self._guard.add(key, digest, 2 * self._config.freshness_seconds)
            is_known_body = is_first or self._guard.get(key) == digest
        except StoreError as error:
            # The store has already logged its outage.
            log.debug("[gate] replay check skipped, the store fails: %s", error)
            return
        if not is_known_body:
            raise Refused(403, "replay")


def _report(incoming: messages.Incoming, faults: list[str]) -> None:
    """Log and count what was wrong with a delivery that is answered all the same."""
    kind = (incoming.event or incoming.msg_type) if incoming.known else "unknown"
    if faults:
        metrics.mended_deliveries.inc()
        log.warning("[gate] the XML was broken and has been mended: type=%s", kind)
    for name in incoming.missing:
        metrics.missing_elements.labels(name).inc()
    if incoming.missing:
        names = ", ".join(incoming.missing)
        log.warning("[gate] elements are missing or wrong, read as empty: %s type=%s", names, kind)
