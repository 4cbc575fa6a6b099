"""The pages of the example that anybody may read: they open in every browser, in both languages, and the
visitor is not asked who they are."""

import re
from datetime import date

import pytest
import requests

from handlers.pages.blog import POSTS
from tests.conftest import Served
from tests.visiting import PC, WECHAT, Serve

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari"
HEADINGS = {
    "/blog": {"zh-CN": "博客", "en": "Blog"},
    "/weibo": {"zh-CN": "微博", "en": "Weibo"},
    "/about": {"zh-CN": "关于", "en": "About"},
}


@pytest.fixture
def site(serve: Serve) -> Served:
    return serve()


def get(site: Served, path: str, lang: str = "zh-CN", agent: str = PC) -> requests.Response:
    """One request without cookies; a redirect is not followed."""
    headers = {"Accept-Language": lang, "User-Agent": agent}
    return requests.get(site.url + path, headers=headers, allow_redirects=False, timeout=60)


@pytest.mark.parametrize("agent", [WECHAT, PC, PHONE], ids=["wechat", "pc", "phone"])
@pytest.mark.parametrize("path", HEADINGS)
def test_a_page_opens_for_anybody_in_both_languages(site: Served, path: str, agent: str) -> None:
    for lang, heading in HEADINGS[path].items():
        answer = get(site, path, lang, agent)
        assert answer.status_code == 200
        assert f'<html lang="{lang}">' in answer.text
        assert f"<title>{heading}</title>" in answer.text
        assert f"<h1>{heading}</h1>" in answer.text
        assert not answer.cookies


@pytest.mark.parametrize("path", HEADINGS)
def test_its_links_lead_to_the_others_and_home_and_all_of_them_open(site: Served, path: str) -> None:
    targets = set(re.findall(r'(?:href|src)="(?!mailto:)([^"]+)"', get(site, path).text))
    assert ({"/", *HEADINGS} - {path}) <= targets
    assert ("/static/wb_qr_code.png" in targets) == (path == "/weibo")
    # The home page sends a stranger on to log in.
    expected = {target: 302 if target == "/" else 200 for target in targets}
    assert {target: get(site, target).status_code for target in targets} == expected


@pytest.mark.parametrize(("lang", "index"), [("zh-CN", 0), ("en", 1)])
def test_the_blog_shows_every_post_in_order(site: Served, lang: str, index: int) -> None:
    text = get(site, "/blog", lang).text
    shown = re.findall(r"<h2>(.+)</h2>\s*<p>(.+)</p>\s*<p.*datetime=\"(.+?)\"", text)
    assert shown == [(post.title[index], post.text[index], post.date) for post in POSTS]
    days = [date.fromisoformat(post.date) for post in POSTS]
    assert days == sorted(days, reverse=True)


@pytest.mark.parametrize(
    ("lang", "words"), [("zh-CN", ("「帮助」", "取消关注")), ("en", ("help", "Unfollow"))]
)
def test_the_about_page_says_how_to_get_help_and_have_data_deleted(
    site: Served, lang: str, words: tuple[str, ...]
) -> None:
    text = get(site, "/about", lang).text
    assert [word for word in (*words, "mailto:") if word not in text] == []
