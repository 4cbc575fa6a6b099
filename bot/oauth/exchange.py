"""Step 5 of a visit: exchange a code for the visitor's openid and token. Step 6 then adds the profile.

This module must not exchange a code twice, or make many visitors wait if WeChat does not answer.
"""

import logging

from bot.errors import VisitError, WeChatError, WeChatUnreachable
from bot.oauth.call_places import CallPlaces
from bot.oauth.doubled_redirect import DoubledRedirects
from bot.oauth.profile import Profiles
from bot.oauth.visitor import Visitor
from bot.store import Clock, Store
from bot.wechat.oauth_api import OAuthApi

log = logging.getLogger("bot.oauth")

_REASONS = {  # errcode of /sns/oauth2/access_token -> (reason, status)
    40029: ("bad-code", 400),
    40163: ("used-code", 400),
    42003: ("bad-code", 400),
    41008: ("bad-code", 400),
}


class Exchange:
    """Exchange the codes of one app: the account's, or the website app's."""

    def __init__(
        self,
        api: OAuthApi,
        profiles: Profiles,
        places: CallPlaces,
        doubled_redirects: DoubledRedirects,
        clock: Clock,
    ) -> None:
        self.profiles = profiles
        self._api = api
        self._places = places
        self._doubled_redirects = doubled_redirects
        self._clock = clock

    def visitor(self, code: str, lang: str = "zh_CN") -> Visitor:
        """Return the visitor of a code. Makes two calls to WeChat, or one if the scope gives only the openid.

        A second caller with the same code gets the result of the first. `lang` is the language of names in
        the profile. Raises VisitError: bad-code, used-code, not-allowed, wechat-down, or busy if too many
        visits are calling WeChat.
        """
        with self._places.place():
            return self._doubled_redirects.once(code, lambda: self._exchange(code, lang))

    def _exchange(self, code: str, lang: str) -> Visitor:
        try:
            answer = self._api.exchange(code)
            visitor = Visitor(openid=str(answer["openid"]), scope="").with_token(answer, self._clock())
            return self.profiles.filled(visitor, lang)
        except WeChatUnreachable as error:
            log.warning("[oauth] %s", error)
            raise VisitError("wechat-down", 502, error.errcode) from error
        except WeChatError as error:
            reason, status = _REASONS.get(error.errcode, ("wechat-down", 502))
            if error.errcode == 48001:
                reason, status = "not-allowed", 403
            log.warning("[oauth] code not exchanged: errcode=%d", error.errcode)
            raise VisitError(reason, status, error.errcode) from error


def open_exchange(api: OAuthApi, store: Store, patience: float, clock: Clock) -> Exchange:
    """Build the exchange of one app. A doubled redirect waits up to `patience` seconds."""
    places = CallPlaces()
    return Exchange(api, Profiles(api, places, clock), places, DoubledRedirects(store, patience), clock)
