"""Buttons that lead to a page of this site, and the shipped menu, which has such buttons."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.chat.replies.returned import Picture
from bot.chat.router import Chat
from bot.errors import MenuError
from bot.menu.links import resolve
from bot.menu.rules import pages
from bot.menu.written_menus import WrittenMenus
from bot.oauth.state import States
from bot.store import Store, open_store
from tests import account
from tests.account.menu import REPLIES
from tests.conftest import APP_ID, NOWHERE, SECRET_KEY, MakeConfig
from tests.menu.written import click, parent, view


@pytest.fixture
def store() -> Iterator[Store]:
    store = open_store("sqlite:///:memory:", app_id=APP_ID)
    yield store
    store.close()


@pytest.fixture
def states(store: Store) -> States:
    return States(store, SECRET_KEY)


def test_a_page_with_a_scope_becomes_exactly_wechats_authorize_link(
    make_config: MakeConfig, states: States
) -> None:
    config = make_config(public_url="https://bot.example.com/bot")
    page = {"type": "view", "name": "a", "page": "/account?tab=1", "scope": "snsapi_base"}
    (button,) = resolve({"button": [page]}, config, states)["button"]
    assert button == {
        "type": "view",
        "name": "a",
        "url": (
            f"{NOWHERE}/connect/oauth2/authorize?appid={APP_ID}"
            "&redirect_uri=https%3A%2F%2Fbot.example.com%2Fbot%2Faccount%3Ftab%3D1"
            f"&response_type=code&scope=snsapi_base&state={states.for_menu('/account')}#wechat_redirect"
        ),
    }


def test_a_page_without_a_scope_becomes_a_plain_link(make_config: MakeConfig, states: States) -> None:
    wanted = {"button": [parent({"type": "view", "name": "a", "page": "/about"}), view()]}
    resolved = resolve(wanted, make_config(), states)
    assert resolved["button"][0]["sub_button"][0]["url"] == "https://bot.example.com/about"
    assert resolved["button"][1] == view()
    assert wanted["button"][0]["sub_button"][0]["page"] == "/about", "the operator's own is left as it was"


@pytest.mark.parametrize(
    "wrong",
    [
        {"page": "account", "scope": "snsapi_base"},
        {"page": "account"},
        {"page": "/", "scope": "snsapi_login"},
        {"page": "/", "scope": ""},
        {"page": 1},
        {"page": "/\ud800"},
        {"page": "/", "url": "https://a.example/"},
        {"type": "click", "key": "k", "page": "/"},
    ],
    ids=str,
)
def test_a_wrong_page_or_scope_is_a_fault(
    make_config: MakeConfig, states: States, wrong: dict[str, Any]
) -> None:
    menu = {"button": [{"type": "view", "name": "a", **wrong}]}
    with pytest.raises(MenuError):
        WrittenMenus(menu).resolved(make_config(), states).checked(set())


def test_faults_of_pages_keys_and_limits_come_together(make_config: MakeConfig, states: States) -> None:
    """Whoever mends what was said must not be told the next thing."""
    wrong = [
        {"type": "view", "name": "one", "page": "account"},
        {"type": "view", "name": "two", "page": "/", "scope": "snsapi_login"},
        {"name": "three", "sub_button": [click("x" * 61), *[view()] * 5]},
        {"type": "click", "name": "four"},
        5,
    ]
    with pytest.raises(MenuError) as error:
        WrittenMenus({"button": wrong}).resolved(make_config(), states).checked(set(), ["/gone"])
    said = error.value.faults
    assert len(said) == 9
    for words in (
        "not 5",
        "one: page",
        "two: scope",
        "61 bytes",
        "not 6",
        "four: a click",
        "dict",
        "'k'",
        "/gone",
    ):
        assert any(words in fault for fault in said), words


def test_the_pages_that_a_menu_names_are_found(make_config: MakeConfig, states: States) -> None:
    links = [{"type": "view", "name": "a", "page": page} for page in ("/", "/a?b", "bad", 5)]
    assert pages({"button": [parent(*links[:2]), *links[2:]]}) == ["/", "/a?b"]


@pytest.mark.parametrize("wrong", [[1], None, 5, {"button": {"name": "a"}}], ids=str)
def test_what_is_no_menu_at_all_is_a_fault(make_config: MakeConfig, states: States, wrong: Any) -> None:
    assert pages(wrong) == []
    with pytest.raises(MenuError, match="a menu is a dict"):
        WrittenMenus(wrong).resolved(make_config(), states).checked(set())


@pytest.mark.parametrize(
    "wrong",
    [{}, {"button": None}, {"button": ["x"]}, {"button": [{"name": "a", "sub_button": None}]}],
    ids=str,
)
def test_a_misshapen_menu_is_a_fault(make_config: MakeConfig, states: States, wrong: dict[str, Any]) -> None:
    with pytest.raises(MenuError):
        WrittenMenus(wrong).resolved(make_config(), states).checked(set())


# -- the shipped menu


def test_the_shipped_menu_is_within_all_limits_and_every_key_has_a_reply(
    make_config: MakeConfig, states: States
) -> None:
    replies = {route.click_key for route in account.CHAT if route.click_key}
    menus = WrittenMenus(account.MENU).resolved(make_config(), states).checked(replies)
    assert menus.click_keys() == set(REPLIES) == replies == {"wx_qr_code", "wb_qr_code"}


def test_the_shipped_menu_has_these_buttons_in_this_order(make_config: MakeConfig, states: States) -> None:
    first, second, third = resolve(account.MENU, make_config(), states)["button"]
    assert first == click("微信关注", "wx_qr_code")
    assert second == click("微博关注", "wb_qr_code")
    assert third["name"] == "更多精彩"
    links = third["sub_button"]
    assert [link["name"] for link in links] == ["博客", "微博", "关于", "我的主页"]
    assert [link["type"] for link in links] == ["view"] * 4
    site = "https://bot.example.com"
    assert [link["url"] for link in links[:3]] == [f"{site}/blog", f"{site}/weibo", f"{site}/about"]
    assert "redirect_uri=https%3A%2F%2Fbot.example.com%2F&" in links[3]["url"]
    assert "&scope=snsapi_userinfo&" in links[3]["url"]


def test_every_link_of_the_shipped_menu_is_a_page_of_this_site() -> None:
    """A link to another host shows a browser's error page where the bot runs without the internet."""
    buttons = [leaf for top in account.MENU["button"] for leaf in top.get("sub_button", [top])]
    links = [button for button in buttons if button["type"] == "view"]
    paths = [path for path, _ in account.PAGES]
    assert links
    assert [link for link in links if "url" in link or link["page"] not in paths] == []


def test_every_reply_to_a_click_is_a_picture_that_exists() -> None:
    for handler in REPLIES.values():
        picture = handler(Chat(None, "o", None))  # type: ignore[arg-type]
        assert isinstance(picture, Picture)
        assert Path("static", picture.file).stat().st_size > 100
