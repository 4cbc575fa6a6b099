"""A login on the PC by the account's own QR code: who asked, who scanned, what they said.

    waiting --scan--> scanned --confirm--> confirmed --finish--> gone
                              \\--refuse---> refused

A login belongs to the browser that asked (only it is told how things stand, only it can finish) and, from the
scan on, to the person who scanned. It lapses after five minutes, and it ends one session's birth at most.
"""

import dataclasses
import secrets
from dataclasses import dataclass

from bot.config import LOGIN_SCENE
from bot.store import Clock, Store, Write
from bot.store.records import dump, load
from bot.store.signing import fingerprint

LOGIN_SECONDS = 300.0
_AFTER_CONFIRM = 60.0  # for the browser to come and fetch what was confirmed


@dataclass(frozen=True)
class Login:
    """`id` is in the QR code: whoever sees the code knows it, so knowing it is worth nothing by itself.

    `browser` is the hash of the asker's cookie, `address` and `agent` are for the person who confirms, `to`
    is the local path to go to, `qr` the text of the QR code, `begun` unix seconds. `status` is waiting,
    scanned, confirmed or refused. `person` is what the confirming page gave: a Visitor as JSON.
    """

    id: str
    browser: str
    address: str
    agent: str
    to: str
    begun: float
    qr: str = ""
    status: str = "waiting"
    openid: str = ""
    person: str = ""

    @property
    def scene(self) -> str:
        return LOGIN_SCENE + self.id


class Logins:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def new(self, browser: str, address: str, agent: str, to: str) -> Login:
        """A login that waits for its QR code to be drawn; put() makes it known."""
        return Login(secrets.token_hex(16), fingerprint(browser), address, agent, to, self._clock())

    def put(self, login: Login) -> None:
        """Begin a login; an earlier one of the same browser is void."""
        self.drop(login.browser)
        self._store.put(_key(login.id), dump(login), LOGIN_SECONDS)
        self._store.put(_browser_key(login.browser), login.id.encode(), LOGIN_SECONDS)

    def of(self, browser: str) -> Login | None:
        """The login that the browser with this cookie has under way, or None."""
        login_id = self._store.get(_browser_key(fingerprint(browser))) if browser else None
        return self.find(login_id.decode()) if login_id else None

    def find(self, login_id: str) -> Login | None:
        record = self._store.get(_key(login_id))
        return load(Login, record) if record else None

    def scanned(self, login_id: str, openid: str) -> Login | None:
        """Note who scanned. None if the login is unknown, over, or somebody else's already."""
        login = self._move(login_id, openid, "waiting", status="scanned", openid=openid)
        if login is None:  # the same person again
            found = self.find(login_id)
            return found if found and found.status == "scanned" and found.openid == openid else None
        return login

    def confirm(self, login_id: str, openid: str, person: str) -> Login | None:
        """The person who scanned says yes. None if it is not theirs to say, or too late."""
        return self._move(login_id, openid, "scanned", status="confirmed", person=person)

    def refuse(self, login_id: str, openid: str) -> Login | None:
        """The person who scanned says no."""
        return self._move(login_id, openid, "scanned", status="refused")

    def finish(self, browser: str) -> Login | None:
        """The confirmed login of this browser, which is over thereby: of many callers, one gets it."""
        login = self.of(browser)
        if login is None or login.status != "confirmed":
            return None
        record = self._store.take(_key(login.id))
        self._store.delete(_browser_key(login.browser))
        return load(Login, record) if record else None

    def drop(self, browser_hash: str) -> None:
        """Void the login that a browser has under way."""
        login_id = self._store.take(_browser_key(browser_hash))
        if login_id:
            self._store.delete(_key(login_id.decode()))

    def left(self, login: Login) -> float:
        """Seconds until it lapses."""
        return max(0.0, login.begun + LOGIN_SECONDS - self._clock())

    def _move(self, login_id: str, who: str, state: str, **changes: str) -> Login | None:
        def move(record: bytes | None) -> Write | None:
            login = load(Login, record) if record else None
            if login is None or login.status != state or login.openid not in ("", who):
                return None
            moved = dataclasses.replace(login, **changes)  # type: ignore[arg-type]  # only texts are changed
            is_confirmed = moved.status == "confirmed"
            return Write(dump(moved), _AFTER_CONFIRM if is_confirmed else max(1.0, self.left(login)))

        moved = self._store.update(_key(login_id), move)
        return load(Login, moved.value) if moved else None


def _key(login_id: str) -> str:
    return f"login:{fingerprint(login_id)}"


def _browser_key(browser_hash: str) -> str:
    return f"login-of:{browser_hash}"
