"""access_token and jsapi_ticket: one value for all processes and machines, fetched by one of them at a time.

Why so strict: with /cgi-bin/token every fetch kills the token before it, 2000 fetches are a day's quota,
and a hundred workers that notice an expiry at once would be a stampede.
"""

import datetime
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.config import Config
from bot.errors import StoreError, TokenBudgetSpent, WeChatError, WeChatUnreachable
from bot.store import Clock, Store
from bot.store.records import dump, load
from bot.wechat.endpoints import Endpoints
from bot.wechat.http import Http

_OVERLAP = 300.0  # seconds before expiry from which WeChat hands out a new token while the old one works
_POLL_SECONDS = 0.05
_FAILURE_SECONDS = 5.0  # how long a failed fetch answers for everybody, so that failures do not stampede
# A value refused so soon after it was fetched is no stale one: if it replaced another already, a third would
# fare no better. Longer than the minute in which there shall be two fetches at most.
_NEW_SECONDS = 90.0
_CHINA = datetime.timezone(datetime.timedelta(hours=8))  # WeChat's quotas begin anew at midnight there

Fetch = Callable[[bool], tuple[str, float]]


@dataclass(frozen=True)
class _Record:
    value: str
    expires: float
    renew: float
    fetched: float = 0


@dataclass(frozen=True)
class _Failure:
    """Why the last fetch failed. `errcode` is None if WeChat has not answered."""

    errcode: int | None
    errmsg: str


class Shared:
    """A value with a lifetime that all processes share through the store.

    `fetch(force)` asks WeChat and returns (value, seconds it lives); `force` asks for another one than
    the current. At most one fetch runs at a time; `budget` bounds fetches per day.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        fetch: Fetch,
        *,
        budget: int,
        patience: float,
        clock: Clock = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._name = name
        self._fetch = fetch
        self._budget = budget
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._last: _Record | None = None  # the last one read, for when the store cannot be read

    def get(self) -> str:
        """The current value. During the overlap before its expiry the old value is served to everybody
        but the one that renews it. Raises WeChatError if there is none and none can be fetched."""
        record = self._read()
        now = self._clock()
        if record and now < record.renew:
            return record.value
        if record and now < record.expires:
            try:
                return self._renew(record.value, wait=False, force=False) or record.value
            except (WeChatError, StoreError):
                return record.value  # still good; somebody will try again
        return self._must(self._renew(None, wait=True, force=False))

    def replace(self, failed: str) -> str:
        """WeChat refused `failed`: return another value. Fetches only if `failed` is still the current
        one, so a hundred callers with the same dead token cause one fetch.

        Raises WeChatError(40001) if `failed` replaced another one just now.
        """
        record = self._read()
        if record and record.value != failed:
            return record.value
        if self._store.get(self._key("replaced")) == failed.encode():
            raise WeChatError(40001, f"{self._name.partition(':')[0]} refused although it is new")
        return self._must(self._renew(failed, wait=True, force=True))

    def _renew(self, old: str | None, *, wait: bool, force: bool) -> str | None:
        """Fetch, or wait for the one that fetches. None only if `wait` is False and another fetches."""
        end = self._clock() + self._patience
        owner = secrets.token_hex(8).encode()
        while True:
            if self._store.add(self._key("lock"), owner, self._patience):
                try:
                    record = self._read()  # it may have come while we were on our way to the lock
                    if record and record.value != old and self._clock() < record.renew:
                        return record.value
                    return self._fetch_and_store(owner, record if force else None)
                finally:
                    self._store.discard(self._key("lock"), owner)
            if not wait:
                return None
            self._sleep(_POLL_SECONDS)
            record = self._read()
            if record and record.value != old and self._clock() < record.expires:
                return record.value
            self._raise_recent_failure()
            if self._clock() > end:
                raise WeChatUnreachable(f"{self._name}: waited {self._patience:g} s for another process")

    def _fetch_and_store(self, owner: bytes, failed: _Record | None) -> str:
        self._raise_recent_failure()
        is_new = failed is not None and self._clock() - failed.fetched < _NEW_SECONDS
        try:
            value, lifetime = self._ask(is_new)
            if failed and value == failed.value and not is_new:
                value, lifetime = self._ask(True)  # a stable token that WeChat holds for good, yet refuses
        except WeChatError as error:
            answered = not isinstance(error, WeChatUnreachable)
            failure = _Failure(error.errcode if answered else None, error.errmsg)
            self._store.put(self._key("failure"), dump(failure), _FAILURE_SECONDS)
            raise
        now = self._clock()
        expires = now + lifetime
        record = _Record(value, expires, expires - min(_OVERLAP, lifetime / 2), now)
        if self._store.get(self._key("lock")) == owner:  # a fetch that outlived its lock stores nothing
            self._store.put(self._key("value"), dump(record), lifetime)
            if failed is not None:
                self._store.put(self._key("replaced"), value.encode(), _NEW_SECONDS)
        return value

    def _ask(self, force: bool) -> tuple[str, float]:
        today = datetime.datetime.fromtimestamp(self._clock(), _CHINA).date().isoformat()
        spent = self._key(f"budget:{today}")
        if int(self._store.get(spent) or 0) >= self._budget:
            raise TokenBudgetSpent(self._budget)
        value, lifetime = self._fetch(force)  # a refusal costs nothing: a missing IP must not lock us out
        self._store.count(spent, 2 * 86400)
        if not value or lifetime <= 0:
            raise WeChatUnreachable(f"{self._name}: WeChat's answer has none")  # never kept: poison for all
        return value, lifetime

    def _raise_recent_failure(self) -> None:
        found = self._store.get(self._key("failure"))
        if found:
            failure = load(_Failure, found)
            if failure.errcode is None:
                raise WeChatUnreachable(failure.errmsg)
            raise WeChatError(failure.errcode, failure.errmsg)

    def _read(self) -> _Record | None:
        try:
            found = self._store.get(self._key("value"))
        except StoreError:
            last = self._last
            if last is None or self._clock() >= last.expires:
                raise
            return last
        self._last = load(_Record, found) if found else None
        return self._last

    def _key(self, kind: str) -> str:
        return f"{self._name}:{kind}"

    @staticmethod
    def _must(value: str | None) -> str:
        assert value is not None  # noqa: S101  _renew(wait=True) returns a value or raises
        return value


def access_tokens(config: Config, store: Store, http: Http, clock: Clock = time.time) -> Shared:
    """The account's access_token, by /cgi-bin/stable_token or, if TOKEN_KIND says so, /cgi-bin/token."""
    endpoints = Endpoints.of(config)

    def fetch(force: bool) -> tuple[str, float]:
        credentials = {
            "grant_type": "client_credential",
            "appid": config.app_id,
            "secret": config.app_secret,
        }
        if config.token_kind == "stable":
            body: dict[str, Any] = {**credentials, "force_refresh": force}
            answer = http.post(endpoints.api("/cgi-bin/stable_token"), body)
        else:
            answer = http.get(endpoints.api("/cgi-bin/token"), credentials)
        return str(answer.get("access_token", "")), float(answer.get("expires_in", 0))

    return Shared(
        store,
        # With the secret's fingerprint: after a mended secret, the old one's failure is not remembered.
        f"token:{hashlib.sha256(config.app_secret.encode()).hexdigest()[:8]}",
        fetch,
        budget=config.token_daily_budget,
        patience=2 * config.api_timeout + 1,  # a fetch may need two calls
        clock=clock,
    )


def jsapi_tickets(
    config: Config, store: Store, call: Callable[[], dict[str, Any]], clock: Clock = time.time
) -> Shared:
    """The account's jsapi_ticket; `call` asks /cgi-bin/ticket/getticket with a good access_token."""

    def fetch(_force: bool) -> tuple[str, float]:
        answer = call()
        return str(answer.get("ticket", "")), float(answer.get("expires_in", 0))

    return Shared(
        store,
        "ticket",
        fetch,
        budget=config.token_daily_budget,
        patience=4 * config.api_timeout + 1,
        clock=clock,
    )
