"""The example account, on a real bot and an offline WeChat: its answers, its menu, its public pages."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from handlers.chat.text import HELP
from handlers.menu import REPLIES
from handlers.pages.blog import POSTS
from tests.conditions import until
from tests.launch import PATIENCE, ROOT, Bot, Sandbox, bot_env, start_bot, start_sandbox

WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 MicroMessenger/8.0.44"
PC = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari"
HEADINGS = {
    "/blog": {"zh-CN": "博客", "en": "Blog"},
    "/weibo": {"zh-CN": "微博", "en": "Weibo"},
    "/about": {"zh-CN": "关于", "en": "About"},
}


@pytest.fixture(scope="module")
def wechat() -> Iterator[Sandbox]:
    with start_sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def site(wechat: Sandbox) -> Iterator[Bot]:
    with start_bot(wechat, {"BOT_HANDLERS": "handlers"}, save_callback=True) as bot:
        yield bot


@pytest.fixture
def user(wechat: Sandbox, site: Bot) -> str:
    return wechat.add_user("小明")


def said(act: dict[str, Any]) -> list[str]:
    """Return what the account has said at once in answer to an act of the user."""
    return [message.get("content", message["type"]) for message in act["shown"]]


def test_a_new_follower_is_greeted_and_a_text_is_repeated(wechat: Sandbox, user: str) -> None:
    [greeting] = said(wechat.subscribe(user))
    assert "「帮助」" in greeting
    assert said(wechat.send(user, content="帮助")) == said(wechat.send(user, content="HELP")) == [HELP]
    assert said(wechat.send(user, content="别的")) == ["你说：别的"]


def test_a_slow_answer_arrives(wechat: Sandbox, user: str) -> None:
    wechat.subscribe(user)
    wechat.send(user, content="慢 1")
    until(lambda: [message for message in wechat.chat(user) if message.get("content") == "等了 1 秒"])


def test_the_menu_shows_the_two_qr_codes(wechat: Sandbox, site: Bot, user: str, tmp_path: Path) -> None:
    wechat.subscribe(user)
    install = [sys.executable, "setup_menu.py"]
    env = (
        os.environ
        | bot_env(wechat)
        | {
            "BOT_HANDLERS": "handlers",
            "BOT_PUBLIC_URL": site.url,
            "BOT_SECRET_KEY": "k" * 32,
            "BOT_STORE_URL": f"sqlite:///{tmp_path}/bot.db",
        }
    )
    subprocess.run(install, cwd=ROOT, env=env, check=True, capture_output=True, timeout=PATIENCE)
    for button, _ in enumerate(REPLIES):
        assert said(wechat.tap(user, button)) in (["image"], ["news"])


def get(site: Bot, path: str, lang: str = "zh-CN", agent: str = PC) -> requests.Response:
    """One request without cookies; a redirect is not followed."""
    headers = {"Accept-Language": lang, "User-Agent": agent}
    return requests.get(site.url + path, headers=headers, allow_redirects=False, timeout=60)


@pytest.mark.parametrize("agent", [WECHAT, PC, PHONE], ids=["wechat", "pc", "phone"])
@pytest.mark.parametrize("path", HEADINGS)
def test_a_page_opens_for_anybody_in_both_languages(site: Bot, path: str, agent: str) -> None:
    for lang, heading in HEADINGS[path].items():
        answer = get(site, path, lang, agent)
        assert answer.status_code == 200
        assert f'<html lang="{lang}">' in answer.text
        assert f"<title>{heading}</title>" in answer.text
        assert f"<h1>{heading}</h1>" in answer.text
        assert not answer.cookies


@pytest.mark.parametrize("path", HEADINGS)
def test_its_links_lead_to_the_others_and_home_and_all_of_them_open(site: Bot, path: str) -> None:
    targets = set(re.findall(r'(?:href|src)="(?!mailto:)([^"]+)"', get(site, path).text))
    assert ({"/", *HEADINGS} - {path}) <= targets
    assert ("/static/wb_qr_code.png" in targets) == (path == "/weibo")
    # The home page sends a stranger on to log in.
    expected = {target: 302 if target == "/" else 200 for target in targets}
    assert {target: get(site, target).status_code for target in targets} == expected


@pytest.mark.parametrize(("lang", "index"), [("zh-CN", 0), ("en", 1)])
def test_the_blog_shows_every_post_in_order(site: Bot, lang: str, index: int) -> None:
    text = get(site, "/blog", lang).text
    shown = re.findall(r"<h2>(.+)</h2>\s*<p>(.+)</p>\s*<p.*datetime=\"(.+?)\"", text)
    assert shown == [(post.title[index], post.text[index], post.date) for post in POSTS]
    days = [date.fromisoformat(post.date) for post in POSTS]
    assert days == sorted(days, reverse=True)


@pytest.mark.parametrize(
    ("lang", "words"), [("zh-CN", ("「帮助」", "取消关注")), ("en", ("help", "Unfollow"))]
)
def test_the_about_page_says_how_to_get_help_and_have_data_deleted(
    site: Bot, lang: str, words: tuple[str, ...]
) -> None:
    text = get(site, "/about", lang).text
    assert [word for word in (*words, "mailto:") if word not in text] == []
