"""What the tests of a visit share: a bot with the home page and two more, inside the test's process.

Its clock, `wechat_clock`, begins at WeChat's time. Some modules have a `site` and a `phone` of their own.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from bot.site.page import Page
from tests.account.pages import Home
from tests.conftest import Clock, MakeConfig, Served, as_account
from tests.launch import Sandbox
from tests.oauth.visitor import Phone
from tests.visiting import Later

EXCHANGE = "/sns/oauth2/access_token"


class Quiet(Page):
    """A page that needs to know the openid only."""

    def GET(self) -> str:
        visitor = self.visitor("snsapi_base")
        return f"openid={visitor.openid} proven={visitor.is_proven} snapshot={visitor.is_snapshot}"


class Faulty(Page):
    def GET(self) -> str:
        raise RuntimeError("private words")


PAGES = [("/", Home), ("/quiet", Quiet), ("/faulty", Faulty)]


@pytest.fixture
def wechat_clock(wechat: Sandbox) -> Clock:
    return Clock(wechat.state()["clock"]["now"])


@pytest.fixture
def site(make_config: MakeConfig, wechat: Sandbox, wechat_clock: Clock) -> Iterator[Served]:
    account = as_account(wechat)
    with Served(lambda url: make_config(**account, public_url=url), wechat_clock, pages=PAGES) as served:
        yield served


@pytest.fixture
def make_phone(wechat: Sandbox) -> Iterator[Callable[..., Phone]]:
    phones: list[Phone] = []

    def make(*args: Any, **kwargs: Any) -> Phone:
        phones.append(Phone(wechat, *args, **kwargs))
        return phones[-1]

    yield make
    for phone in phones:
        phone.close()


@pytest.fixture
def phone(make_phone: Callable[..., Phone]) -> Phone:
    return make_phone()


@pytest.fixture
def time_passes(wechat: Sandbox, wechat_clock: Clock) -> Later:
    def advance(seconds: float) -> None:
        wechat_clock.advance(seconds)
        wechat.clock(seconds)

    return advance


def asked(wechat: Sandbox, path: str = EXCHANGE) -> int:
    return sum(call["path"] == path for call in wechat.calls())


def result_of(log: pytest.LogCaptureFixture) -> str:
    result: str = [record for record in log.records if record.name == "bot.request"][-1].facts["result"]  # type: ignore[attr-defined]
    return result


class Trouble:
    """What a visitor and an operator see of a visit that cannot go on."""

    def __init__(self, site: Served, log: pytest.LogCaptureFixture) -> None:
        self._site = site
        self._log = log

    def expect(self, answer: requests.Response, status: int, reason: str) -> None:
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "no-store" in answer.headers["Cache-Control"]
        assert "Traceback" not in answer.text
        assert '<a class="button" href="/' in answer.text, "there must be a way on"
        assert "session" not in answer.cookies
        (line,) = [record for record in self._log.records if record.name == "bot.request"]
        assert line.facts["result"] == reason  # type: ignore[attr-defined]
        assert line.facts["status"] == str(status)  # type: ignore[attr-defined]
        for record in self._log.records:
            assert record.exc_info is None
            assert "\n" not in record.getMessage()
        for secret in (self._site.config.app_secret, self._site.config.secret_key):
            assert secret not in self._log.text
        self._log.clear()


@pytest.fixture
def trouble(site: Served, log: pytest.LogCaptureFixture) -> Trouble:
    return Trouble(site, log)
