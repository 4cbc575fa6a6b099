"""A key that WeChat does not know is refused by name, with the near one, on every level of a menu."""

from typing import Any

import pytest

from bot.errors import MenuError
from bot.menu.buttons import FIELDS
from bot.menu.written_menus import WrittenMenus, read_menus

Button = dict[str, Any]
VIEW = {"type": "view", "name": "a", "url": "https://a.example/"}
CLICK = {"type": "click", "name": "a", "key": "k"}
RULE = {"tag_id": "100"}


def faults(menu: Any, *conditional: Any, replies: tuple[str, ...] = ()) -> list[str]:
    try:
        read_menus(menu, conditional).checked(set(replies))
    except MenuError as error:
        return error.faults
    return []


def in_menu(*buttons: Any) -> dict[str, Any]:
    return {"button": list(buttons)}


def renamed(item: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {new if key == old else key: value for key, value in item.items()}


FULL = {
    kind: {"type": kind, "name": "a"} | dict.fromkeys(FIELDS[kind], "https://a.example/") for kind in FIELDS
}
CASES = [(kind, field) for kind in FULL for field in ("type", "name", *FIELDS[kind])]


@pytest.mark.parametrize(("kind", "field"), CASES)
def test_each_misspelt_field_of_each_type_is_one_fault_with_the_near_key(kind: str, field: str) -> None:
    for wrong in (field.capitalize(), field + "s", field.upper(), field.replace("_", "") + "_"):
        item = renamed(FULL[kind], field, wrong)
        replies = tuple(str(item[key]) for key in item if key == "key")
        found = faults(in_menu({"name": "p", "sub_button": [item]}, VIEW), replies=replies)
        if field == "type":  # without its type, the key of a button cannot be known
            found = [text for text in found if "has a reply" not in text]
        assert len(found) == 1, found
        assert f"unknown key {wrong!r}; did you mean {field!r}?" in found[0]


def test_a_misspelt_key_is_not_also_a_reply_without_a_button() -> None:
    assert faults(in_menu(renamed(CLICK, "key", "Key")), replies=("k",)) == [
        "a: unknown key 'Key'; did you mean 'key'?"
    ]


@pytest.mark.parametrize(
    ("menu", "words"),
    [
        (renamed(in_menu(VIEW), "button", "buttons"), "unknown key 'buttons'; did you mean 'button'?"),
        (in_menu(VIEW) | {"colour": 1}, "unknown key 'colour'; the known ones here are button"),
        (in_menu(VIEW) | {5: 1}, "unknown key 5"),
        (in_menu(VIEW) | {"menu": 1}, "unknown key 'menu'; the known ones here are button"),
        (in_menu(renamed({"name": "p", "sub_button": [VIEW]}, "sub_button", "subButton")), "'sub_button'?"),
        (in_menu(renamed({"name": "p", "sub_button": [VIEW]}, "name", "nmae")), "'name'?"),
        (
            in_menu({"name": "p", "sub_button": [VIEW], "url": "u"}),
            "with sub-buttons takes no 'url'",
        ),
        (in_menu({"name": "p", "type": "view", "sub_button": [VIEW], "urls": 1}), "did you mean 'url'?"),
        (in_menu(CLICK | {"url": "https://a.example/"}), "a click button takes no 'url'; it takes key"),
        (in_menu(CLICK | {"page": "/"}), "a click button takes no 'page'"),
        (in_menu(VIEW | {"key": "k"}), "a view button takes no 'key'; it takes url"),
        (in_menu(VIEW | {"page": "/"}), "either page or url, not both"),
        (in_menu(VIEW | {"matchrule": RULE}), "matchrule belongs to a whole menu"),
        (in_menu({"type": "view", "name": "a", "Page": "/"}), "unknown key 'Page'; did you mean 'page'?"),
        (in_menu({"type": "view", "name": "a", "page": "/", "scop": "snsapi_base"}), "did you mean 'scope'?"),
        ({"menu": in_menu(VIEW), "conditionalmenus": []}, "did you mean 'conditionalmenu'?"),
        ({"menu": in_menu(VIEW) | {"Button": []}}, "unknown key 'Button'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_unknown_key_is_named(menu: Any, words: str) -> None:
    found = faults(menu, replies=("k",) if "'key': 'k'" in str(menu) else ())
    assert any(words in text for text in found), found


@pytest.mark.parametrize(
    ("menu", "words"),
    [
        (in_menu(VIEW) | {"matchrules": RULE}, ["unknown key 'matchrules'; did you mean 'matchrule'?"]),
        (
            in_menu(VIEW) | {"matchrule": {"tagid": 1}},
            ["matchrule: unknown key 'tagid'; did you mean 'tag_id'?"],
        ),
        (
            in_menu(VIEW) | {"matchrule": {"platform": 1}},
            ["matchrule: unknown key 'platform'; did you mean 'client_platform_type'?"],
        ),
        (
            in_menu(renamed(VIEW, "url", "urls")) | {"matchrule": RULE},
            ["a: unknown key 'urls'; did you mean 'url'?"],
        ),
    ],
    ids=str,
)
def test_an_unknown_key_in_a_conditional_menu_is_named_with_its_place(menu: Any, words: list[str]) -> None:
    found = faults(in_menu(VIEW), in_menu(VIEW) | {"matchrule": RULE}, menu)
    assert found == [f"CONDITIONAL_MENUS[1]: {text}" for text in words]


# -- what WeChat returns can be pasted


LEAF = CLICK | {"sub_button": []}
GOT = in_menu(LEAF, {"name": "p", "sub_button": [VIEW | {"sub_button": []}]})
PLAIN = in_menu(CLICK, {"name": "p", "sub_button": [VIEW]})


@pytest.mark.parametrize(
    "pasted",
    [
        GOT,
        GOT | {"menuid": 208396938},
        {"menu": GOT},
        {"menu": GOT | {"menuid": 208396938}, "conditionalmenu": []},
        {"errcode": 0, "errmsg": "ok", "menu": GOT},
        {
            "is_menu_open": 1,
            "selfmenu_info": in_menu(CLICK, {"name": "p", "sub_button": {"list": [VIEW]}}),
        },
        in_menu(CLICK | {"sub_button": {"list": []}}, PLAIN["button"][1]),
        in_menu(CLICK | {"url": "", "media_id": "", "sub_button": None}, PLAIN["button"][1]),
    ],
    ids=str,
)
def test_an_answer_of_wechats_can_be_pasted_whole(pasted: Any) -> None:
    assert read_menus(pasted, ()).checked({"k"}).default == PLAIN


def test_a_pasted_conditional_menu_keeps_its_order_and_its_rule() -> None:
    conditional = [
        in_menu(LEAF) | {"matchrule": {"group_id": 2, "sex": "", "country": ""}, "menuid": 3},
        in_menu(LEAF) | {"matchrule": {"client_platform_type": "2"}, "menuid": 2},
    ]
    for written in (
        read_menus({"menu": GOT, "conditionalmenu": conditional}, ()),
        read_menus(GOT, conditional),
    ):
        menus = written.checked({"k"})
        assert [menu.rule for menu in menus.conditional] == [{"tag_id": 2}, {"client_platform_type": 2}]
        assert [menu.buttons for menu in menus.conditional] == [[CLICK], [CLICK]]


def test_a_fault_in_a_pasted_conditional_menu_names_the_place_where_it_stands() -> None:
    pasted = {"menu": GOT, "conditionalmenu": [in_menu(LEAF) | {"matchrule": {"sex": 1}}]}
    [fault] = faults(pasted, replies=("k",))
    assert fault.startswith(
        "MENU, conditionalmenu[0]: matchrule: WeChat accepts no condition on sex any more"
    )


@pytest.mark.parametrize(
    ("menu", "words"),
    [
        (PLAIN | {"matchrule": RULE}, "MENU has a matchrule, but MENU is the menu for everybody"),
        (PLAIN | {"matchRule": RULE}, "into the list CONDITIONAL_MENUS of your package"),
        (PLAIN | {"conditionalmenu": []}, "move its list into CONDITIONAL_MENUS"),
        ({"menu": PLAIN | {"matchrule": RULE}}, "into the list CONDITIONAL_MENUS"),
        (in_menu({"type": "text", "name": "a", "value": "x"}), "can be made in WeChat's console only"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_belong_into_menu_is_told_where_it_goes(menu: Any, words: str) -> None:
    found = faults(menu, replies=("k",))
    assert any(words in text for text in found), found


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "needs tag_id or client_platform_type"),
        ({"tag_id": ""}, "needs tag_id or client_platform_type"),
        (None, "must be a dict"),
        ([1], "must be a dict"),
        ({"tag_id": "vip"}, "tag_id must be a number, not 'vip'"),
        ({"tag_id": True}, "tag_id must be a number, not True"),
        ({"tag_id": -1}, "must be a number"),
        ({"client_platform_type": "4"}, "1 (iOS), 2 (Android), 3 (other systems), not '4'"),
        ({"tag_id": 1, "group_id": 2}, "group_id is the old name of tag_id"),
        *(({name: "1", "tag_id": 1}, f"no condition on {name}") for name in ("sex", "country", "language")),
    ],
    ids=str,
)
def test_what_a_matchrule_may_not_be(rule: Any, words: str) -> None:
    [fault] = faults(in_menu(VIEW), in_menu(VIEW) | {"matchrule": rule})
    assert words in fault


def test_half_a_character_is_a_fault_and_no_error_of_the_encoding() -> None:
    found = faults(in_menu(VIEW | {"name": "\ud83d"}, CLICK | {"key": "\ude00"}), replies=("\ude00",))
    assert len([text for text in found if "half of a character" in text]) == 2


def test_a_list_that_is_no_list_of_menus_is_a_fault() -> None:
    assert faults(in_menu(VIEW), "ab", 5)[0].startswith("CONDITIONAL_MENUS[0]: a conditional menu is a dict")
    assert faults({"menu": in_menu(VIEW), "conditionalmenu": {}}) == []
    assert faults({"menu": in_menu(VIEW), "conditionalmenu": 5}) == ["MENU: conditionalmenu must be a list"]


def test_the_pages_of_all_menus_are_found_once() -> None:
    page = {"type": "view", "name": "a", "page": "/"}
    menus = WrittenMenus(in_menu(page), [in_menu(page, page | {"page": "/b"})])
    assert menus.pages() == ["/", "/b"]
