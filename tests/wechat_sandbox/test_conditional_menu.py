"""Conditional menus, and phones that keep an old menu (rules 23 and 24)."""

from typing import Any

import pytest

from tests.launch import Sandbox
from tests.wechat_sandbox.callback import CallbackServer


def menu(key: str, **rule: Any) -> dict[str, Any]:
    buttons = {"button": [{"type": "click", "name": key, "key": key}]}
    return {**buttons, "matchrule": rule} if rule else buttons


def views(*hosts: str) -> dict[str, Any]:
    buttons = [{"type": "view", "name": "a", "url": f"http://{host}/"} for host in hosts]
    return {"button": [{"name": "m", "sub_button": buttons}], "matchrule": {"client_platform_type": 1}}


@pytest.fixture
def tag(api) -> int:
    api.post("menu/create", menu("default"))
    tag_id: int = api.post("tags/create", {"tag": {"name": "会员"}})["tag"]["id"]
    return tag_id


def key(shown: dict[str, Any]) -> str:
    name: str = shown["button"][0]["key"]
    return name


def test_rule_23_without_a_default_there_is_no_conditional(api) -> None:
    assert api.post("menu/addconditional", menu("a", client_platform_type=1))["errcode"] == 65303


@pytest.mark.parametrize(
    ("rule", "errcode"),
    [
        ({}, 65304),
        (None, 65304),
        ({"tag_id": ""}, 65304),
        ({"sex": "1"}, 65320),
        ({"tag_id": "2", "country": "中国"}, 65320),
        ({"province": "广东"}, 65320),
        ({"city": "广州"}, 65320),
        ({"language": "zh_CN"}, 65320),
        ({"tag_id": "9999"}, 45159),
        ({"client_platform_type": "9"}, 40097),
    ],
)
def test_rule_23_what_a_rule_may_not_be(api, tag: int, rule: Any, errcode: int) -> None:
    body = {**menu("a"), "matchrule": rule}
    assert api.post("menu/addconditional", body)["errcode"] == errcode
    assert "conditionalmenu" not in api.get("menu/get")


def test_rule_23_its_buttons_obey_the_rules_of_all_menus(api, tag: int) -> None:
    body = {"button": [], "matchrule": {"tag_id": tag}}
    assert api.post("menu/addconditional", body)["errcode"] == 40016


def test_rule_23_three_domains_over_all(api, tag: int) -> None:
    assert "menuid" in api.post("menu/addconditional", views("a.example", "b.example"))
    assert "menuid" in api.post("menu/addconditional", views("b.example", "c.example"))
    assert api.post("menu/addconditional", views("d.example"))["errcode"] == 65316


def test_rule_23_the_newest_matching_rule_wins(api, sandbox: Sandbox, openid: str, tag: int) -> None:
    api.post("tags/members/batchtagging", {"openid_list": [openid], "tagid": tag})
    for name, rule in (
        ("old", {"tag_id": tag}),
        ("new", {"tag_id": tag}),
        ("ios", {"client_platform_type": 1}),
    ):
        answer = api.post("menu/addconditional", menu(name, **rule))
        assert isinstance(answer["menuid"], str)
    assert key(api.post("menu/trymatch", {"user_id": openid})) == "new"
    sandbox.call("PUT", f"users/{openid}/preferences", {"platform": "ios"})
    assert key(api.post("menu/trymatch", {"user_id": openid})) == "ios"
    stranger = sandbox.state()["users"][0]["openid"]
    for user_id in (stranger, "nobody", ""):
        assert api.post("menu/trymatch", {"user_id": user_id})["errcode"] == 65302


def test_rule_23_of_several_tags_the_last_one_counts(api, openid: str, tag: int) -> None:
    other = api.post("tags/create", {"tag": {"name": "新人"}})["tag"]["id"]
    for one in (tag, other):
        api.post("menu/addconditional", menu(f"tag {one}", tag_id=str(one)))
    for one in (other, tag):
        api.post("tags/members/batchtagging", {"openid_list": [openid], "tagid": one})
    assert key(api.post("menu/trymatch", {"user_id": openid})) == f"tag {tag}"


def test_rule_23_both_parts_of_a_rule_must_hold(api, sandbox: Sandbox, openid: str, tag: int) -> None:
    api.post("menu/addconditional", menu("both", tag_id=tag, client_platform_type=2))
    api.post("tags/members/batchtagging", {"openid_list": [openid], "tagid": tag})
    assert key(api.post("menu/trymatch", {"user_id": openid})) == "default"
    sandbox.call("PUT", f"users/{openid}/preferences", {"platform": "android"})
    assert key(api.post("menu/trymatch", {"user_id": openid})) == "both"


def test_rule_22_conditional_menus_come_back_with_the_default(sandbox: Sandbox, api, tag: int) -> None:
    menuid = api.post("menu/addconditional", menu("a", tag_id=tag))["menuid"]
    got = api.get("menu/get")
    assert isinstance(got["menu"]["menuid"], int)
    [conditional] = got["conditionalmenu"]
    assert (conditional["matchrule"], str(conditional["menuid"])) == ({"group_id": tag}, menuid)
    assert conditional["button"][0]["sub_button"] == []
    assert sandbox.state()["conditional_menus"][0]["menuid"] == menuid


def test_rule_23_deleting_one_and_all(api, tag: int) -> None:
    menuid = api.post("menu/addconditional", menu("a", tag_id=tag))["menuid"]
    assert api.post("menu/delconditional", {"menuid": "1"})["errcode"] == 65301
    assert api.post("menu/delconditional", {"menuid": menuid})["errcode"] == 0
    assert api.post("menu/delconditional", {"menuid": menuid})["errcode"] == 65301
    api.post("menu/addconditional", menu("a", tag_id=tag))
    assert api.get("menu/delete")["errcode"] == 0
    assert api.get("menu/get")["errcode"] == 46003
    assert api.post("menu/addconditional", menu("a", tag_id=tag))["errcode"] == 65303


def test_rule_24_a_phone_keeps_its_menu_for_five_minutes(
    sandbox: Sandbox, api, server: CallbackServer, openid: str
) -> None:
    api.post("menu/create", menu("old"))
    assert key(sandbox.menu(openid)) == "old"
    api.post("menu/create", menu("new"))
    shown = sandbox.menu(openid)
    assert key(shown) == "old"
    assert 0 < shown["stale_seconds"] <= 301
    sandbox.tap(openid, 0)
    assert server.deliveries[-1].text("EventKey") == "old"
    # Neither entering too early nor time alone changes it, only both.
    sandbox.enter(openid)
    assert key(sandbox.menu(openid)) == "old"
    sandbox.clock(301)
    assert key(sandbox.menu(openid)) == "old"
    assert key(sandbox.enter(openid)["menu"]) == "new"
    assert sandbox.menu(openid) == {**menu("new"), "stale_seconds": 0}


def test_rule_24_following_again_shows_the_new_one(sandbox: Sandbox, api, openid: str) -> None:
    api.post("menu/create", menu("old"))
    assert key(sandbox.menu(openid)) == "old"
    api.post("menu/create", menu("new"))
    sandbox.unsubscribe(openid)
    sandbox.subscribe(openid)
    assert key(sandbox.menu(openid)) == "new"


def test_rule_24_a_deleted_menu_stays_for_a_while_too(sandbox: Sandbox, api, openid: str) -> None:
    api.post("menu/create", menu("old"))
    sandbox.enter(openid)
    api.get("menu/delete")
    assert key(sandbox.menu(openid)) == "old"
    sandbox.clock(301)
    sandbox.enter(openid)
    assert sandbox.menu(openid)["button"] == []


def test_rule_24_it_can_be_switched_off(sandbox: Sandbox, api, openid: str) -> None:
    sandbox.settings(enforce_menu_cache=False)
    for name in ("old", "new"):
        api.post("menu/create", menu(name))
        assert key(sandbox.menu(openid)) == name


def test_rule_24_the_first_menu_shows_at_once(sandbox: Sandbox, api, openid: str) -> None:
    assert sandbox.menu(openid)["button"] == []
    api.post("menu/create", menu("first"))
    assert key(sandbox.menu(openid)) == "first"


def test_a_view_names_the_menu_that_it_belongs_to(
    sandbox: Sandbox, api, server: CallbackServer, openid: str, tag: int
) -> None:
    menuid = api.post("menu/addconditional", views("a.example"))["menuid"]
    sandbox.call("PUT", f"users/{openid}/preferences", {"platform": "ios"})
    assert sandbox.tap(openid, 0, 0)["open"] == "http://a.example/"
    assert server.deliveries[-1].text("MenuId") == menuid


def test_the_location_is_reported_on_entering_where_that_is_on(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    assert sandbox.enter(openid)["deliveries"] == []
    sandbox.settings(location_reports=True)
    sandbox.enter(openid)
    assert [received.text("Event") for received in server.deliveries] == ["LOCATION"]


def test_rule_23_trymatch_takes_a_wechat_id_too(api, sandbox: Sandbox, openid: str, tag: int) -> None:
    assert api.post("menu/trymatch", {"user_id": "xiaoming_1"})["errcode"] == 65302
    chosen = sandbox.call("PUT", f"users/{openid}/preferences", {"wechat_id": "xiaoming_1"})
    assert chosen["wechat_id"] == "xiaoming_1"
    assert key(api.post("menu/trymatch", {"user_id": "xiaoming_1"})) == "default"
    sandbox.unsubscribe(openid)
    assert api.post("menu/trymatch", {"user_id": "xiaoming_1"})["errcode"] == 65302


def test_rule_23_a_menu_of_the_console_is_no_default_menu(api, sandbox: Sandbox, openid: str) -> None:
    view = {"type": "view", "name": "a", "url": "http://a.example/"}
    sandbox.call("PUT", "console_menu", {"button": [view]})
    assert api.post("menu/addconditional", menu("a", client_platform_type=1))["errcode"] == 65303
    assert api.post("menu/trymatch", {"user_id": openid})["errcode"] == 46003


def test_rule_23_a_new_default_menu_leaves_the_conditional_ones(api, tag: int) -> None:
    api.post("menu/addconditional", menu("a", tag_id=tag))
    api.post("menu/create", menu("other"))
    got = api.get("menu/get")
    assert (key(got["menu"]), key(got["conditionalmenu"][0])) == ("other", "a")
