"""Step 1: is this from WeChat, for us, fresh and whole? Verify, decrypt, parse.

The mode comes from the settings and never from the request: dropping `encrypt_type` from a query, or
`<Encrypt>` from a body, does not turn safe mode off.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple, NoReturn

from bot.chat.wire import messages, xml
from bot.chat.wire.envelope import Envelope, same, sign
from bot.config import Config
from bot.errors import Refused, StoreError
from bot.store import Clock, Store

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
    """A delivery that passed. `encrypted` says whether the reply must be encrypted too; `nonce` is the
    delivery's, which the reply repeats."""

    incoming: messages.Incoming
    encrypted: bool
    nonce: str


class Gate:
    """Checks deliveries against one account's settings.

    `guard` is a store for the optional replay guard of plain bodies (REPLAY_GUARD), else None.
    """

    def __init__(self, config: Config, clock: Clock, guard: Store | None = None) -> None:
        self._config = config
        self._clock = clock
        self._guard = guard
        self._envelope = None if config.mode == "plain" else Envelope(config.encoding_aes_key, config.app_id)
        self._mode_said = False

    def verify(self, query: Query) -> str:
        """The console's GET: returns `echostr`, to be sent back byte for byte. Raises Refused:
        403, or 400 where there is none."""
        self._check(query)
        echostr = query.get("echostr", "")
        if not echostr:
            raise Refused(400, "no-echostr")
        return echostr

    def open(self, query: Query, read_body: Callable[[], bytes]) -> Opened:
        """A message or event. Raises Refused with status 403 (not WeChat, not fresh, not for us) or
        400 (cannot be read).

        WeChat signs the query in every mode. `read_body` is called only after that has been checked: where it
        waits for the body, strangers could else hold our threads with bodies that they never finish sending.
        """
        self._check(query)
        body = read_body()
        if len(body) > MAX_BODY:
            raise Refused(400, "body-too-large")
        outer = xml.parse(body)
        encrypted = self._config.mode == "safe" or (self._config.mode == "compatible" and "Encrypt" in outer)
        if encrypted:
            fields = self._decrypt(query, outer)  # plain fields beside it are not covered: unread
        elif "Encrypt" in outer and "MsgType" not in outer:  # in compatible mode WeChat sends both
            self._wrong_mode("encrypted-body")
        else:
            self._guard_replay(query, body)
            fields = outer
        incoming = messages.read(fields)
        if incoming.account != self._config.original_id:
            raise Refused(403, "wrong-receiver")
        return Opened(incoming, encrypted, query["nonce"])

    def _decrypt(self, query: Query, outer: messages.Fields) -> messages.Fields:
        encrypt = outer.get("Encrypt")
        if self._envelope is None or not isinstance(encrypt, str) or not encrypt:
            self._wrong_mode("plain-body")
        encrypt = encrypt.strip()
        self._check_signature(query, "msg_signature", encrypt)
        return xml.parse(self._envelope.decrypt(encrypt))

    def _wrong_mode(self, reason: str) -> NoReturn:
        """Refuses what our mode does not read. The first time in this process the log says what to do: the
        console's verification passes in every mode, so this is where a wrong MODE shows."""
        if not self._mode_said:
            self._mode_said = True
            log.warning(_ADVICE[reason], self._config.mode)
        raise Refused(403, reason)

    def _check(self, query: Query) -> None:
        """Signed by WeChat, and just now."""
        timestamp = self._check_signature(query, "signature")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            raise Refused(403, "bad-timestamp")
        # A retry may carry the first delivery's timestamp: the window is far wider than three attempts.
        if abs(self._clock() - int(timestamp)) > self._config.freshness_seconds:
            raise Refused(403, "stale")

    def _check_signature(self, query: Query, name: str, *covered: str) -> str:
        """Returns the timestamp that was signed."""
        signature, timestamp, nonce = query.get(name), query.get("timestamp"), query.get("nonce")
        if not (signature and timestamp and nonce):
            raise Refused(403, "no-signature")
        if not same(signature, sign(self._config.token, timestamp, nonce, *covered)):
            raise Refused(403, "bad-signature")
        return timestamp

    def _guard_replay(self, query: Query, body: bytes) -> None:
        """The signature does not cover a plain body. If asked to, hold each (timestamp, nonce)
        to the body that it first came with: a captured signature is then worth nothing for a forged one. Not
        without the store: messages are answered then, too."""
        if self._guard is None:
            return
        key = f"nonce:{query['timestamp']}:{hashlib.sha256(query['nonce'].encode()).hexdigest()[:32]}"
        digest = hashlib.sha256(body).digest()
        try:
            is_first = self._guard.add(key, digest, 2 * self._config.freshness_seconds)
            is_same = is_first or self._guard.get(key) == digest
        except StoreError as error:
            log.debug("[gate] no store, no guard: %s", error)  # which says so itself, once
            return
        if not is_same:
            raise Refused(403, "replay")
