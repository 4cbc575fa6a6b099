"""Menus: what may be installed, what comes back, and what a tap does (rules 14, 21, 22)."""

from typing import Any

import pytest

from tests.launch import Sandbox
from tests.wechat_sandbox.callback import Answer, CallbackServer, text

CLICK = {"type": "click", "name": "歌", "key": "K"}


def view(**changes: Any) -> dict[str, Any]:
    return {"type": "view", "name": "页", "url": "http://a.example/"} | changes


def sub(*buttons: Any, name: str = "多") -> dict[str, Any]:
    return {"name": name, "sub_button": list(buttons)}


@pytest.mark.parametrize(
    ("buttons", "errcode"),
    [
        ([], 40016),
        (None, 40016),
        ([CLICK] * 4, 40016),
        ([sub(*[CLICK] * 6)], 40023),
        ([CLICK | {"name": ""}], 40018),
        ([CLICK | {"name": "一二三四五六"}], 40018),
        ([CLICK | {"name": "a" * 17}], 40018),
        ([sub(CLICK | {"name": "字" * 21})], 40025),
        ([CLICK | {"key": "k" * 129}], 40019),
        ([CLICK | {"key": ""}], 40019),
        ([{"type": "click", "name": "a"}], 40019),
        ([sub(CLICK | {"key": "k" * 129})], 40026),
        ([view(url="http://a/" + "x" * 1016)], 40020),
        ([view(url="")], 40020),
        ([sub(view(url=""))], 40027),
        ([CLICK | {"type": "tap"}], 40017),
        ([sub(CLICK | {"type": "tap"})], 40024),
        ([sub(sub(CLICK))], 40022),
        ([{"name": "a"}], 65308),
        ([sub({"name": "a"})], 65308),
        ([CLICK | {"sub_button": [CLICK]}], 40017),
        ([view(url="javascript:alert(1)")], 40055),
        ([sub(view(url="weixin://a"))], 40054),
    ],
)
def test_rule_21_what_may_not_be_installed(api, buttons: Any, errcode: int) -> None:
    assert api.post("menu/create", {"button": buttons})["errcode"] == errcode
    assert api.get("menu/get")["errcode"] == 46003


@pytest.mark.parametrize(
    "buttons",
    [
        [CLICK | {"name": "一二三四五a"}],
        [sub(CLICK | {"name": "字" * 20})],
        [CLICK | {"key": "k" * 128}],
        [view(url="http://a/" + "x" * 1015)],
        [sub(*[CLICK] * 5)] * 3,
        [CLICK | {"name": "😀"}],
    ],
)
def test_rule_21_sizes_are_bytes_of_utf8_and_their_limits_are_allowed(api, buttons: Any) -> None:
    assert api.post("menu/create", {"button": buttons}) == {"errcode": 0, "errmsg": "ok"}


def test_rule_21_escaped_names_are_refused(api) -> None:
    body = rb'{"button":[{"type":"click","name":"\u6b4c","key":"K"}]}'
    assert api.post("menu/create", body)["errcode"] == 40033


def test_rule_22_what_was_installed_comes_back(sandbox: Sandbox, api) -> None:
    assert api.get("menu/get")["errcode"] == 46003
    assert api.get("get_current_selfmenu_info") == {"is_menu_open": 0, "selfmenu_info": {"button": []}}
    api.post("menu/create", {"button": [CLICK, sub(view())]})
    assert api.get("menu/get") == {
        "menu": {
            "button": [
                CLICK | {"sub_button": []},
                {"name": "多", "sub_button": [view() | {"sub_button": []}]},
            ]
        }
    }
    assert api.get("get_current_selfmenu_info") == {
        "is_menu_open": 1,
        "selfmenu_info": {"button": [CLICK, {"name": "多", "sub_button": {"list": [view()]}}]},
    }
    assert sandbox.state()["menu"] == {"button": [CLICK, sub(view())]}
    assert api.get("menu/delete") == {"errcode": 0, "errmsg": "ok"}
    assert api.get("menu/get")["errcode"] == 46003
    assert sandbox.state()["menu"] is None


@pytest.fixture
def tapped(api, openid: str) -> str:
    """A follower in front of a menu with one button of each kind."""
    waiting = [
        {"type": kind, "name": kind[:8], "key": kind}
        for kind in ("scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_weixin", "location_select")
    ]
    app = {"type": "miniprogram", "name": "程", "url": "http://a/", "appid": "wx1", "pagepath": "pages/index"}
    answer = api.post("menu/create", {"button": [CLICK, sub(view(), app), sub(*waiting)]})
    assert answer["errcode"] == 0
    return openid


def test_rule_14_a_parent_pushes_nothing(sandbox: Sandbox, server: CallbackServer, tapped: str) -> None:
    result = sandbox.tap(tapped, 1)
    assert (result["kind"], result["deliveries"], server.deliveries) == ("submenu", [], [])


def test_rule_14_click_pushes_its_key(sandbox: Sandbox, server: CallbackServer, tapped: str) -> None:
    server.says(Answer(text(tapped, "歌")))
    result = sandbox.tap(tapped, 0)
    [received] = server.deliveries
    assert (received.text("Event"), received.text("EventKey")) == ("CLICK", "K")
    assert received.text("MsgId") is None
    assert [message["content"] for message in result["shown"]] == ["歌"]
    # A tap has no bubble of its own.
    assert [message["from"] for message in sandbox.chat(tapped)] == ["account"]


def test_rule_14_view_pushes_its_url_and_opens_it(
    sandbox: Sandbox, server: CallbackServer, tapped: str
) -> None:
    result = sandbox.tap(tapped, 1, 0)
    [received] = server.deliveries
    assert (received.text("Event"), received.text("EventKey")) == ("VIEW", "http://a.example/")
    assert (received.text("MenuId") or "").isdigit()
    assert result["open"] == "http://a.example/"


def test_rule_14_mini_program(sandbox: Sandbox, server: CallbackServer, tapped: str) -> None:
    sandbox.tap(tapped, 1, 1)
    [received] = server.deliveries
    assert (received.text("Event"), received.text("EventKey")) == ("view_miniprogram", "pages/index")


@pytest.mark.parametrize(("place", "event"), [(0, "scancode_push"), (1, "scancode_waitmsg")])
def test_rule_14_scans(sandbox: Sandbox, server: CallbackServer, tapped: str, place: int, event: str) -> None:
    result = sandbox.tap(tapped, 2, place, scan_result="http://b.example/")
    [received] = server.deliveries
    assert (received.text("Event"), received.text("EventKey")) == (event, event)
    info = received.xml.find("ScanCodeInfo")
    assert info is not None
    assert (info.findtext("ScanType"), info.findtext("ScanResult")) == ("qrcode", "http://b.example/")
    with pytest.raises(AssertionError, match="scan_type: must be one of qrcode, barcode"):
        sandbox.tap(tapped, 2, place, scan_type="film")
    assert result.get("open") == ("http://b.example/" if event == "scancode_push" else None)


def test_rule_14_a_picture_follows_its_event(sandbox: Sandbox, server: CallbackServer, tapped: str) -> None:
    sandbox.tap(tapped, 2, 2)
    event, message = server.deliveries
    assert (event.text("Event"), event.text("SendPicsInfo/Count")) == ("pic_sysphoto", "1")
    assert len(event.text("SendPicsInfo/PicList/item/PicMd5Sum") or "") == 32
    assert message.text("MsgType") == "image"
    assert [bubble["type"] for bubble in sandbox.chat(tapped)] == ["image"]


def test_rule_14_a_place_follows_its_event(sandbox: Sandbox, server: CallbackServer, tapped: str) -> None:
    result = sandbox.tap(tapped, 2, 4, latitude=23.1, longitude=113.3, label="广州")
    event, message = server.deliveries
    assert event.text("SendLocationInfo/Label") == "广州"
    assert (message.text("Location_X"), message.text("Location_Y")) == ("23.1", "113.3")
    assert len(result["deliveries"]) == 2
    assert result["msg_id"] == message.text("MsgId")


@pytest.mark.parametrize("path", [[], [9], [1, 9], [0, 0], [-1], ["0"], [True], [1, 0, 0]])
def test_a_path_must_lead_to_a_button(sandbox: Sandbox, tapped: str, path: list[Any]) -> None:
    with pytest.raises(AssertionError, match=r"400 .*path: must be"):
        sandbox.tap(tapped, *path)


def test_no_menu_no_tap(sandbox: Sandbox, openid: str) -> None:
    with pytest.raises(AssertionError, match="no menu is installed"):
        sandbox.tap(openid, 0)


TYPED = [
    {"type": "view", "name": "页", "url": "http://a.example/"},
    {"name": "多", "sub_button": [{"type": "text", "name": "话", "value": "你好"}]},
]


def test_rule_22_a_menu_of_the_console_is_in_selfmenu_info_only(sandbox: Sandbox, api, openid: str) -> None:
    sandbox.call("PUT", "console_menu", {"button": TYPED})
    assert api.get("menu/get")["errcode"] == 46003
    assert api.get("get_current_selfmenu_info") == {
        "is_menu_open": 1,
        "selfmenu_info": {
            "button": [TYPED[0], {"name": "多", "sub_button": {"list": TYPED[1]["sub_button"]}}]
        },
    }
    assert sandbox.menu(openid)["button"] == TYPED
    assert [message["content"] for message in sandbox.tap(openid, 1, 0)["shown"]] == ["你好"]


def test_rule_22_the_later_of_the_menus_of_console_and_api_counts(sandbox: Sandbox, api) -> None:
    sandbox.call("PUT", "console_menu", {"button": TYPED})
    api.post("menu/create", {"button": [CLICK]})
    assert api.get("get_current_selfmenu_info")["selfmenu_info"]["button"] == [CLICK]
    sandbox.call("PUT", "console_menu", {"button": TYPED})
    assert api.get("menu/get")["errcode"] == 46003
    api.get("menu/delete")
    assert api.get("get_current_selfmenu_info") == {"is_menu_open": 0, "selfmenu_info": {"button": []}}


def test_rule_22_a_menu_that_is_switched_off_is_told_and_not_shown(
    sandbox: Sandbox, api, openid: str
) -> None:
    sandbox.settings(enforce_menu_cache=False)
    api.post("menu/create", {"button": [CLICK]})
    off = sandbox.call("PUT", "console_menu", {"is_open": False})
    assert off == {"is_menu_open": 0, "selfmenu_info": {"button": [CLICK]}}
    assert (api.get("get_current_selfmenu_info"), sandbox.menu(openid)["button"]) == (off, [])
    assert "menu" in api.get("menu/get")
    api.post("menu/create", {"button": [CLICK]})
    assert api.get("get_current_selfmenu_info")["is_menu_open"] == 1
    assert sandbox.menu(openid)["button"] == [CLICK]


@pytest.mark.parametrize(
    "body",
    [
        {"button": [{"type": "view", "name": "a"}]},
        {"button": [{"type": "click", "name": "a", "value": "k"}]},
        {"button": [{"name": "a", "sub_button": []}]},
        {"button": [5]},
        {"button": {}},
        {"is_open": 1},
        {"colour": 1},
    ],
    ids=str,
)
def test_what_cannot_be_typed_into_the_console_is_a_bad_request(sandbox: Sandbox, body: Any) -> None:
    with pytest.raises(AssertionError, match="400"):
        sandbox.call("PUT", "console_menu", body)
