"""QR codes with a scene (protocol §9.1, rule 36)."""

import secrets
from dataclasses import dataclass, field

from wechat_sandbox.clock import Clock
from wechat_sandbox.errors import WeChatError

MAX_PERMANENT = 100_000


@dataclass(frozen=True)
class QrCode:
    """One QR code. `url` is the text in its picture; `scanned_by` has the openids of its scanners.

    `created` and `expires` are Unix seconds of the simulated clock; a permanent code has `expires` None.
    """

    ticket: str
    url: str
    scene: int | str
    expires: float | None
    created: float = 0.0
    scanned_by: set[str] = field(default_factory=set, compare=False)


class QrCodes:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_ticket: dict[str, QrCode] = {}
        self._permanent: dict[int | str, QrCode] = {}

    def create(self, scene: int | str, expire_seconds: int | None) -> QrCode:
        """Create a code. It is permanent if `expire_seconds` is None.

        A permanent scene has one code: a second call returns the same code. Raises WeChatError 45029 above
        `MAX_PERMANENT` permanent codes.
        """
        if expire_seconds is None:
            if scene in self._permanent:
                return self._permanent[scene]
            if len(self._permanent) >= MAX_PERMANENT:
                raise WeChatError(45029)
        code = QrCode(
            ticket="gQ" + secrets.token_urlsafe(68)[:90] + "==",
            url=f"http://weixin.qq.com/q/{secrets.token_urlsafe(16)[:22]}",
            scene=scene,
            expires=None if expire_seconds is None else self._clock.now() + expire_seconds,
            created=self._clock.now(),
        )
        self._by_ticket[code.ticket] = code
        if expire_seconds is None:
            self._permanent[scene] = code
        return code

    def by_ticket(self, ticket: str) -> QrCode | None:
        """Return the code with this ticket; None if it is unknown or has expired."""
        code = self._by_ticket.get(ticket)
        return code if code is not None and self._is_valid(code) else None

    def by_url(self, url: str) -> QrCode | None:
        """Return the code whose picture contains `url`; None if it is unknown or has expired."""
        return next((c for c in self._by_ticket.values() if c.url == url and self._is_valid(c)), None)

    def by_scene(self, scene: int | str) -> QrCode | None:
        """Return the newest valid code of `scene`, else None.

        A number and a string are the same scene if EventKey writes them alike.
        """
        codes = [
            code
            for code in self._by_ticket.values()
            if str(code.scene) == str(scene) and self._is_valid(code)
        ]
        return codes[-1] if codes else None

    def all(self) -> list[QrCode]:
        """Return the valid codes, the oldest first."""
        return [code for code in self._by_ticket.values() if self._is_valid(code)]

    def ever_had(self, scene: int | str) -> bool:
        """Return True if there is or was a code of `scene`, even an expired one."""
        return any(str(code.scene) == str(scene) for code in self._by_ticket.values())

    def _is_valid(self, code: QrCode) -> bool:
        return code.expires is None or code.expires > self._clock.now()
