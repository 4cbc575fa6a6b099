"""Remarks, tags, the blacklist, many users at once (protocol §9.2)."""

from typing import Any

import pytest

from tests.launch import Sandbox
from tests.wechat_sandbox.callback import CallbackServer


def create(api, name: str) -> dict[str, Any]:
    answer: dict[str, Any] = api.post("tags/create", {"tag": {"name": name}})
    return answer


@pytest.fixture
def tag(api) -> int:
    tag_id: int = create(api, "会员")["tag"]["id"]
    return tag_id


def test_tags_are_created_renamed_and_deleted(sandbox: Sandbox, api, tag: int) -> None:
    assert {"id": tag, "name": "会员", "count": 0} in api.get("tags/get")["tags"]
    assert api.post("tags/update", {"tag": {"id": tag, "name": "新名"}})["errcode"] == 0
    assert {"id": tag, "name": "新名"} in sandbox.state()["tags"]
    assert api.post("tags/delete", {"tag": {"id": tag}})["errcode"] == 0
    assert [one["id"] for one in api.get("tags/get")["tags"]] == [2]


@pytest.mark.parametrize(
    ("path", "tag", "errcode"),
    [
        ("create", {"name": ""}, 45157),
        ("create", {"name": "会员"}, 45157),
        ("create", {"name": "字" * 31}, 45158),
        ("create", {}, 45157),
        ("create", None, 47001),
        ("update", {"id": 2, "name": "a"}, 45058),
        ("update", {"id": 9999, "name": "a"}, 45159),
        ("delete", {"id": 0}, 45058),
        ("delete", {"id": "x"}, 45159),
    ],
)
def test_what_a_tag_may_not_be(api, path: str, tag: Any, errcode: int) -> None:
    create(api, "会员")
    assert api.post(f"tags/{path}", {"tag": tag})["errcode"] == errcode


def test_a_hundred_tags_are_enough(api) -> None:
    for number in range(100):
        create(api, f"tag {number}")
    assert create(api, "one more")["errcode"] == 45056


def test_followers_are_tagged(sandbox: Sandbox, api, openid: str, tag: int) -> None:
    body = {"openid_list": [openid], "tagid": tag}
    for _ in range(2):
        assert api.post("tags/members/batchtagging", body)["errcode"] == 0
    assert api.post("tags/getidlist", {"openid": openid}) == {"tagid_list": [tag]}
    members = api.post("user/tag/get", {"tagid": tag, "next_openid": ""})
    assert members == {"count": 1, "data": {"openid": [openid]}, "next_openid": openid}
    info = api.get("user/info", openid=openid)
    assert (info["tagid_list"], info["groupid"]) == ([tag], tag)
    assert api.post("tags/members/batchuntagging", body)["errcode"] == 0
    assert api.get("user/info", openid=openid)["tagid_list"] == []
    api.post("tags/members/batchtagging", body)
    api.post("tags/delete", {"tag": {"id": tag}})
    assert api.post("tags/getidlist", {"openid": openid}) == {"tagid_list": []}


def test_who_cannot_be_tagged(sandbox: Sandbox, api, openid: str, tag: int) -> None:
    stranger = sandbox.state()["users"][0]["openid"]
    for openids, errcode in (([], 40031), ([stranger], 40003), ([openid] * 51, 40032), ([5], 40003)):
        body = {"openid_list": openids, "tagid": tag}
        assert api.post("tags/members/batchtagging", body)["errcode"] == errcode
    for number in range(20):
        one = create(api, f"tag {number}")["tag"]["id"]
        api.post("tags/members/batchtagging", {"openid_list": [openid], "tagid": one})
    body = {"openid_list": [openid], "tagid": tag}
    assert api.post("tags/members/batchtagging", body)["errcode"] == 45059


def test_a_remark(sandbox: Sandbox, api, openid: str) -> None:
    assert api.post("user/info/updateremark", {"openid": openid, "remark": "老客户"})["errcode"] == 0
    assert api.get("user/info", openid=openid)["remark"] == "老客户"
    assert api.post("user/info/updateremark", {"openid": openid, "remark": "字" * 30})["errcode"] == 40035
    assert api.post("user/info/updateremark", {"openid": "nobody", "remark": "a"})["errcode"] == 40003
    sandbox.unsubscribe(openid)
    sandbox.subscribe(openid)
    assert api.get("user/info", openid=openid)["remark"] == ""


def test_many_users_at_once(sandbox: Sandbox, api, openid: str) -> None:
    stranger = sandbox.state()["users"][0]["openid"]
    wanted = [{"openid": openid, "lang": "en"}, {"openid": stranger}]
    follower, other = api.post("user/info/batchget", {"user_list": wanted})["user_info_list"]
    assert (follower["subscribe"], follower["language"], other["subscribe"]) == (1, "en", 0)
    assert api.post("user/info/batchget", {"user_list": wanted * 51})["errcode"] == 40032
    assert api.post("user/info/batchget", {"user_list": []})["errcode"] == 40031
    assert api.post("user/info/batchget", {"user_list": [{"openid": "nobody"}]})["errcode"] == 40003


def test_the_blacklist(sandbox: Sandbox, api, server: CallbackServer, openid: str) -> None:
    sandbox.send(openid, content="hi")
    assert api.post("tags/members/batchblacklist", {"openid_list": [openid]})["errcode"] == 0
    listed = api.post("tags/members/getblacklist", {"begin_openid": ""})
    assert (listed["total"], listed["data"]["openid"]) == (1, [openid])
    # Neither side reaches the other.
    assert sandbox.send(openid, content="do you hear me?")["deliveries"] == []
    body = {"touser": openid, "msgtype": "text", "text": {"content": "a"}}
    assert api.post("message/custom/send", body)["errcode"] == 43019
    assert len(server.deliveries) == 1
    assert api.post("tags/members/batchunblacklist", {"openid_list": [openid]})["errcode"] == 0
    assert api.post("message/custom/send", body)["errcode"] == 0
    assert api.post("tags/members/batchblacklist", {"openid_list": [openid] * 21})["errcode"] == 40032
