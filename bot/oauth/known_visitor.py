"""A case of the guard: the browser has a session that is good enough, and the page opens.

This module must not redirect a browser. If the session is not good enough it returns None, and the guard
continues.
"""

import dataclasses
from collections.abc import Mapping

from bot.config import Config
from bot.errors import VisitError
from bot.oauth.profile import Profiles
from bot.oauth.request import ASKED_COOKIE, SESSION_COOKIE, Need, Request
from bot.oauth.session import Session, Sessions
from bot.oauth.visitor import Visitor
from bot.store import Clock

_SNAPSHOT_SECONDS = 600.0  # a preview is not a login, so a new login follows soon


class KnownVisitors:
    """Find the visitor of a session, and decide if the session is good enough for a page."""

    def __init__(self, config: Config, sessions: Sessions, profiles: Profiles, clock: Clock) -> None:
        self._config = config
        self._sessions = sessions
        self._profiles = profiles
        self._clock = clock

    def of(self, cookies: Mapping[str, str]) -> Visitor | None:
        """Return the visitor of this browser's session, or None, for pages that never redirect to WeChat."""
        session = self._sessions.find(cookies.get(SESSION_COOKIE, ""))
        return session.visitor if session else None

    def is_fresh(self, cookies: Mapping[str, str], max_age: float) -> bool:
        """Return True if this browser's session comes from a real login at most `max_age` seconds ago."""
        visitor = self.of(cookies)
        return visitor is not None and visitor.was_proven(self._clock(), max_age)

    def session(self, request: Request) -> Session | None:
        """Return the session of this browser, even if it is not good enough; None if there is none or it has
        ended."""
        return self._sessions.find(request.session_id)

    def is_current(self, request: Request, session: Session) -> bool:
        """Return False if WeChat must confirm again who is using this browser.

        A phone may have another WeChat user by now. This is checked after RECHECK_MINUTES without a visit.
        """
        if session.visitor.is_snapshot and self._clock() > session.begun + _SNAPSHOT_SECONDS:
            return False
        recheck = self._config.recheck_minutes * 60.0
        is_phone = session.visitor.via == "wechat" and not request.is_pc
        return not (is_phone and recheck and self._clock() > session.seen + recheck)

    def for_page(self, request: Request, need: Need, session: Session, *, asked_for: bool) -> Visitor | None:
        """Return the visitor of `session`, or None if the page needs to know more.

        Records the visit. If the page needs a profile that is over an hour old, it is renewed first.
        `asked_for`: the visitor has just agreed that WeChat may ask them. Raises VisitError(snapshot) for a
        preview visitor on a page that requires a fresh login.
        """
        visitor = session.visitor
        if need.fresh:
            if visitor.is_snapshot and not asked_for:
                way_on = self._config.public_url + request.ask_path("1")
                raise VisitError("snapshot", 403, way_on=way_on)
            if not visitor.was_proven(self._clock(), need.fresh):
                return None
        if not visitor.has(need.scope):
            declined = need.or_silent and request.cookies.get(ASKED_COOKIE) == "no" and not asked_for
            return visitor if declined else None
        if need.scope == "snsapi_base" or visitor.via == "website":
            self._sessions.touch(request.session_id, session)
            return visitor
        return self._with_profile(request, session)

    def _with_profile(self, request: Request, session: Session) -> Visitor | None:
        """Return the visitor with a current profile, or None if a new consent is needed."""
        visitor = session.visitor
        renewed = self._profiles.renewed(visitor, request.lang)
        if renewed is None:  # the openid is still known, so the session continues with it alone
            base = dataclasses.replace(visitor, scope="snsapi_base")
            self._sessions.touch(request.session_id, session, base)
            return None
        self._sessions.touch(request.session_id, session, renewed if renewed is not visitor else None)
        return renewed
