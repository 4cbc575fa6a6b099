"""Proof of a phone: six digits by SMS. The store sees only their HMAC; a log never sees them."""

import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.config import Config
from bot.errors import CodeError
from bot.people.sms import Sender
from bot.store import Clock, Store
from bot.store.limits import Limits
from bot.store.records import dump, load
from bot.store.signing import Signer

CODE_SECONDS = 300.0
TRIES = 5
PAUSE_SECONDS = 60.0
_DAY = 86400.0


@dataclass(frozen=True)
class Pending:
    """A code is on its way to `phone` (E.164); another may be asked for in `wait` seconds."""

    phone: str
    wait: int


@dataclass(frozen=True)
class _Code:
    """`again_at`: unix seconds from which another code may be asked for. `name` is random; `signature` is
    that of name, person, phone and code."""

    phone: str
    again_at: float
    name: str
    signature: str


def _six_digits() -> str:
    return f"{secrets.randbelow(1_000_000):06d}"


class Codes:
    """`make` gives six random digits."""

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
        self._make = make

    @property
    def can_send(self) -> bool:
        return self._sender is not None

    def send(self, openid: str, phone: str, network: str, text: Callable[[str], str]) -> None:
        """Send a new code; the one before is void. `network` is where the asker's address is (see
        bot.oauth.browser), `text` makes the message.

        One a minute and ten a day (SMS_PER_DAY, SMS_PER_DAY_AND_ADDRESS), for the number, for the person and
        for the network. Raises CodeError("pause" or "quota"); SmsError where the message was not taken.
        """
        if self._sender is None:
            raise CodeError("no-sender")
        askers = {"sms-number": phone, "sms-person": openid, "sms-address": network}
        self._pause(askers)
        most = {"sms-address": self._config.sms_per_day_and_address}
        for what in reversed(askers):  # whoever has had too many uses up nobody else's
            if not self._limits.take(what, askers[what], most.get(what, self._config.sms_per_day), _DAY):
                self._resume(askers)
                raise CodeError("quota")
        code, name = self._make(), secrets.token_hex(8)
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
        """A minute for each of them, or for none."""
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
        """The code that a person has been sent and not yet used, or None."""
        record = self._store.get(_key(openid))
        if record is None:
            return None
        code = load(_Code, record)
        return Pending(code.phone, max(0, math.ceil(code.again_at - self._clock())))

    def check(self, openid: str, typed: str) -> str:
        """The phone that the right code proves; the code is spent.

        Raises CodeError: expired (none is pending), wrong, or tries (a fifth wrong one voids the code).
        """
        record = self._store.get(_key(openid))
        if record is None:
            raise CodeError("expired")
        sent = load(_Code, record)
        # Counted before it is compared: a thousand tries at once are still five.
        number = self._store.count(f"tries:{sent.name}", CODE_SECONDS)
        if number > TRIES:
            self._store.discard(_key(openid), record)
            raise CodeError("tries")
        if not self._signer.verify(_signed(sent.name, openid, sent.phone, typed), sent.signature):
            if number == TRIES:
                self._store.discard(_key(openid), record)
                raise CodeError("tries")
            raise CodeError("wrong")
        if not self._store.discard(_key(openid), record):  # the same code twice at once is good once
            raise CodeError("expired")
        return sent.phone

    def drop(self, openid: str) -> None:
        """Void a person's code."""
        self._store.delete(_key(openid))


def _signed(name: str, openid: str, phone: str, code: str) -> str:
    return "\0".join((name, openid, phone, code))


def _key(openid: str) -> str:
    return f"code:sms:{openid}"
