"""The four web-authorization calls under /sns. Their tokens belong to a visitor, not to the account."""

from typing import Any

from bot.errors import WeChatError
from bot.wechat.answers import text_of
from bot.wechat.endpoints import Endpoints
from bot.wechat.http import Http


class OAuthApi:
    """The web-authorization API for one app: the account, or a website app. Each app has its own id and
    secret.

    Every method raises WeChatError for an errcode, and WeChatUnreachable if there is no answer.
    Source: "web authorization" in WeChat's developer documents.
    """

    def __init__(self, endpoints: Endpoints, app_id: str, secret: str, http: Http) -> None:
        self._endpoints = endpoints
        self._app_id = app_id
        self._secret = secret
        self._http = http

    def exchange(self, code: str) -> dict[str, Any]:
        """Exchange a code for a visitor's access_token and openid.

        The answer nearly always has refresh_token, scope and expires_in, and may have unionid and
        is_snapshotuser. A code can be used once (else 40163) within five minutes (else 42003).
        """
        answer = self._http.get(
            self._endpoints.api("/sns/oauth2/access_token"),
            {
                "appid": self._app_id,
                "secret": self._secret,
                "code": code,
                "grant_type": "authorization_code",
            },
        )
        for name in ("access_token", "openid"):
            text_of(answer, name, "/sns/oauth2/access_token")
        return answer

    def is_valid(self, access_token: str, openid: str) -> bool:
        """Return True if WeChat still accepts a visitor's access_token."""
        try:
            self._http.get(self._endpoints.api("/sns/auth"), {"access_token": access_token, "openid": openid})
        except WeChatError as error:
            if error.errcode in (40001, 40003, 40014, 42001):
                return False
            raise
        return True

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        """Return an answer with a new access_token. A refresh_token can be used for 30 days after the
        visitor's consent (then 42002)."""
        answer = self._http.get(
            self._endpoints.api("/sns/oauth2/refresh_token"),
            {
                "appid": self._app_id,
                "grant_type": "refresh_token",
                "refresh_token": refresh_token,
            },
        )
        text_of(answer, "access_token", "/sns/oauth2/refresh_token")
        return answer

    def userinfo(self, access_token: str, openid: str, lang: str = "zh_CN") -> dict[str, Any]:
        """Return nickname, headimgurl and perhaps unionid of a visitor. The token needs the scope
        snsapi_userinfo (else 48001)."""
        return self._http.get(
            self._endpoints.api("/sns/userinfo"),
            {"access_token": access_token, "openid": openid, "lang": lang},
        )
