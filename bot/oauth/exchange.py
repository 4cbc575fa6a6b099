"""Steps 5 and 6 of a visit: a code becomes a visitor, once, also when the redirect comes twice.

A stale profile is renewed here, too.
"""

import dataclasses
import hashlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from bot.errors import VisitError, WeChatError, WeChatUnreachable
from bot.oauth.visitor import Visitor
from bot.store import Clock, Store
from bot.wechat.oauth_api import OAuthApi

log = logging.getLogger("bot.oauth")

_RESULT_SECONDS = 60.0  # how long a doubled redirect finds the first one's result
_POLL_SECONDS = 0.05
_PLACE_SECONDS = 3.0  # how long a visitor waits for a place among the calls
_SILENT_SECONDS = 5.0  # after WeChat has not answered, nobody waits for a place
_PROFILE_SECONDS = 3600.0  # nickname and avatar are asked for again after this
_TOKEN_MARGIN = 60.0
_WITH_PROFILE = ("snsapi_userinfo", "snsapi_login")
_RUNNING = b"R"
_FAILED = b"F"
_DONE = b"V"

_REASONS = {  # errcode of /sns/oauth2/access_token -> (reason, status)
    40029: ("bad-code", 400),
    40163: ("used-code", 400),
    42003: ("bad-code", 400),
    41008: ("bad-code", 400),
}


class Exchange:
    """`patience` is how long, in seconds, a doubled redirect waits for the first one's calls to WeChat."""

    def __init__(
        self,
        api: OAuthApi,
        store: Store,
        patience: float,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        at_once: int = 8,
    ) -> None:
        self._api = api
        self._store = store
        self._patience = patience
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._calls = threading.BoundedSemaphore(at_once)
        self._silent_until = float("-inf")

    def visitor(self, code: str, lang: str = "zh_CN") -> Visitor:
        """Exchange a code: two calls to WeChat, or one where the scope gives only the openid. At most
        `at_once` of them are under way in this process, the rest wait a few seconds for a place; not while
        WeChat is silent, for then pages must give their threads back to its deliveries.

        A second caller with the same code gets the first one's result (WeChat would answer 40163).
        Raises VisitError: bad-code, used-code, not-allowed, wechat-down, or busy where no place was free.
        """
        patience = _PLACE_SECONDS if self._monotonic() > self._silent_until else 0
        if not self._calls.acquire(timeout=patience):
            raise VisitError("busy", 503)
        try:
            return self._once(code, lang)
        except VisitError as error:
            if error.reason == "wechat-down":
                self._silent_until = self._monotonic() + _SILENT_SECONDS
            raise
        finally:
            self._calls.release()

    def _once(self, code: str, lang: str) -> Visitor:
        key = "code:" + hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()[:40]
        if not self._store.add(key, _RUNNING, self._patience):
            return self._first_result(key)
        try:
            visitor = self._exchange(code, lang)
        except VisitError as error:
            failure = f"{error.reason} {error.status} {error.errcode or 0}".encode()
            self._store.put(key, _FAILED + failure, _RESULT_SECONDS)
            raise
        self._store.put(key, _DONE + visitor.to_json(), _RESULT_SECONDS)
        return visitor

    def renewed(self, visitor: Visitor, lang: str = "zh_CN") -> Visitor | None:
        """The visitor with a profile that is not stale, or None where WeChat wants a new login.

        Asks WeChat only if the profile is over an hour old: is the token still good (/sns/auth)? else
        refresh it; then the profile. If WeChat is down, the old profile will do.
        """
        if visitor.scope not in _WITH_PROFILE or self._clock() < visitor.profile_at + _PROFILE_SECONDS:
            return visitor
        if not self._calls.acquire(blocking=False):
            return visitor
        try:
            if self._clock() > visitor.token_expires - _TOKEN_MARGIN or not self._api.is_valid(
                visitor.access_token, visitor.openid
            ):
                visitor = self._with_token(visitor, self._api.refresh(visitor.refresh_token))
            return self._with_profile(visitor, lang)
        except WeChatUnreachable as error:
            log.warning("[oauth] profile not renewed: %s", error)
            # Asked again in a minute: not every view of a page shall wait out WeChat's silence.
            return dataclasses.replace(visitor, profile_at=self._clock() - _PROFILE_SECONDS + _RESULT_SECONDS)
        except WeChatError as error:
            log.info("[oauth] profile not renewed, new login: errcode=%d", error.errcode)
            return None
        finally:
            self._calls.release()

    def _first_result(self, key: str) -> Visitor:
        end = self._monotonic() + self._patience
        while True:
            record = self._store.get(key)
            if record is not None and record.startswith(_DONE):
                return Visitor.from_json(record[1:])
            if record is not None and record.startswith(_FAILED):
                reason, status, errcode = record[1:].decode().split()
                raise VisitError(reason, int(status), int(errcode) or None)
            if record is None or self._monotonic() > end:
                raise VisitError("used-code", 400)
            self._sleep(_POLL_SECONDS)

    def _exchange(self, code: str, lang: str) -> Visitor:
        try:
            answer = self._api.exchange(code)
            visitor = self._with_token(Visitor(openid=str(answer["openid"]), scope=""), answer)
            return self._with_profile(visitor, lang) if visitor.scope in _WITH_PROFILE else visitor
        except WeChatUnreachable as error:
            log.warning("[oauth] %s", error)
            raise VisitError("wechat-down", 502, error.errcode) from error
        except WeChatError as error:
            reason, status = _REASONS.get(error.errcode, ("wechat-down", 502))
            if error.errcode == 48001:
                reason, status = "not-allowed", 403
            log.warning("[oauth] code not exchanged: errcode=%d", error.errcode)
            raise VisitError(reason, status, error.errcode) from error

    def _with_token(self, visitor: Visitor, answer: dict[str, Any]) -> Visitor:
        scopes = str(answer.get("scope", "")).split(",")
        return dataclasses.replace(
            visitor,
            scope=next((scope for scope in _WITH_PROFILE if scope in scopes), "snsapi_base"),
            unionid=str(answer.get("unionid") or visitor.unionid),
            is_snapshot=bool(answer.get("is_snapshotuser", visitor.is_snapshot)),
            access_token=str(answer["access_token"]),
            refresh_token=str(answer.get("refresh_token") or visitor.refresh_token),
            token_expires=self._clock() + float(answer.get("expires_in", 0)),
        )

    def _with_profile(self, visitor: Visitor, lang: str) -> Visitor:
        profile = self._api.userinfo(visitor.access_token, visitor.openid, lang)
        return dataclasses.replace(
            visitor,
            nickname=str(profile.get("nickname", "")),
            avatar=str(profile.get("headimgurl", "")),
            unionid=str(profile.get("unionid") or visitor.unionid),
            profile_at=self._clock(),
        )
