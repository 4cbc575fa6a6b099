"""The menu: every limit of WeChat's is checked before anything is sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import MenuError
from bot.menu.buttons import click_keys
from bot.menu.written_menus import WrittenMenus, read_menus
from tests.menu.written import Button, click, parent, view


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
