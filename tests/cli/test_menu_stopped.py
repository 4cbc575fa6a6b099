"""A change of the menus that stops halfway: what stands is said, every follower has a menu, a second run
ends it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.menu_script import (
    ADD,
    CREATE,
    DELETE_ONE,
    Run,
    by_api,
    conditional,
    conditional_names,
    install_old,
    live,
    names,
    sent,
)
from tests.conftest import StartWeChat
from tests.launch import Sandbox

pytestmark = pytest.mark.slow

Write = Callable[..., None]
IOS = {"client_platform_type": "1"}

PASSES = {"content_type": "application/json; encoding=utf-8"}  # a fault without an effect
FAULTS = {
    "45009": ({"errcode": 45009}, "not done"),
    "-1": ({"errcode": -1}, "not done"),
    "a broken connection": ({"drop": True}, "unknown "),
    "a proxy's page": ({"status": 502}, "unknown "),
}


@pytest.mark.parametrize(("fault", "sign"), FAULTS.values(), ids=FAULTS)
def test_a_change_that_stops_halfway_says_what_stands_and_what_to_run(
    call: Run, wechat: Sandbox, write_menus: Write, tag: int, fault: dict[str, Any], sign: str
) -> None:
    install_old(wechat)
    by_api(wechat, "menu/addconditional", conditional("旧的", tag_id=tag))
    write_menus(conditional("会员", tag_id=tag), conditional("苹果", **IOS))
    wechat.faults([{"path": ADD, "count": 1, **PASSES}, {"path": ADD, "count": 1, **fault}])
    done = call(wechat)
    assert done.status == 1
    assert "was not changed" not in done.err
    for words in (
        "stopped halfway",
        "done      install the default menu",
        "done      add the conditional menu for client_platform_type 1 (iOS)",
        f"{sign}  add the conditional menu for tag_id {tag}",
        f"not done  delete the conditional menu for tag_id {tag}",
        "Run setup_menu.py again to finish",
        "--rollback 1",
    ):
        assert words in done.err
    assert conditional_names(wechat) == ["苹果", "旧的"]
    again = call(wechat)
    assert again.status == 0, again.err
    assert "client_platform_type 1 (iOS): unchanged" in again.out
    assert conditional_names(wechat) == ["会员", "苹果"]


def test_a_menu_that_was_added_though_the_answer_was_lost_is_not_added_twice(
    call: Run, wechat: Sandbox, write_menus: Write
) -> None:
    write_menus(conditional("苹果", **IOS))
    wechat.faults([{"path": ADD, "drop": True, "count": 1}])
    assert "it is not known whether WeChat did it" in call(wechat).err
    by_api(wechat, "menu/addconditional", conditional("苹果", **IOS))  # as WeChat had done
    by_api(wechat, "menu/addconditional", conditional("苹果", **IOS))  # even twice
    again = call(wechat)
    assert again.status == 0, again.err
    assert conditional_names(wechat) == ["苹果"]


@pytest.mark.parametrize("path", [CREATE, ADD, DELETE_ONE])
def test_at_each_stop_every_follower_has_a_menu(
    call: Run, wechat: Sandbox, write_menus: Write, tag: int, path: str
) -> None:
    user = wechat.add_user("小刚", subscribed=True)
    install_old(wechat)
    by_api(wechat, "menu/addconditional", conditional("旧的", tag_id=tag))
    by_api(wechat, "tags/members/batchtagging", {"openid_list": [user], "tagid": tag})
    write_menus(conditional("会员", tag_id=tag))
    wechat.faults([{"path": path, "errcode": 45009}])
    assert call(wechat).status == 1
    seen = by_api(wechat, "menu/trymatch", {"user_id": user})["button"][0]["name"]
    assert seen == ("会员" if path == DELETE_ONE else "旧的")
    assert sent(wechat, "/cgi-bin/menu/delete") == 0


def test_an_account_without_conditional_menus_is_told_what_stands(
    call: Run, start_wechat: StartWeChat, write_menus: Write
) -> None:
    wechat = start_wechat("--account-kind", "service")
    write_menus(conditional("苹果", **IOS))
    done = call(wechat)
    assert done.status == 1
    for words in (
        "48001",
        "Conditional menus and --as need a verified account",
        "done      install the default",
    ):
        assert words in done.err
    assert names(live(wechat)) == ["微信关注", "微博关注", "更多精彩"]


@pytest.mark.parametrize("fault", [{"errcode": 45009}, {"drop": True}], ids=str)
@pytest.mark.parametrize("path", ["/cgi-bin/menu/get", "/cgi-bin/get_current_selfmenu_info"])
def test_a_menu_that_cannot_be_read_back_is_not_called_unchanged(
    call: Run, wechat: Sandbox, path: str, fault: dict[str, Any]
) -> None:
    wechat.faults([{"path": path, "count": 1, **PASSES}, {"path": path, "count": 1, **fault}])
    done = call(wechat)
    assert done.status == 1
    assert "took the change, but could not be asked afterwards" in done.err
    assert "was not changed" not in done.err
    assert names(live(wechat)) == ["微信关注", "微博关注", "更多精彩"]


@pytest.mark.parametrize("arguments", [(), ("--delete", "--yes"), ("--rollback", "1"), ("--show",)])
def test_a_live_menu_that_cannot_be_read_is_left_alone(
    call: Run, wechat: Sandbox, arguments: tuple[str, ...]
) -> None:
    call(wechat)
    before = live(wechat)
    wechat.faults([{"path": "/cgi-bin/get_current_selfmenu_info", "errcode": -1}])
    done = call(wechat, *arguments)
    assert (done.status, live(wechat)) == (1, before)
    assert ("was not changed" in done.err) == (arguments != ("--show",))


def test_a_deletion_without_effect_is_said(call: Run, wechat: Sandbox) -> None:
    call(wechat)
    wechat.faults([{"path": "/cgi-bin/menu/delete", "errcode": 0}])  # "ok", and yet nothing changed
    done = call(wechat, "--delete", "--yes")
    assert done.status == 1
    assert "still has a menu" in done.err
