"""access_token and jsapi_ticket: shared by all processes and machines, and fetched by one of them at a time.

With /cgi-bin/token each fetch makes the token before it invalid, and WeChat allows 2000 fetches a day. If all
workers fetched a token that expires, they would invalidate each other's tokens and use up the quota.
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
from bot.store.codec import dump, find
from bot.wechat.answers import lifetime_of, text_of
from bot.wechat.endpoints import Endpoints
from bot.wechat.http import Http

_OVERLAP = 300.0  # in the last 300 s of a token, WeChat issues a new one while the old one still works
_POLL_SECONDS = 0.05
_FAILURE_SECONDS = 5.0  # in this time after a failed fetch, all callers get its error instead of trying again
# A value that WeChat refuses within this time after its fetch cannot have expired. If it replaced a refused
# value, another one would be refused, too. More than 60 s, so that there are at most two fetches a minute.
_NEW_SECONDS = 90.0
_TICKET_CALL = "/cgi-bin/ticket/getticket"
_CHINA = datetime.timezone(datetime.timedelta(hours=8))  # WeChat's daily quotas start at midnight there

Fetch = Callable[[bool], tuple[str, float]]


@dataclass(frozen=True)
class _Record:
    """A fetched value. It expires at `expires`, must be renewed from `renew` on, and was fetched at `fetched`
    (unix seconds)."""

    value: str
    expires: float
    renew: float
    fetched: float = 0


@dataclass(frozen=True)
class _Failure:
    """The reason why the last fetch failed. `errcode` is None if WeChat has not answered."""

    errcode: int | None
    errmsg: str
    call: str = ""


class SharedValue:
    """A value with a lifetime, such as the access_token, that all processes share through the store.

    `fetch(force)` asks WeChat and returns the value and its lifetime in seconds; with `force` it asks for a
    value that differs from the current one. At most one fetch runs at a time, and at most `budget` a day. A
    caller waits up to `patience` seconds for the fetch of another process.
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
        self._last: _Record | None = None  # the last record read, used while the store cannot be read

    def get(self) -> str:
        """Return the current value, and fetch it if there is none.

        In its last 300 seconds (at most half its lifetime) one caller fetches a new value, while all others
        get the old one. If the store cannot be read, the last value read is returned until it expires.
        Raises WeChatError, or StoreError.
        """
        record = self._read()
        now = self._clock()
        if record and now < record.renew:
            return record.value
        if record and now < record.expires:
            try:
                return self._renew(record.value, wait=False, force=False) or record.value
            except (WeChatError, StoreError):
                return record.value  # the old value still works, and a later call will renew it
        return self._must(self._renew(None, wait=True, force=False))

    def replace(self, failed: str, call: str = "") -> str:
        """Return another value, because WeChat refused `failed` in `call`.

        Fetch only if `failed` is still the current value: a hundred callers with the same invalid token cause
        one fetch. Raises the errors of get(), and WeChatError(40001) if `failed` itself replaced a refused
        value in the last 90 seconds.
        """
        record = self._read()
        if record and record.value != failed:
            return record.value
        if self._store.get(self._key("replaced")) == failed.encode():
            problem = f"the {self._name.partition(':')[0]} is refused although it is new"
            raise WeChatError(40001, problem, call)
        return self._must(self._renew(failed, wait=True, force=True))

    def _renew(self, old: str | None, *, wait: bool, force: bool) -> str | None:
        """Fetch a value other than `old`, or wait until another process has fetched one. Return None if
        another process is fetching and `wait` is False."""
        end = self._clock() + self._patience
        owner = secrets.token_hex(8).encode()
        holder: bytes | None = None
        while True:
            if self._store.add(self._key("lock"), owner, self._patience):
                try:
                    record = self._read()  # another process may have fetched before we got the lock
                    if record and record.value != old and self._clock() < record.renew:
                        return record.value
                    return self._fetch_and_store(owner, record if force else None)
                finally:
                    self._store.discard(self._key("lock"), owner)
            if not wait:
                return None
            holder = holder or self._store.get(self._key("lock"))
            self._sleep(_POLL_SECONDS)
            record = self._read()
            if record and record.value != old and self._clock() < record.expires:
                return record.value
            self._raise_recent_failure()
            if self._clock() > end:
                # The lock should have expired. It has not if the clock was set back after it was taken.
                if holder and self._store.discard(self._key("lock"), holder):
                    holder, end = None, self._clock() + self._patience
                    continue
                raise WeChatUnreachable(f"{self._name}: waited {self._patience:g} s for another process")

    def _fetch_and_store(self, owner: bytes, failed: _Record | None) -> str:
        self._raise_recent_failure()
        is_new = failed is not None and self._clock() - failed.fetched < _NEW_SECONDS
        try:
            value, lifetime = self._ask(is_new)
            if failed and value == failed.value and not is_new:
                value, lifetime = self._ask(True)  # stable_token returned the refused value: force another
        except WeChatError as error:
            answered = not isinstance(error, WeChatUnreachable)
            failure = _Failure(error.errcode if answered else None, error.errmsg, error.call)
            self._store.put(self._key("failure"), dump(failure), _FAILURE_SECONDS)
            raise
        now = self._clock()
        expires = now + lifetime
        record = _Record(value, expires, expires - min(_OVERLAP, lifetime / 2), now)
        if self._store.get(self._key("lock")) == owner:  # otherwise the fetch took longer than its lock
            self._store.put(self._key("value"), dump(record), lifetime)
            if failed is not None:
                self._store.put(self._key("replaced"), value.encode(), _NEW_SECONDS)
        return value

    def _ask(self, force: bool) -> tuple[str, float]:
        today = datetime.datetime.fromtimestamp(self._clock(), _CHINA).date().isoformat()
        spent = self._key(f"budget:{today}")
        if int(self._store.get(spent) or 0) >= self._budget:
            raise TokenBudgetSpent(self._budget)
        # A fetch that raises is not counted: while WeChat's whitelist lacks our IP, failures do not use up
        # the budget.
        value, lifetime = self._fetch(force)
        self._store.count(spent, 2 * 86400)
        if not value or lifetime <= 0:  # never store it: all processes would use it
            raise WeChatUnreachable(f"{self._name}: WeChat's answer has no value")
        return value, lifetime

    def _raise_recent_failure(self) -> None:
        failure = find(_Failure, self._store.get(self._key("failure")))
        if failure:
            if failure.errcode is None:
                raise WeChatUnreachable(failure.errmsg, call=failure.call)
            raise WeChatError(failure.errcode, failure.errmsg, failure.call)

    def _read(self) -> _Record | None:
        try:
            found = self._store.get(self._key("value"))
        except StoreError:
            last = self._last
            if last is None or self._clock() >= last.expires:
                raise
            return last
        self._last = find(_Record, found)
        return self._last

    def _key(self, kind: str) -> str:
        return f"{self._name}:{kind}"

    @staticmethod
    def _must(value: str | None) -> str:
        assert value is not None  # noqa: S101  _renew(wait=True) returns a value or raises
        return value


def access_tokens(config: Config, store: Store, http: Http, clock: Clock = time.time) -> SharedValue:
    """Return the account's access_token, from /cgi-bin/stable_token, or from /cgi-bin/token if TOKEN_KIND is
    classic."""
    endpoints = Endpoints.of(config)

    def fetch(force: bool) -> tuple[str, float]:
        credentials = {
            "grant_type": "client_credential",
            "appid": config.app_id,
            "secret": config.app_secret,
        }
        if config.token_kind == "stable":
            call = "/cgi-bin/stable_token"
            body: dict[str, Any] = {**credentials, "force_refresh": force}
            answer = http.post(endpoints.api(call), body)
        else:
            call = "/cgi-bin/token"
            answer = http.get(endpoints.api(call), credentials)
        return text_of(answer, "access_token", call), lifetime_of(answer, call)

    return SharedValue(
        store,
        # The name contains the fingerprint of the secret, so a failure of a wrong APP_SECRET ends when it is
        # corrected.
        f"token:{hashlib.sha256(config.app_secret.encode()).hexdigest()[:8]}",
        fetch,
        budget=config.token_daily_budget,
        patience=2 * config.api_timeout + 1,  # a fetch may need two calls
        clock=clock,
    )


def jsapi_tickets(
    config: Config, store: Store, call: Callable[[], dict[str, Any]], clock: Clock = time.time
) -> SharedValue:
    """Return the account's jsapi_ticket. `call` returns the answer of /cgi-bin/ticket/getticket."""

    def fetch(_force: bool) -> tuple[str, float]:
        answer = call()
        return text_of(answer, "ticket", _TICKET_CALL), lifetime_of(answer, _TICKET_CALL)

    return SharedValue(
        store,
        "ticket",
        fetch,
        budget=config.token_daily_budget,
        patience=4 * config.api_timeout + 1,
        clock=clock,
    )
