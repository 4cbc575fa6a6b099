"""A person with a browser inside WeChat, who follows redirects by hand and agrees when the test says so."""

from urllib.parse import parse_qsl, urlsplit

import requests

from tests.launch import Sandbox


class Phone:
    """One user's browser. Without `keeps_cookies` it sends none back."""

    def __init__(self, wechat: Sandbox, nickname: str = "小刚", *, keeps_cookies: bool = True) -> None:
        self.wechat = wechat
        self.openid = wechat.add_user(nickname)
        self.http = requests.Session()
        self.http.trust_env = False
        self._keeps_cookies = keeps_cookies

    def open(self, url: str, **headers: str) -> requests.Response:
        """One request; a redirect is not followed."""
        if not self._keeps_cookies:
            self.http.cookies.clear()
        return self.http.get(url, allow_redirects=False, headers=headers, timeout=20)

    def to_authorize(self, url: str) -> str:
        """Open a page of ours that does not know us: the authorize link that it sends us to."""
        answer = self.open(url)
        assert answer.status_code == 302, answer.text
        target: str = answer.headers["Location"]
        assert target.startswith(self.wechat.url + "/connect/oauth2/authorize?")
        return target

    def agree(self, authorize: str) -> str:
        """Agree on WeChat's page: the URL of ours, with code and state, that it sends us back to."""
        redirect: str = self.wechat.authorize(self.openid, authorize, "allow")["redirect"]
        return redirect

    def back(self, url: str) -> str:
        """Open `url` and agree."""
        return self.agree(self.to_authorize(url))

    def visit(self, url: str) -> requests.Response:
        """The whole way to a page."""
        answer = self.open(url)
        for _ in range(6):
            if answer.status_code != 302:
                return answer
            target = answer.headers["Location"]
            if target.startswith(self.wechat.url):
                target = self.agree(target)
            answer = self.open(target)
        raise AssertionError(f"redirected in circles: {target}")

    def close(self) -> None:
        self.http.close()


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
