"""Conditional menus: the script plans, installs, shows and deletes them together with the default menu."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.account.menu import MENU
from tests.cli.menu_script import (
    Run,
    by_api,
    changing_calls,
    click,
    conditional,
    conditional_names,
    install_old,
    live,
)
from tests.launch import Sandbox

pytestmark = pytest.mark.slow

Write = Callable[..., None]
IOS, ANDROID = {"client_platform_type": "1"}, {"client_platform_type": "2"}


def test_conditional_menus_are_installed_after_the_default_one_and_read_back(
    call: Run, wechat: Sandbox, write_menus: Write, tag: int
) -> None:
    write_menus(conditional("会员", tag_id=tag), conditional("苹果", **IOS))
    done = call(wechat)
    assert done.status == 0, done.err
    assert f"+for followers with tag_id {tag}:" in done.out
    assert "+for followers with client_platform_type 1 (iOS):" in done.out
    assert "Installed, and read back the same. (2 conditional menus included.)" in done.out
    assert changing_calls(wechat) == ["create", "addconditional", "addconditional"]
    assert conditional_names(wechat) == ["会员", "苹果"], "the first of the list matches first"
    before = len(changing_calls(wechat))
    again = call(wechat)
    assert again.status == 0
    assert "nothing to do" in again.out
    assert len(changing_calls(wechat)) == before


def test_a_page_and_a_scope_work_in_a_conditional_menu(
    call: Run, wechat: Sandbox, write_menus: Write
) -> None:
    page = {"type": "view", "name": "我", "page": "/", "scope": "snsapi_userinfo"}
    write_menus({"button": [page], "matchrule": IOS})
    assert call(wechat, PUBLIC_URL="http://127.0.0.1:8080").status == 0
    [menu] = wechat.state()["conditional_menus"]
    user = wechat.add_user("小刚", subscribed=True)
    back = wechat.authorize(user, menu["button"][0]["url"], "allow")["redirect"]
    assert back.startswith("http://127.0.0.1:8080/?code=")


def test_a_key_of_a_conditional_menu_only_is_sent_by_a_button(
    call: Run, wechat: Sandbox, write_menus: Write
) -> None:
    only_there = {"button": [click("二维码", "wx_qr_code"), click("微博", "wb_qr_code")], "matchrule": IOS}
    write_menus(only_there, menu={"button": [{"type": "view", "name": "关于", "page": "/about"}]})
    assert call(wechat).status == 0


@pytest.mark.parametrize(
    ("menu", "words"),
    [
        (conditional("a"), "CONDITIONAL_MENUS[0]: matchrule is empty"),
        ({"button": [click("a")]}, "CONDITIONAL_MENUS[0]: has no matchrule"),
        (conditional("a", sex="1"), "no condition on sex"),
        (conditional("a", tagid="100"), "unknown key 'tagid'; did you mean 'tag_id'?"),
        ({"button": [click("a", "nobody")], "matchrule": IOS}, "key 'nobody': no route in CHAT"),
        (
            {"button": [{"type": "view", "name": "a", "page": "/gone"}], "matchrule": IOS},
            "page '/gone': none of PAGES",
        ),
    ],
    ids=str,
)
def test_a_faulty_conditional_menu_is_refused_before_anything_is_sent(
    call: Run, wechat: Sandbox, write_menus: Write, menu: Any, words: str
) -> None:
    write_menus(menu)
    done = call(wechat)
    assert done.status == 2
    assert words in done.err
    assert changing_calls(wechat) == []


def test_a_matchrule_in_the_default_menu_is_refused_and_told_where_it_goes(
    call: Run, wechat: Sandbox, write_menus: Write
) -> None:
    write_menus(menu=MENU | {"matchrule": IOS})
    done = call(wechat)
    assert (done.status, live(wechat)) == (2, None)
    assert "into the list CONDITIONAL_MENUS of your package" in done.err


def test_a_dry_run_names_the_conditional_menus_too(
    call: Run, wechat: Sandbox, write_menus: Write, tag: int
) -> None:
    install_old(wechat)
    by_api(wechat, "menu/addconditional", conditional("旧会员", tag_id=tag))
    write_menus(conditional("苹果", **IOS))
    before = len(changing_calls(wechat))
    done = call(wechat, "--dry-run")
    assert done.status == 0
    for words in (
        "+for followers with client_platform_type 1 (iOS):",
        f"-for followers with tag_id {tag}:",
        "add the conditional menu for client_platform_type 1 (iOS)",
        f"delete the conditional menu for tag_id {tag}",
    ):
        assert words in done.out
    assert len(changing_calls(wechat)) == before


def test_a_package_without_conditional_menus_deletes_those_that_are_live(
    call: Run, wechat: Sandbox, write_menus: Write, tag: int
) -> None:
    install_old(wechat)
    by_api(wechat, "menu/addconditional", conditional("旧会员", tag_id=tag))
    write_menus()
    done = call(wechat)
    assert done.status == 0, done.err
    assert f"-for followers with tag_id {tag}:" in done.out
    assert conditional_names(wechat) == []


def test_what_stays_the_same_is_left_alone(call: Run, wechat: Sandbox, write_menus: Write, tag: int) -> None:
    write_menus(conditional("会员", tag_id=tag), conditional("苹果", **IOS), conditional("安卓", **ANDROID))
    assert call(wechat).status == 0
    ids = {menu["button"][0]["name"]: menu["menuid"] for menu in wechat.state()["conditional_menus"]}
    before = len(changing_calls(wechat))
    write_menus(conditional("会员", tag_id=tag), conditional("苹果二", **IOS), conditional("安卓", **ANDROID))
    done = call(wechat)
    assert done.status == 0, done.err
    # iOS must not win against the tag, so the menu for the tag is added again; Android's is left alone.
    assert conditional_names(wechat) == ["会员", "苹果二", "安卓"]
    assert "for followers with client_platform_type 2 (Android): unchanged" in done.out
    now = {menu["button"][0]["name"]: menu["menuid"] for menu in wechat.state()["conditional_menus"]}
    assert now["安卓"] == ids["安卓"]
    steps = changing_calls(wechat)[before:]
    assert steps == ["addconditional", "addconditional", "delconditional", "delconditional"]


def test_another_order_is_a_change_where_two_rules_can_match_one_follower(
    call: Run, wechat: Sandbox, write_menus: Write, tag: int
) -> None:
    first, second = conditional("会员", tag_id=tag), conditional("苹果", **IOS)
    write_menus(first, second)
    call(wechat)
    write_menus(second, first)
    done = call(wechat)
    assert done.status == 0, done.err
    assert "added again so that this menu matches before others" in done.out
    assert conditional_names(wechat) == ["苹果", "会员"]


def test_old_and_new_links_together_over_the_limit_of_three_hosts(
    call: Run, wechat: Sandbox, write_menus: Write
) -> None:
    def links(*hosts: str) -> dict[str, Any]:
        subs = [{"type": "view", "name": host, "url": f"https://{host}/"} for host in hosts]
        return {"button": [{"name": "m", "sub_button": subs}], "matchrule": IOS}

    write_menus(links("a.example", "b.example", "c.example"))
    assert call(wechat).status == 0
    write_menus(links("d.example", "e.example", "f.example"))
    done = call(wechat)
    assert done.status == 0, done.err
    assert changing_calls(wechat)[-2:] == ["delconditional", "addconditional"]
    write_menus(links("d.example", "e.example", "f.example", "g.example"))
    done = call(wechat)
    assert done.status == 2
    assert "65316" in done.err
    assert "d.example, e.example, f.example, g.example" in done.err


def test_the_whole_answer_of_menu_get_can_be_pasted(
    call: Run, wechat: Sandbox, write_menus: Write, tag: int
) -> None:
    write_menus(conditional("会员", tag_id=tag), conditional("苹果", **IOS))
    call(wechat)
    answer = by_api(wechat, "menu/get")
    shown, order = live(wechat), conditional_names(wechat)
    by_api(wechat, "menu/delete")
    write_menus(menu=answer)
    done = call(wechat)
    assert done.status == 0, done.err
    assert (live(wechat), conditional_names(wechat)) == (shown, order)
    write_menus(*answer["conditionalmenu"], menu=answer["menu"])
    assert "nothing to do" in call(wechat).out
    write_menus(conditional("会员", tag_id=tag), menu=answer)
    twice = call(wechat)
    assert twice.status == 2
    assert "keep one list" in twice.err


def test_show_lists_the_conditional_menus(call: Run, wechat: Sandbox, write_menus: Write, tag: int) -> None:
    write_menus(conditional("会员", tag_id=tag))
    call(wechat)
    done = call(wechat, "--show")
    [menu] = wechat.state()["conditional_menus"]
    assert f"for followers with tag_id {tag} (menuid {menu['menuid']}):" in done.out
    assert "  会员  [click] wx_qr_code" in done.out


def test_as_shows_what_a_follower_sees(call: Run, wechat: Sandbox, write_menus: Write, tag: int) -> None:
    user = wechat.add_user("小刚", subscribed=True)
    stranger = wechat.add_user("小强")
    assert "(no menu)" in call(wechat, "--as", user).out
    write_menus(conditional("会员", tag_id=tag))
    call(wechat)
    done = call(wechat, "--as", user)
    assert done.status == 0
    assert f"{user} sees the default menu:" in done.out
    assert "微信关注  [click] wx_qr_code" in done.out
    by_api(wechat, "tags/members/batchtagging", {"openid_list": [user], "tagid": tag})
    done = call(wechat, "--as", user)
    assert f"{user} sees the conditional menu for tag_id {tag}:" in done.out
    assert "会员" in done.out
    assert "微信关注" not in done.out
    wechat.call("PUT", f"users/{user}/preferences", {"wechat_id": "xiaogang_1"})
    assert "会员" in call(wechat, "--show", "--as", "xiaogang_1").out
    unknown = call(wechat, "--as", stranger)
    assert unknown.status == 1
    assert "65302" in unknown.err
    assert "No follower of this account" in unknown.err


@pytest.mark.parametrize(
    "arguments", [("--as", "小明"), ("--as", ""), ("--as", "o1", "--delete"), ("--yes",)]
)
def test_options_that_make_no_sense_are_status_2(
    run: Run, wechat: Sandbox, arguments: tuple[str, ...]
) -> None:
    assert run(wechat, *arguments).status == 2
    assert wechat.calls() == []


def test_as_shows_a_menu_that_was_made_in_the_console(call: Run, wechat: Sandbox) -> None:
    user = wechat.add_user("小刚", subscribed=True)
    button = {"type": "text", "name": "电话", "value": "12345"}
    wechat.call("PUT", "console_menu", {"button": [button]})
    assert "电话" in call(wechat, "--as", user).out
    wechat.call("PUT", "console_menu", {"is_open": False})
    assert "switched off" in call(wechat, "--as", user).out


def test_delete_lists_the_conditional_menus_and_deletes_them(
    call: Run, wechat: Sandbox, write_menus: Write, tag: int
) -> None:
    write_menus(conditional("会员", tag_id=tag))
    call(wechat)
    done = call(wechat, "--delete", "--yes")
    assert done.status == 0, done.err
    assert f"- for followers with tag_id {tag}" in done.out
    assert "-   会员  [click] wx_qr_code" in done.out
    assert (live(wechat), conditional_names(wechat)) == (None, [])
