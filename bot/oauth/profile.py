"""Step 6 of a visit: ask WeChat for nickname and avatar (userinfo), and again once they are an hour old.

It must not ask where the scope gives only the openid, nor at every visit.
"""

import dataclasses
import logging

from bot.errors import WeChatError, WeChatUnreachable
from bot.oauth.call_places import CallPlaces
from bot.oauth.visitor import Visitor
from bot.store import Clock
from bot.wechat.oauth_api import OAuthApi

log = logging.getLogger("bot.oauth")

_PROFILE_SECONDS = 3600.0  # nickname and avatar are asked for again after this
_RETRY_SECONDS = 60.0  # and after this, if WeChat did not answer
_TOKEN_MARGIN = 60.0


class Profiles:
    """Ask for profiles with the visitor's own token. `api` is the account's or the website app's."""

    def __init__(self, api: OAuthApi, places: CallPlaces, clock: Clock) -> None:
        self._api = api
        self._places = places
        self._clock = clock

    def filled(self, visitor: Visitor, lang: str) -> Visitor:
        """Return the visitor with a new profile; unchanged where the scope gives only the openid.

        Raises WeChatError.
        """
        return self._asked(visitor, lang) if visitor.may_have_profile else visitor

    def renewed(self, visitor: Visitor, lang: str = "zh_CN") -> Visitor | None:
        """Return the visitor with a profile that is not stale, or None if WeChat wants a new login.

        Asks WeChat only if the profile is over an hour old: whether the token is still good (/sns/auth), for
        another token if it is not, then for the profile. While WeChat is down, the old profile is returned.
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
            # Ask again in a minute: not every view of a page must wait for a silent WeChat.
            return dataclasses.replace(visitor, profile_at=self._clock() - _PROFILE_SECONDS + _RETRY_SECONDS)
        except WeChatError as error:
            log.info("[oauth] profile not renewed, new login: errcode=%d", error.errcode)
            return None

    def _asked(self, visitor: Visitor, lang: str) -> Visitor:
        profile = self._api.userinfo(visitor.access_token, visitor.openid, lang)
        return dataclasses.replace(
            visitor,
            nickname=str(profile.get("nickname", "")),
            avatar=str(profile.get("headimgurl", "")),
            unionid=str(profile.get("unionid") or visitor.unionid),
            profile_at=self._clock(),
        )
