"""SMS codes of six digits: proof that a phone is the user's. Only an HMAC is stored; no code is logged."""

import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.config import Config
from bot.errors import CodeError
from bot.people.sms import Sender
from bot.store import Clock, Store
from bot.store.codec import dump, find
from bot.store.limits import Limits
from bot.store.signing import Signer

CODE_SECONDS = 300.0
TRIES = 5
PAUSE_SECONDS = 60.0
_DAY = 86400.0


@dataclass(frozen=True)
class Pending:
    """A code that was sent to `phone` (E.164). The user may ask for another one in `wait` seconds."""

    phone: str
    wait: int


@dataclass(frozen=True)
class _Code:
    """A stored code. Another one may be sent from `again_at` (unix seconds) on.

    `name` is random. `signature` is made of name, openid, phone and code.
    """

    phone: str
    again_at: float
    name: str
    signature: str


def _six_digits() -> str:
    return f"{secrets.randbelow(1_000_000):06d}"


class Codes:
    """Send and check SMS codes. Each person has at most one code. `make` returns six random digits.

    Every method raises StoreError.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        limits: Limits,
        sender: Sender | None,
        clock: Clock,
        make: Callable[[], str] = _six_digits,
    ) -> None:
        self._config = config
        self._signer = Signer(config.secret_key, "sms-code")
        self._store = store
        self._limits = limits
        self._sender = sender
        self._clock = clock
        self.make = make

    @property
    def can_send(self) -> bool:
        """Return True if SMS_SENDER names a sender."""
        return self._sender is not None

    def send(self, openid: str, phone: str, network: str, text: Callable[[str], str]) -> None:
        """Send a new code, which replaces the previous one. `text(code)` returns the message.

        `network` is the network of the visitor's IP address (see bot.oauth.browser). For each number, person
        and network, one code a minute is allowed, and ten a day by default (SMS_PER_DAY,
        SMS_PER_DAY_AND_ADDRESS). Raises CodeError (no-sender, pause or quota), and SmsError if the carrier
        did not accept the message.
        """
        if self._sender is None:
            raise CodeError("no-sender")
        askers = {"sms-number": phone, "sms-person": openid, "sms-address": network}
        self._pause(askers)
        most = {"sms-address": self._config.sms_per_day_and_address}
        # Count the address first and the number last: a visitor over the limit must not use up the codes of
        # other people's numbers.
        for what in reversed(askers):
            if not self._limits.take(what, askers[what], most.get(what, self._config.sms_per_day), _DAY):
                self._resume(askers)
                raise CodeError("quota")
        code, name = self.make(), secrets.token_hex(8)
        signature = self._signer.sign(_signed(name, openid, phone, code))
        record = _Code(phone, self._clock() + PAUSE_SECONDS, name, signature)
        self._store.put(_key(openid), dump(record), CODE_SECONDS)
        try:
            self._sender.send(phone, code, text(code))
        except BaseException:
            self.drop(openid)
            self._resume(askers)
            raise

    def _pause(self, askers: Mapping[str, str]) -> None:
        """Begin a pause of a minute for number, person and network: for all three or for none."""
        paused: dict[str, str] = {}
        for what, who in askers.items():
            wait = self._limits.pause(what, who, PAUSE_SECONDS, self._clock())
            if wait:
                self._resume(paused)
                raise CodeError("pause", math.ceil(wait))
            paused[what] = who

    def _resume(self, askers: Mapping[str, str]) -> None:
        for what, who in askers.items():
            self._limits.resume(what, who)

    def pending(self, openid: str) -> Pending | None:
        """Return the code that was sent to a person and is not used yet, or None."""
        code = find(_Code, self._store.get(_key(openid)))
        if code is None:
            return None
        return Pending(code.phone, max(0, math.ceil(code.again_at - self._clock())))

    def check(self, openid: str, typed: str) -> str:
        """Check the code that a person has typed. Return the proven phone; the code cannot be used again.

        Raises CodeError: expired (there is no code), wrong, or tries (the fifth wrong try deletes the code).
        """
        record = self._store.get(_key(openid))
        sent = find(_Code, record)
        if record is None or sent is None:
            raise CodeError("expired")
        # Count before comparing: then even a thousand simultaneous tries are compared at most five times.
        number = self._store.count(f"tries:{sent.name}", CODE_SECONDS)
        if number > TRIES:
            self._store.discard(_key(openid), record)
            raise CodeError("tries")
        if not self._signer.verify(_signed(sent.name, openid, sent.phone, typed), sent.signature):
            if number == TRIES:
                self._store.discard(_key(openid), record)
                raise CodeError("tries")
            raise CodeError("wrong")
        if not self._store.discard(_key(openid), record):  # another request has used the code just now
            raise CodeError("expired")
        return sent.phone

    def drop(self, openid: str) -> None:
        """Delete a person's code."""
        self._store.delete(_key(openid))


def _signed(name: str, openid: str, phone: str, code: str) -> str:
    return "\0".join((name, openid, phone, code))


def _key(openid: str) -> str:
    return f"code:sms:{openid}"
