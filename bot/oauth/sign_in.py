"""Step 7 of a visit: begin or end a session. Each login and logout writes a line to the audit log.

This module must not decide who the visitor is: callers pass a visitor whose openid comes from WeChat.
"""

import dataclasses

from bot.oauth.request import BROWSER_COOKIE, SESSION_COOKIE, Go, Request, browser_of
from bot.oauth.session import Sessions
from bot.oauth.visitor import Visitor
from bot.people import Bindings
from bot.store import Clock
from bot.telemetry.log import audit


class SignIn:
    """Begin and end the sessions of browsers. `bindings` stores the unionid of a visitor who signs in and has
    a bound phone."""

    def __init__(self, sessions: Sessions, bindings: Bindings, clock: Clock) -> None:
        self._sessions = sessions
        self._bindings = bindings
        self._clock = clock

    def proven(self, visitor: Visitor, via: str = "wechat") -> Visitor:
        """Return the visitor marked as proven now: their login returned to the browser that began it."""
        return dataclasses.replace(visitor, is_proven=True, proven_at=self._clock(), via=via)

    def welcome(self, request: Request, visitor: Visitor, url: str) -> Go:
        """Begin a new session and end the previous one of this browser. Return the redirect to `url`."""
        before = self._sessions.find(request.session_id)
        if before and before.visitor.openid != visitor.openid and before.visitor.via == visitor.via:
            audit("switched", openid=visitor.openid, way=visitor.via, address=request.address)
        self._sessions.end(request.session_id)
        if visitor.unionid and not visitor.is_snapshot:
            self._bindings.learn(visitor.openid, visitor.unionid)
        proven, address = visitor.is_proven, request.address
        audit("login", openid=visitor.openid, way=visitor.via, proven=proven, address=address)
        session_id = self._sessions.begin(visitor)
        return Go(url, {SESSION_COOKIE: session_id, BROWSER_COOKIE: browser_of(request.cookies)})

    def leave(self, request: Request, url: str, *, everywhere: bool) -> Go:
        """End this browser's session, or all sessions of its person. Return the redirect to `url`."""
        session = self._sessions.find(request.session_id)
        if session:
            if everywhere:
                self._sessions.end_all(session.visitor.openid, session.visitor.unionid)
            openid, address = session.visitor.openid, request.address
            audit("logout", openid=openid, everywhere=everywhere, address=address)
        self._sessions.end(request.session_id)
        return Go(url, {SESSION_COOKIE: ""})
