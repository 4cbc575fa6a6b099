"""Count API calls against WeChat's limits per day and per minute (protocol §4.3, rule 18)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from wechat_sandbox.clock import Clock
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.rights import Kind

CLEARS_PER_MONTH = 10
# WeChat's day starts at midnight in China.
_CHINA = timezone(timedelta(hours=8))

# Path -> (calls per day of an ordinary account, calls per day of a test account).
_DAILY: dict[str, tuple[int, int]] = {
    "/cgi-bin/token": (2000, 200),
    "/cgi-bin/stable_token": (500_000, 500_000),
    "/cgi-bin/menu/create": (1000, 100),
    "/cgi-bin/menu/get": (10_000, 1000),
    "/cgi-bin/menu/delete": (1000, 100),
    "/cgi-bin/menu/addconditional": (2000, 2000),
    "/cgi-bin/menu/delconditional": (2000, 2000),
    "/cgi-bin/menu/trymatch": (20_000, 20_000),
    "/cgi-bin/message/custom/send": (500_000, 50_000),
    "/cgi-bin/message/template/send": (100_000, 100_000),
    "/cgi-bin/qrcode/create": (100_000, 10_000),
    "/cgi-bin/user/get": (500, 100),
    "/cgi-bin/user/info": (5_000_000, 500_000),
    "/cgi-bin/user/info/updateremark": (10_000, 10_000),
    "/cgi-bin/media/upload": (100_000, 500),
    "/cgi-bin/media/get": (200_000, 1000),
    "/cgi-bin/ticket/getticket": (1_000_000, 1_000_000),
    "/cgi-bin/shorten/gen": (10_000, 10_000),
    "/cgi-bin/shorten/fetch": (10_000, 10_000),
}
_MINUTELY = {"/cgi-bin/stable_token": 10_000}


@dataclass(frozen=True)
class Usage:
    path: str
    limit: int
    used: int

    @property
    def remain(self) -> int:
        return self.limit - self.used


class Quotas:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._day = ""
        self._minute = 0
        self._used: dict[str, int] = {}
        self._used_in_minute: dict[str, int] = {}
        self._clears: list[str] = []

    def use(self, path: str, kind: Kind) -> None:
        """Count one call of `path`.

        Raises WeChatError: 45009 if the quota of the day is used up, 45011 if the quota of the minute is used
        up.
        """
        limit = _limit(path, kind)
        if limit is None:
            return
        self._start_new_periods()
        per_minute = _MINUTELY.get(path)
        if per_minute is not None and self._used_in_minute.get(path, 0) >= per_minute:
            raise WeChatError(45011)
        if self._used.get(path, 0) >= limit:
            raise WeChatError(45009)
        self._used[path] = self._used.get(path, 0) + 1
        self._used_in_minute[path] = self._used_in_minute.get(path, 0) + 1

    def usage(self, path: str, kind: Kind) -> Usage | None:
        """Return the use of one API today; None if the API has no quota."""
        limit = _limit(path, kind)
        self._start_new_periods()
        return None if limit is None else Usage(path, limit, self._used.get(path, 0))

    def used(self, kind: Kind) -> list[Usage]:
        """Return the use of every API that was called today."""
        self._start_new_periods()
        every = (self.usage(path, kind) for path in sorted(self._used))
        return [usage for usage in every if usage is not None]

    def clear(self) -> None:
        """Set the counts of today to 0. Raises WeChatError 48006 after ten times in a calendar month."""
        month = self._now().strftime("%Y-%m")
        self._clears = [clear for clear in self._clears if clear == month]
        if len(self._clears) >= CLEARS_PER_MONTH:
            raise WeChatError(48006)
        self._clears.append(month)
        self._used.clear()

    def _start_new_periods(self) -> None:
        """Set the counts to 0 when a new day or minute has started."""
        day, minute = self._now().strftime("%Y-%m-%d"), int(self._clock.now() // 60)
        if day != self._day:
            self._day = day
            self._used.clear()
        if minute != self._minute:
            self._minute = minute
            self._used_in_minute.clear()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC).astimezone(_CHINA)


def _limit(path: str, kind: Kind) -> int | None:
    limits = _DAILY.get(path)
    if limits is None:
        return None
    return limits[1] if kind is Kind.TEST else limits[0]
