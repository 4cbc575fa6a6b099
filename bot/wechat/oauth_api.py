"""The four web-authorization calls under /sns. Their tokens are a visitor's, not the account's."""

from typing import Any

from bot.errors import WeChatError, WeChatUnreachable
from bot.wechat.endpoints import Endpoints
from bot.wechat.http import Http


class OAuthApi:
    """The account's, or a website app's: each has its own id and secret.

    Every method raises WeChatError for an errcode and WeChatUnreachable where there is no answer.

    Document: "web authorization" of WeChat's developer documents.
    """

    def __init__(self, endpoints: Endpoints, app_id: str, secret: str, http: Http) -> None:
        self._endpoints = endpoints
        self._app_id = app_id
        self._secret = secret
        self._http = http

    def exchange(self, code: str) -> dict[str, Any]:
        """code -> access_token and openid, and nearly always refresh_token, scope, expires_in, maybe unionid
        and is_snapshotuser. A code is good once (40163) and for five minutes (42003)."""
        answer = self._http.get(
            self._endpoints.api("/sns/oauth2/access_token"),
            {
                "appid": self._app_id,
                "secret": self._secret,
                "code": code,
                "grant_type": "authorization_code",
            },
        )
        return _with(answer, "access_token", "openid")

    def is_valid(self, access_token: str, openid: str) -> bool:
        """Whether WeChat still takes a visitor's token."""
        try:
            self._http.get(self._endpoints.api("/sns/auth"), {"access_token": access_token, "openid": openid})
        except WeChatError as error:
            if error.errcode in (40001, 40003, 40014, 42001):
                return False
            raise
        return True

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        """A fresh access_token, for 30 days after the visitor's consent (then 42002)."""
        answer = self._http.get(
            self._endpoints.api("/sns/oauth2/refresh_token"),
            {
                "appid": self._app_id,
                "grant_type": "refresh_token",
                "refresh_token": refresh_token,
            },
        )
        return _with(answer, "access_token")

    def userinfo(self, access_token: str, openid: str, lang: str = "zh_CN") -> dict[str, Any]:
        """nickname, headimgurl, maybe unionid. Needs a token of scope snsapi_userinfo (else 48001)."""
        return self._http.get(
            self._endpoints.api("/sns/userinfo"),
            {"access_token": access_token, "openid": openid, "lang": lang},
        )


def _with(answer: dict[str, Any], *names: str) -> dict[str, Any]:
    """The answer, if it has these texts."""
    for name in names:
        if not isinstance(answer.get(name), str) or not answer[name]:
            raise WeChatUnreachable(f"the answer has no {name}")
    return answer
