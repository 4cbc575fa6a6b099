"""What the tests of pages share: a bot in this process whose clock is WeChat's, and people who visit it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from bot.menu.links import resolve
from tests import account
from tests.conftest import Clock, MakeConfig, Served, StartWeChat, as_account
from tests.launch import Sandbox
from tests.oauth.visitor import Phone

PC = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36"
WECHAT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile MicroMessenger/8.0.44"
)

Serve = Callable[..., Served]
MakePhone = Callable[..., Phone]
Later = Callable[[float], None]


@pytest.fixture
def weixin(start_wechat: StartWeChat) -> Sandbox:
    """WeChat, silent for followers as it really is."""
    return start_wechat("--consent", "silent-for-followers")


@pytest.fixture
def now(weixin: Sandbox) -> Clock:
    return Clock(weixin.state()["clock"]["now"])


@pytest.fixture
def later(weixin: Sandbox, now: Clock) -> Later:
    """Let time pass for the bot and for WeChat."""

    def advance(seconds: float) -> None:
        now.advance(seconds)
        weixin.clock(seconds)

    return advance


@pytest.fixture
def serve(make_config: MakeConfig, weixin: Sandbox, now: Clock) -> Iterator[Serve]:
    """Starts bots of this account with other settings, and perhaps other pages."""
    with ExitStack() as stack:

        def start(pages: Sequence[tuple[str, type]] = account.PAGES, **settings: Any) -> Served:
            account = as_account(weixin)
            # Deliveries carry the real time, whatever the sandbox's clock says.
            account |= {"sms_sender": "sandbox", "freshness_seconds": 3600} | settings
            return stack.enter_context(
                Served(lambda url: make_config(**({"public_url": url} | account)), now, pages=pages)
            )

        yield start


@pytest.fixture
def people(weixin: Sandbox) -> Iterator[MakePhone]:
    """Makes people with phones; each comes from an IP address of their own."""
    with ExitStack() as stack:
        count = iter(range(1, 250))

        def make(*args: Any, subscribed: bool = True, **kwargs: Any) -> Phone:
            phone = Phone(weixin, *args, **kwargs)
            stack.callback(phone.close)
            phone.http.headers["X-Forwarded-For"] = f"10.0.0.{next(count)}"
            if subscribed:
                weixin.call("POST", f"users/{phone.openid}/subscribe", {})
            return phone

        yield make


@pytest.fixture
def pc() -> Iterator[Callable[..., requests.Session]]:
    """Makes browsers on PCs."""
    with ExitStack() as stack:

        def make(address: str = "203.0.113.7") -> requests.Session:
            session = stack.enter_context(requests.Session())
            session.trust_env = False
            session.headers.update({"User-Agent": PC, "X-Forwarded-For": address, "Accept-Language": "zh-CN"})
            return session

        yield make


def menu_link(site: Served, path: str = "/", scope: str = "snsapi_userinfo") -> str:
    """Return the link behind a menu button that opens `path`."""
    pages = {"button": [{"type": "view", "name": "m", "page": path, "scope": scope}]}
    url: str = resolve(pages, site.config, site.parts.states)["button"][0]["url"]
    return url


def facts(log: pytest.LogCaptureFixture, name: str) -> list[dict[str, Any]]:
    """Return the facts of the log lines of a logger."""
    return [record.facts for record in log.records if record.name == name]  # type: ignore[attr-defined]
