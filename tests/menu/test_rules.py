"""The menu: every limit of WeChat's is checked before anything is sent, and the shipped menu keeps them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.replies.returned import Picture
from bot.chat.router import Chat
from bot.errors import MenuError
from bot.menu.buttons import click_keys, plain
from bot.menu.description import changes, describe
from bot.menu.links import resolve
from bot.menu.rules import pages
from bot.menu.written_menus import WrittenMenus, read_menus
from bot.oauth.state import States
from bot.store import Store, open_store
from tests import account
from tests.account.menu import REPLIES
from tests.conftest import APP_ID, NOWHERE, SECRET_KEY, MakeConfig

Button = dict[str, Any]


def click(name: str = "a", key: str = "k") -> Button:
    return {"type": "click", "name": name, "key": key}


def view(url: str = "https://a.example/", name: str = "a") -> Button:
    return {"type": "view", "name": name, "url": url}


def parent(*subs: Any, name: str = "p") -> Button:
    return {"name": name, "sub_button": list(subs)}


def faults(*buttons: Any, answered: set[str] | None = None) -> list[str]:
    """What `checked` finds wrong; every key is answered unless the test says otherwise."""
    wanted = {"button": list(buttons)}
    try:
        WrittenMenus(wanted).checked(click_keys(wanted) if answered is None else answered)
    except MenuError as error:
        return error.faults
    return []


FULL = [view(name=str(n)) for n in range(5)]

GOOD: dict[str, list[Button]] = {
    "one": [view()],
    "three": [view(), view(), view()],
    "five below": [parent(*FULL)],
    "16 bytes on top": [view(name="x" * 16)],
    "5 chinese on top": [view(name="中" * 5)],
    "60 bytes below": [parent(view(name="中" * 20))],
    "128 bytes of key": [click(key="键" * 42 + "xx")],
    "1024 bytes of url": [view("https://a.example/" + "x" * (1024 - 18))],
    "emoji": [view(name="😀")],
    **{
        kind: [{"type": kind, "name": "a", "key": "k"}]
        for kind in ("click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album",
                     "pic_weixin", "location_select")
    },
    "miniprogram": [{"type": "miniprogram", "name": "a", "url": "http://a.example", "appid": "wx1",
                     "pagepath": "pages/index"}],
    "media_id": [{"type": "media_id", "name": "a", "media_id": "m"}],
    "view_limited": [{"type": "view_limited", "name": "a", "media_id": "m"}],
    "article_id": [{"type": "article_id", "name": "a", "article_id": "m"}],
    "article_view_limited": [{"type": "article_view_limited", "name": "a", "article_id": "m"}],
}  # fmt: skip


@pytest.mark.parametrize("buttons", GOOD.values(), ids=GOOD)
def test_a_menu_within_the_limits_has_no_faults(buttons: list[Button]) -> None:
    assert faults(*buttons) == []


BAD: dict[str, tuple[list[Any], str]] = {
    "none": ([], "1 to 3"),
    "four": ([view()] * 4, "1 to 3"),
    "six below": ([parent(*FULL, view())], "1 to 5"),
    "none below": ([parent()], "1 to 5"),
    "three levels": ([parent(parent(view()))], "two levels"),
    "no name": ([{"type": "click", "key": "k"}], "name"),
    "empty name": ([view(name="")], "name"),
    "number for a name": ([view(name=1)], "name"),  # type: ignore[arg-type]
    "17 bytes on top": ([view(name="x" * 17)], "17 bytes"),
    "6 chinese on top": ([view(name="中" * 6)], "18 bytes"),
    "6 chinese on a parent": ([parent(view(), name="中" * 6)], "18 bytes"),
    "61 bytes below": ([parent(view(name="x" * 61))], "61 bytes"),
    "no type": ([{"name": "a", "url": "http://a.example"}], "type"),
    "unknown type": ([{"type": "tap", "name": "a"}], "'tap'"),
    "type and sub-buttons": ([{**parent(view()), "type": "click", "key": "k"}], "not both"),
    "no key": ([{"type": "click", "name": "a"}], "needs key"),
    "empty key": ([click(key="")], "needs key"),
    "129 bytes of key": ([click(key="x" * 129)], "129 bytes"),
    "43 chinese of key": ([click(key="键" * 43)], "129 bytes"),
    "no url": ([{"type": "view", "name": "a"}], "needs url"),
    "1025 bytes of url": ([view("https://a.example/" + "x" * (1025 - 18))], "1025 bytes"),
    "url without scheme": ([view("a.example")], "http"),
    "url of a script": ([view("javascript:alert(1)")], "http"),
    "url that is none": ([view("http://[::1")], "a"),
    "miniprogram without pagepath": (
        [{"type": "miniprogram", "name": "a", "url": "http://a.example", "appid": "wx1"}], "pagepath"),
    "media without media_id": ([{"type": "media_id", "name": "a"}], "media_id"),
    "media_id without end": ([{"type": "media_id", "name": "a", "media_id": "m" * 1025}], "media_id"),
    "scope without page": ([{**view(), "scope": "snsapi_base"}], "scope"),
    "a text for a button": (["sub_button"], ""),
    "a text for a sub-button": ([parent("sub_button")], ""),
    "a list for a type": ([{"type": ["click"], "name": "a"}], "type"),
}  # fmt: skip


@pytest.mark.parametrize(("buttons", "words"), BAD.values(), ids=BAD)
def test_a_menu_beyond_a_limit_is_a_fault_that_says_which(buttons: list[Any], words: str) -> None:
    found = faults(*buttons)
    assert found
    assert words in " ".join(found)


def test_all_faults_come_at_once_and_name_their_buttons() -> None:
    found = faults(
        click("x" * 17),
        parent(view("ftp://a", name="link"), {"type": "click", "name": "tap"}),
        answered={"k"},
    )
    assert len(found) == 3
    assert all(name in text for name, text in zip(("x" * 17, "link", "tap"), found, strict=True))


def test_a_key_that_nobody_answers_and_an_answer_that_no_button_asks_for_are_faults() -> None:
    found = faults(click("a", "asked"), answered={"orphan"})
    assert len(found) == 2
    assert "'asked'" in found[0]
    assert "'orphan'" in found[1]


def test_keys_are_found_in_sub_menus_and_in_every_type_that_has_one() -> None:
    scan = {"type": "scancode_push", "name": "s", "key": "scan"}
    assert click_keys({"button": [click("a", "top"), parent(click("b", "sub"), scan, view())]}) == {
        "top", "sub", "scan",
    }  # fmt: skip


KEYS = [
    *("name", "type", "key", "url", "sub_button", "page", "scope", "button", "menu", "conditionalmenu"),
    *("selfmenu_info", "matchrule", "tag_id", "group_id", "client_platform_type", "sex", "list", "x"),
]
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(st.characters(codec="utf-8"), max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(KEYS), inner),
    ),
    max_leaves=12,
)


@given(JSON, JSON, JSON)
def test_whatever_stands_in_the_menu_is_a_menu_error_and_no_crash(menu: Any, other: Any, rule: Any) -> None:
    """It is written by hand: a slip of any kind must be told, not traced."""
    conditional = [other, {"button": other, "matchrule": rule}]
    for written in (
        WrittenMenus({"button": menu}, conditional),
        read_menus(menu, ()),
        read_menus({"menu": {"button": menu}, "conditionalmenu": conditional}, ()),
    ):
        written.pages()
        try:
            written.checked(set())
        except MenuError as error:
            assert error.faults  # noqa: PT017  both ways are right; no other error is


# -- pages of this site


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
        {"name": "three", "sub_button": [click("x" * 61), *FULL]},
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


# -- comparing


def test_the_same_menu_as_wechat_gives_it_back_is_no_change() -> None:
    ours = {"button": [click(), parent(view())]}
    got = {"button": [{**click(), "sub_button": []}, parent({**view(), "sub_button": []})]}
    current = {"button": [click(), {"name": "p", "sub_button": {"list": [view()]}}]}
    for menu in (got, current):
        assert plain(menu["button"]) == plain(ours["button"])


def test_changes_are_shown_line_by_line() -> None:
    old = {"button": [click("old", "k"), parent(view(name="stays"))]}
    new = {"button": [click("new", "k"), parent(view(name="stays"), view(name="more"))]}
    lines = changes(old, new)
    assert "-old  [click] k" in lines
    assert "+new  [click] k" in lines
    assert any(line.startswith("+") and "more" in line for line in lines)
    assert any(line.startswith(" ") and "stays" in line for line in lines)


def test_a_first_menu_is_all_new() -> None:
    assert changes(None, {"button": [click()]}) == ["+a  [click] k"]
    assert describe(None) == ["(no menu)"]


def test_a_change_of_any_field_is_a_change() -> None:
    base = {"type": "miniprogram", "name": "a", "url": "http://a", "appid": "wx1", "pagepath": "p"}
    for field in ("name", "url", "appid", "pagepath"):
        assert changes({"button": [base]}, {"button": [{**base, field: "other"}]})
    assert changes({"button": [click(), view()]}, {"button": [view(), click()]})


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
