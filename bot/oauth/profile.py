"""Step 6 of a visit: get nickname and avatar from WeChat (userinfo), and renew them after an hour.

This module must not request them if the scope gives only the openid, or at every visit.
"""

import dataclasses
import logging

from bot.errors import WeChatError, WeChatUnreachable
from bot.oauth.call_places import CallPlaces
from bot.oauth.visitor import Visitor
from bot.store import Clock
from bot.wechat.oauth_api import OAuthApi

log = logging.getLogger("bot.oauth")

_PROFILE_SECONDS = 3600.0  # nickname and avatar are renewed after this time
_RETRY_SECONDS = 60.0  # and after this time if WeChat did not answer
_TOKEN_MARGIN = 60.0
_NOT_ALLOWED = 48001


class Profiles:
    """Get profiles with the visitor's own token. `api` is the web-authorization API of the account or of the
    website app."""

    def __init__(self, api: OAuthApi, places: CallPlaces, clock: Clock) -> None:
        self._api = api
        self._places = places
        self._clock = clock

    def filled(self, visitor: Visitor, lang: str) -> Visitor:
        """Return the visitor with a new profile, or unchanged if the scope gives only the openid.

        WeChat sometimes refuses the profile of a preview visitor (48001), although the account has the right.
        Such a visitor looks at the page without a name. Raises WeChatError.
        """
        if not visitor.may_have_profile:
            return visitor
        try:
            return self._asked(visitor, lang)
        except WeChatError as error:
            if not visitor.is_snapshot or error.errcode != _NOT_ALLOWED:
                raise
            return dataclasses.replace(visitor, profile_at=self._clock())

    def renewed(self, visitor: Visitor, lang: str = "zh_CN") -> Visitor | None:
        """Return the visitor with a current profile, or None if the visitor must log in again.

        Calls WeChat only if the profile is over an hour old. The calls are: check the token (/sns/auth),
        refresh it if it is not valid, then get the profile. While WeChat is down, the old profile is
        returned.
        """
        if not visitor.may_have_profile or self._clock() < visitor.profile_at + _PROFILE_SECONDS:
            return visitor
        with self._places.place_if_free() as is_held:
            return self._asked_again(visitor, lang) if is_held else visitor

    def _asked_again(self, visitor: Visitor, lang: str) -> Visitor | None:
        try:
            if self._clock() > visitor.token_expires - _TOKEN_MARGIN or not self._api.is_valid(
                visitor.access_token, visitor.openid
            ):
                visitor = visitor.with_token(self._api.refresh(visitor.refresh_token), self._clock())
            return self._asked(visitor, lang)
        except WeChatUnreachable as error:
            log.warning("[oauth] profile not renewed: %s", error)
            # Try again in a minute, so that not every page view waits while WeChat does not answer.
            return dataclasses.replace(visitor, profile_at=self._clock() - _PROFILE_SECONDS + _RETRY_SECONDS)
        except WeChatError as error:
            log.info("[oauth] profile not renewed, a new login follows: errcode=%d", error.errcode)
            return None

    def _asked(self, visitor: Visitor, lang: str) -> Visitor:
        profile = self._api.userinfo(visitor.access_token, visitor.openid, lang)
        return visitor.with_profile(profile, self._clock())
