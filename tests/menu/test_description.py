"""The lines that show a change of the menu to the operator."""

from bot.menu.buttons import plain
from bot.menu.description import changes, describe
from tests.menu.written import click, parent, view


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
