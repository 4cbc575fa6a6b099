"""The state of website logins by QR code (protocol §6.3, rule 32)."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from wechat_sandbox.clock import Clock
from wechat_sandbox.world.events import Bus

WAITING, SCANNED, CONFIRMED, CANCELLED, EXPIRED = 408, 404, 405, 403, 402
LIFETIME = 300
_KEPT = 200


class WrongStep(Exception):
    """The phone cannot take this step with the code in its present state. The message gives the reason."""


@dataclass
class Login:
    """One QR code on a login page.

    `status` is the number that the page's poll returns. `openid` is the user who scanned the code; `code` is
    the OAuth code for the site. `expires` is in Unix seconds of the simulated clock.
    """

    uuid: str
    appid: str
    redirect_uri: str
    expires: float
    status: int = WAITING
    openid: str | None = None
    code: str = ""
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Logins:
    def __init__(self, clock: Clock, bus: Bus) -> None:
        self._clock = clock
        self._bus = bus
        self._by_uuid: dict[str, Login] = {}

    def open(self, appid: str, redirect_uri: str) -> Login:
        """Create a login with a new code, valid for `LIFETIME` seconds. Only the last `_KEPT` are kept."""
        login = Login(secrets.token_urlsafe(12), appid, redirect_uri, self._clock.now() + LIFETIME)
        self._by_uuid[login.uuid] = login
        while len(self._by_uuid) > _KEPT:
            del self._by_uuid[next(iter(self._by_uuid))]
        self._tell(login)
        return login

    def find(self, uuid: str) -> Login | None:
        """Return the login with its present status, which may be EXPIRED; None if it is unknown."""
        login = self._by_uuid.get(uuid)
        if login is not None and login.status != CONFIRMED and login.expires <= self._clock.now():
            login.status = EXPIRED
        return login

    def pending(self) -> list[Login]:
        """Return the logins that wait for a scan or for the user's decision."""
        every = [self.find(uuid) for uuid in self._by_uuid]
        return [login for login in every if login is not None and login.status in (WAITING, SCANNED)]

    def scan(self, uuid: str, openid: str) -> Login:
        """Mark the code as scanned by `openid`. A cancelled code may be scanned again.

        Raises WrongStep if the code is unknown, expired or confirmed.
        """
        login = self._active(uuid)
        self._set_status(login, SCANNED, openid)
        return login

    def confirm(self, uuid: str, openid: str, issue: Callable[[], str]) -> Login:
        """Confirm the login. `issue` returns the OAuth code for the site.

        Raises WrongStep if this user has not scanned the code, or if it has expired.
        """
        login = self._scanned_by(uuid, openid)
        login.code = issue()
        self._set_status(login, CONFIRMED, openid)
        return login

    def cancel(self, uuid: str, openid: str) -> Login:
        """Cancel the login. The site gets no request.

        Raises WrongStep if this user has not scanned the code, or if it has expired.
        """
        login = self._scanned_by(uuid, openid)
        self._set_status(login, CANCELLED, openid)
        return login

    async def wait(self, login: Login, last: int, seconds: float) -> int:
        """Wait until the status differs from `last` and return it.

        Return 408 (WAITING) after `seconds` real seconds without a change.
        """
        try:
            async with asyncio.timeout(seconds):
                while self.find(login.uuid) is not None and login.status == last:
                    await asyncio.wait_for(login.changed.wait(), self._until_expiry(login))
        except TimeoutError:
            pass
        self.find(login.uuid)
        return WAITING if login.status == last else login.status

    def time_has_passed(self) -> None:
        """Wake all polls. Call this after the clock was advanced: codes may have expired."""
        for login in self._by_uuid.values():
            _wake(login)

    def close(self) -> None:
        """Mark all codes as expired, which ends every poll."""
        for login in self._by_uuid.values():
            login.status = EXPIRED
            _wake(login)

    def _until_expiry(self, login: Login) -> float:
        return max(0.0, login.expires - self._clock.now()) + 0.01

    def _active(self, uuid: str) -> Login:
        login = self.find(uuid)
        if login is None:
            raise WrongStep(f"uuid: no login page has the code {uuid!r}")
        if login.status == EXPIRED:
            raise WrongStep("uuid: the code has expired (402); open the login page again")
        if login.status == CONFIRMED:
            raise WrongStep("uuid: the login is confirmed already (405)")
        return login

    def _scanned_by(self, uuid: str, openid: str) -> Login:
        login = self._active(uuid)
        if login.status != SCANNED or login.openid != openid:
            raise WrongStep("uuid: this user has not scanned the code; scan it first")
        return login

    def _set_status(self, login: Login, status: int, openid: str) -> None:
        login.status, login.openid = status, openid
        self._tell(login)
        _wake(login)

    def _tell(self, login: Login) -> None:
        told = {"uuid": login.uuid, "status": login.status, "openid": login.openid, "appid": login.appid}
        self._bus.publish("login", told)


def _wake(login: Login) -> None:
    """Wake the polls that are waiting. Replace the Event, so that later polls wait for the next change."""
    login.changed.set()
    login.changed = asyncio.Event()
