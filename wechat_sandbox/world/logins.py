"""Website logins by QR code: what became of each code that a page shows (protocol §6.3, rule 32)."""

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
    """The phone cannot do that with this code now; the text says why."""


@dataclass
class Login:
    """`status` is what the page's poll is told; `openid` is who scanned, `code` what the site gets."""

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
        login = Login(secrets.token_urlsafe(12), appid, redirect_uri, self._clock.now() + LIFETIME)
        self._by_uuid[login.uuid] = login
        while len(self._by_uuid) > _KEPT:
            del self._by_uuid[next(iter(self._by_uuid))]
        self._tell(login)
        return login

    def find(self, uuid: str) -> Login | None:
        login = self._by_uuid.get(uuid)
        if login is not None and login.status != CONFIRMED and login.expires <= self._clock.now():
            login.status = EXPIRED
        return login

    def pending(self) -> list[Login]:
        """Those whose page still waits for something."""
        every = [self.find(uuid) for uuid in self._by_uuid]
        return [login for login in every if login is not None and login.status in (WAITING, SCANNED)]

    def scan(self, uuid: str, openid: str) -> Login:
        """Raises WrongStep. A code that was cancelled may be scanned again."""
        login = self._living(uuid)
        self._move(login, SCANNED, openid)
        return login

    def confirm(self, uuid: str, openid: str, issue: Callable[[], str]) -> Login:
        """`issue` makes the code that the site gets. Raises WrongStep unless this user has scanned."""
        login = self._scanned_by(uuid, openid)
        login.code = issue()
        self._move(login, CONFIRMED, openid)
        return login

    def cancel(self, uuid: str, openid: str) -> Login:
        """Raises WrongStep unless this user has scanned. The site is told nothing."""
        login = self._scanned_by(uuid, openid)
        self._move(login, CANCELLED, openid)
        return login

    async def wait(self, login: Login, last: int, seconds: float) -> int:
        """The status as soon as it is not `last`, or 408 after `seconds` real seconds without a change."""
        try:
            async with asyncio.timeout(seconds):
                while self.find(login.uuid) is not None and login.status == last:
                    await asyncio.wait_for(login.changed.wait(), self._until_expiry(login))
        except TimeoutError:
            pass
        self.find(login.uuid)
        return WAITING if login.status == last else login.status

    def time_has_passed(self) -> None:
        """Wakes the polls: after a leap of the clock their codes may have expired."""
        for login in self._by_uuid.values():
            _wake(login)

    def close(self) -> None:
        """Ends every poll: its code has expired."""
        for login in self._by_uuid.values():
            login.status = EXPIRED
            _wake(login)

    def _until_expiry(self, login: Login) -> float:
        return max(0.0, login.expires - self._clock.now()) + 0.01

    def _living(self, uuid: str) -> Login:
        login = self.find(uuid)
        if login is None:
            raise WrongStep(f"uuid: no login page shows a code {uuid!r}")
        if login.status == EXPIRED:
            raise WrongStep("uuid: the code has expired (402)")
        if login.status == CONFIRMED:
            raise WrongStep("uuid: the login is confirmed already (405)")
        return login

    def _scanned_by(self, uuid: str, openid: str) -> Login:
        login = self._living(uuid)
        if login.status != SCANNED or login.openid != openid:
            raise WrongStep("uuid: this user has not scanned the code")
        return login

    def _move(self, login: Login, status: int, openid: str) -> None:
        login.status, login.openid = status, openid
        self._tell(login)
        _wake(login)

    def _tell(self, login: Login) -> None:
        told = {"uuid": login.uuid, "status": login.status, "openid": login.openid, "appid": login.appid}
        self._bus.publish("login", told)


def _wake(login: Login) -> None:
    """Whoever waits looks again; whoever comes later waits for the next change."""
    login.changed.set()
    login.changed = asyncio.Event()
