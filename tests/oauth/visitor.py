"""A person with a browser inside WeChat, who follows redirects by hand and agrees when the test says so."""

import re
from html import unescape
from urllib.parse import parse_qsl, urljoin, urlsplit

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
        return self.http.get(url, allow_redirects=False, headers=headers, timeout=60)

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

    def submit(self, page: requests.Response, **fields: str) -> requests.Response:
        """Send the form of a page that `fields` belong to; the answer, redirects not followed."""
        action, hidden = form_of(page.text, next(iter(fields)))
        url = urljoin(page.url, action) if action else page.url
        return self.send(url, hidden | fields)

    def send(self, url: str, fields: dict[str, str], **headers: str) -> requests.Response:
        if not self._keeps_cookies:
            self.http.cookies.clear()
        return self.http.post(url, data=fields, headers=headers, allow_redirects=False, timeout=60)

    def follow(self, answer: requests.Response) -> requests.Response:
        """Where a redirect after a form leads, the whole way."""
        assert answer.status_code == 303, (answer.status_code, answer.text)
        return self.visit(answer.headers["Location"])

    def close(self) -> None:
        self.http.close()


def form_of(page: str, name: str) -> tuple[str, dict[str, str]]:
    """Where the form goes that has a field or button `name`, and its hidden fields."""
    for tag, inside in re.findall(r"<form([^>]*)>(.*?)</form>", page, re.DOTALL):
        if f'name="{name}"' in inside:
            action = re.search(r'action="([^"]*)"', tag)
            hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', inside)
            return unescape(action.group(1)) if action else "", {
                key: unescape(value) for key, value in hidden
            }
    raise AssertionError(f"no form with {name} on the page:\n{page}")


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
