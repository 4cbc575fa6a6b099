"""The live menus are saved before each change, listed, and restored."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.menu_script import (
    CREATE,
    OLD,
    Run,
    by_api,
    changing_calls,
    click,
    conditional,
    conditional_names,
    install_old,
    live,
    names,
)
from tests.launch import Sandbox

pytestmark = pytest.mark.slow

Write = Callable[..., None]
IOS = {"client_platform_type": "1"}
OURS = ["微信关注", "微博关注", "更多精彩"]


def saved(wechat: Sandbox, tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "var/menus" / wechat.state()["account"]["app_id"]).iterdir())


def test_the_live_state_is_saved_before_the_first_change_of_a_run(
    call: Run, wechat: Sandbox, write_menus: Write, tmp_path: Path
) -> None:
    install_old(wechat)
    by_api(wechat, "menu/addconditional", conditional("苹果", **IOS))
    write_menus(conditional("苹果二", **IOS))
    call(wechat, "--dry-run")
    call(wechat, "--show")
    assert not (tmp_path / "var").exists()
    done = call(wechat)
    assert done.status == 0, done.err
    [file] = saved(wechat, tmp_path)
    assert str(file.relative_to(tmp_path)) in done.out
    content = json.loads(file.read_text(encoding="utf-8"))
    assert names(content["menu_get"]["menu"]) == ["旧的"]
    assert names(content["menu_get"]["conditionalmenu"][0]) == ["苹果"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    call(wechat)  # changes nothing
    assert saved(wechat, tmp_path) == [file]


def test_history_lists_the_newest_first_and_asks_wechat_nothing(
    call: Run, wechat: Sandbox, write_menus: Write
) -> None:
    assert "No state is saved" in call(wechat, "--history").out
    call(wechat)
    write_menus(conditional("苹果", **IOS))
    call(wechat)
    call(wechat, "--delete", "--yes")
    asked = len(wechat.calls())
    done = call(wechat, "--history")
    assert (done.status, len(wechat.calls())) == (0, asked)
    lines = [line.split(maxsplit=4) for line in done.out.splitlines()]
    assert [(line[0], line[4]) for line in lines] == [
        ("1", "微信关注, 微博关注, 更多精彩; 1 conditional menu"),
        ("2", "微信关注, 微博关注, 更多精彩"),
        ("3", "no menu"),
    ]


def test_rollback_restores_everything_and_can_be_taken_back(
    call: Run, wechat: Sandbox, write_menus: Write
) -> None:
    both = (conditional("会员", client_platform_type="2", tag_id="2"), conditional("苹果", **IOS))
    by_api(wechat, "menu/create", OLD)
    for menu in reversed(both):
        by_api(wechat, "menu/addconditional", menu)
    write_menus()
    call(wechat)
    assert (names(live(wechat)), conditional_names(wechat)) == (OURS, [])
    done = call(wechat, "--rollback", "1")
    assert done.status == 0
    assert "Restored, and read back the same. (" in done.out
    assert "no route in CHAT answers the key 'old'" in done.err
    assert live(wechat) == OLD
    assert conditional_names(wechat) == ["会员", "苹果"]
    back = call(wechat, "--rollback", "1")
    assert back.status == 0, back.err
    assert (names(live(wechat)), conditional_names(wechat)) == (OURS, [])
    assert call(wechat, "--rollback", "3").status == 0  # the first state: two were saved since
    assert live(wechat) == OLD
    assert "this state already" in call(wechat, "--rollback", "4").out


def test_rollback_to_no_menu_and_from_none(call: Run, wechat: Sandbox) -> None:
    call(wechat)
    assert call(wechat, "--rollback", "1").status == 0
    assert live(wechat) is None
    assert call(wechat, "--rollback", "1").status == 0
    assert names(live(wechat)) == OURS


def test_rollback_needs_no_menu_without_faults(call: Run, wechat: Sandbox, write_menus: Write) -> None:
    install_old(wechat)
    call(wechat)
    write_menus(menu={"button": [{"name": "broken"}]})
    assert call(wechat, "--rollback", "1").status == 0
    assert live(wechat) == OLD


def test_a_number_without_a_state_is_status_2(call: Run, wechat: Sandbox) -> None:
    call(wechat)
    before = live(wechat)
    done = call(wechat, "--rollback", "2")
    assert (done.status, live(wechat)) == (2, before)
    assert "--history lists 1" in done.err


NO_STATE = ["", "{", "[]", "{}", '{"menu_get": {"menu": 5}, "selfmenu_info": {}}', "\udcff"]


@pytest.mark.parametrize("text", NO_STATE, ids=ascii)
def test_a_file_that_cannot_be_read_is_said(call: Run, wechat: Sandbox, tmp_path: Path, text: str) -> None:
    call(wechat)
    [file] = saved(wechat, tmp_path)
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert f"{file.name} cannot be read" in call(wechat, "--history").out
    before = live(wechat)
    done = call(wechat, "--rollback", "1")
    assert (done.status, live(wechat)) == (2, before)
    assert f"{file.name} cannot be read" in done.err


def test_a_state_that_cannot_be_saved_stops_the_change(call: Run, wechat: Sandbox, tmp_path: Path) -> None:
    install_old(wechat)
    (tmp_path / "var").write_text("a file, not a folder")
    done = call(wechat)
    assert (done.status, live(wechat)) == (1, OLD)
    assert "var/menus cannot be used" in done.err
    assert "was not changed" in done.err


def test_a_run_that_failed_leaves_one_saved_state_however_often_it_is_tried(
    call: Run, wechat: Sandbox, tmp_path: Path
) -> None:
    install_old(wechat)
    wechat.faults([{"path": CREATE, "errcode": 45009, "count": 2}])
    for status in (1, 1, 0):
        assert call(wechat).status == status
    assert len(saved(wechat, tmp_path)) == 1
    assert call(wechat, "--rollback", "1").status == 0
    assert live(wechat) == OLD


def test_a_rollback_that_stops_halfway_names_the_same_state_to_finish(
    call: Run, wechat: Sandbox, write_menus: Write
) -> None:
    write_menus(conditional("苹果", **IOS))
    call(wechat)
    write_menus()
    call(wechat)
    wechat.faults([{"path": "/cgi-bin/menu/addconditional", "drop": True, "count": 1}])
    done = call(wechat, "--rollback", "1")
    assert done.status == 1
    assert "Run setup_menu.py --rollback 2 again to finish" in done.err
    assert call(wechat, "--rollback", "2").status == 0
    assert conditional_names(wechat) == ["苹果"]


# -- a menu that was made in the console


CONSOLE = [
    {"type": "view", "name": "官网", "url": "https://a.example/"},
    {"type": "text", "name": "电话", "value": "12345"},
    {
        "name": "更多",
        "sub_button": [
            {"type": "img", "name": "图", "value": "MEDIA"},
            {"type": "news", "name": "文", "value": "NEWS", "news_info": {"list": []}},
            {"type": "video", "name": "片", "value": "http://v.example/1"},
        ],
    },
]


def in_console(wechat: Sandbox, **changes: Any) -> None:
    wechat.call("PUT", "console_menu", {"button": CONSOLE, **changes})


def test_a_menu_of_the_console_is_saved_and_restored_as_far_as_the_api_can(
    call: Run, wechat: Sandbox
) -> None:
    in_console(wechat)
    shown = call(wechat, "--show").out
    assert "电话  [text] 12345" in shown
    assert "made in WeChat's console" in shown
    assert call(wechat).status == 0
    assert "官网, 电话, 更多 (made in WeChat's console)" in call(wechat, "--history").out
    done = call(wechat, "--rollback", "1")
    assert done.status == 0
    assert live(wechat)["button"] == [
        CONSOLE[0],
        {
            "name": "更多",
            "sub_button": [
                {"type": "media_id", "name": "图", "media_id": "MEDIA"},
                {"type": "media_id", "name": "文", "media_id": "NEWS"},
            ],
        },
    ]
    for words in ("Not restored: 电话: a button of type text", "Not restored: 片: a button of type video"):
        assert words in done.err


def test_a_menu_of_the_console_without_a_button_for_the_api_is_not_replaced_by_none(
    call: Run, wechat: Sandbox
) -> None:
    in_console(wechat, button=[CONSOLE[1]])
    call(wechat)
    before = live(wechat)
    done = call(wechat, "--rollback", "1")
    assert (done.status, live(wechat)) == (2, before)
    assert "takes no button of this state" in done.err


def test_a_menu_of_the_console_is_replaced_if_conditional_menus_are_wanted(
    call: Run, wechat: Sandbox, write_menus: Write
) -> None:
    """WeChat adds a conditional menu only to a default menu that was made by API (65303)."""
    in_console(wechat, button=[CONSOLE[0]])
    keys = {"button": [click("a"), click("b", "wb_qr_code")], "matchrule": IOS}
    write_menus(keys, menu={"button": [CONSOLE[0]]})
    done = call(wechat)
    assert done.status == 0, done.err
    assert changing_calls(wechat) == ["create", "addconditional"]


def test_a_menu_that_is_switched_off_in_the_console_is_installed_again(call: Run, wechat: Sandbox) -> None:
    call(wechat)
    wechat.call("PUT", "console_menu", {"is_open": False})
    assert "switched off in WeChat's console: phones show no menu" in call(wechat, "--show").out
    done = call(wechat)
    assert done.status == 0, done.err
    assert "switched on again" in done.out
    assert "nothing to do" in call(wechat).out


def test_delete_lists_a_menu_of_the_console_and_leaves_one_that_is_off(call: Run, wechat: Sandbox) -> None:
    in_console(wechat, is_open=False)
    assert "no menu to delete" in call(wechat, "--delete").out
    in_console(wechat)
    done = call(wechat, "--delete", "--yes")
    assert done.status == 0, done.err
    assert "- 电话  [text] 12345" in done.out
    assert "no menu to delete" in call(wechat, "--delete").out


def test_nothing_but_the_saved_states_is_left_in_the_folder(
    call: Run, wechat: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    call(wechat)
    before = saved(wechat, tmp_path)
    monkeypatch.setattr(os, "fsync", fail)
    done = call(wechat, "--delete", "--yes")
    assert done.status == 1
    assert "No space left on device" in done.err
    assert saved(wechat, tmp_path) == before
