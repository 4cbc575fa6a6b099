"""Logins on the PC by the account's own QR code. These are the states of a login:

    waiting --scan--> scanned --confirm--> confirmed --finish--> gone
                              \\--refuse---> refused

A login belongs to the browser that began it: only this browser can see its status and finish it. After the
scan it also belongs to the person who scanned: only they can confirm or refuse. It expires after five
minutes, and gives one session at most.
"""

import dataclasses
import secrets
from dataclasses import dataclass

from bot.config import LOGIN_SCENE
from bot.store import Clock, Store, Write
from bot.store.codec import dump, find
from bot.store.signing import fingerprint

LOGIN_SECONDS = 300.0
_AFTER_CONFIRM = 60.0  # the time in which the browser must finish a confirmed login


@dataclass(frozen=True)
class Login:
    """One login. `id` is in the QR code, so anyone who sees the code knows it: it proves nothing by itself.

    `browser` is the hash of the browser's cookie. `address` and `agent` are its IP address and User-Agent,
    shown to the person who confirms. `to` is the local path to open after the login, `qr` the text of the QR
    code, `begun` unix seconds. `status` is waiting, scanned, confirmed or refused. `person` is the Visitor as
    JSON, written by the page that confirms.
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
        """Return the scene of the QR code: `login-` and the id. WeChat sends it to us when the code is
        scanned."""
        return LOGIN_SCENE + self.id


class Logins:
    """The logins of all browsers. Every method that reads or writes raises StoreError."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def new(self, browser: str, address: str, agent: str, to: str) -> Login:
        """Return a new login without a QR code. It is not stored until put() is called."""
        return Login(secrets.token_hex(16), fingerprint(browser), address, agent, to, self._clock())

    def put(self, login: Login) -> None:
        """Store a new login. Delete an earlier login of the same browser."""
        self.drop(login.browser)
        self._store.put(_key(login.id), dump(login), LOGIN_SECONDS)
        self._store.put(_browser_key(login.browser), login.id.encode(), LOGIN_SECONDS)

    def of(self, browser: str) -> Login | None:
        """Return the login of the browser with this cookie, or None."""
        login_id = self._store.get(_browser_key(fingerprint(browser))) if browser else None
        return self.find(login_id.decode()) if login_id else None

    def find(self, login_id: str) -> Login | None:
        """Return the login with this id, or None."""
        return find(Login, self._store.get(_key(login_id)))

    def scanned(self, login_id: str, openid: str) -> Login | None:
        """Record that `openid` has scanned the code. Return the login, or None if it is unknown, over, or
        belongs to another person."""
        login = self._move(login_id, openid, "waiting", status="scanned", openid=openid)
        if login is None:  # the same person may scan twice
            found = self.find(login_id)
            return found if found and found.status == "scanned" and found.openid == openid else None
        return login

    def confirm(self, login_id: str, openid: str, person: str) -> Login | None:
        """Confirm a login for the person who scanned it. `person` is their Visitor as JSON. Return None if
        another person scanned it, or if it is not waiting for confirmation."""
        return self._move(login_id, openid, "scanned", status="confirmed", person=person)

    def refuse(self, login_id: str, openid: str) -> Login | None:
        """Refuse a login for the person who scanned it. Return None as confirm() does."""
        return self._move(login_id, openid, "scanned", status="refused")

    def finish(self, browser: str) -> Login | None:
        """Return the confirmed login of this browser and delete it, or return None. If several callers try at
        the same time, exactly one gets it."""
        login = self.of(browser)
        if login is None or login.status != "confirmed":
            return None
        record = self._store.take(_key(login.id))
        self._store.delete(_browser_key(login.browser))
        return find(Login, record)

    def drop(self, browser_hash: str) -> None:
        """Delete the login of a browser."""
        login_id = self._store.take(_browser_key(browser_hash))
        if login_id:
            self._store.delete(_key(login_id.decode()))

    def left(self, login: Login) -> float:
        """Return the seconds until the login expires."""
        return max(0.0, login.begun + LOGIN_SECONDS - self._clock())

    def _move(self, login_id: str, who: str, state: str, **changes: str) -> Login | None:
        """Make `changes` to a login in status `state` that belongs to `who`, or to no person yet. Return it,
        or None."""

        def move(record: bytes | None) -> Write | None:
            login = find(Login, record)
            if login is None or login.status != state or login.openid not in ("", who):
                return None
            moved = dataclasses.replace(login, **changes)  # type: ignore[arg-type]  # only texts are changed
            is_confirmed = moved.status == "confirmed"
            return Write(dump(moved), _AFTER_CONFIRM if is_confirmed else max(1.0, self.left(login)))

        moved = self._store.update(_key(login_id), move)
        return find(Login, moved.value) if moved else None


def _key(login_id: str) -> str:
    return f"login:{fingerprint(login_id)}"


def _browser_key(browser_hash: str) -> str:
    return f"login-of:{browser_hash}"
