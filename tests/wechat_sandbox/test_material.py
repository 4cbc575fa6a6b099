"""Permanent material, pictures of articles, short keys, agents (protocol §8.1, §9.3, §9.4)."""

import json
from typing import Any

import pytest

from tests.launch import Sandbox

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
MP4 = b"\0\0\0\x18ftypmp42" + b"\0" * 20


def upload(api, path: str, content: bytes, name: str, kind: str = "", **fields: str) -> dict[str, Any]:
    query = {"access_token": api.token} | ({"type": kind} if kind else {})
    files = {"media": (name, content, "application/octet-stream")}
    answer: dict[str, Any] = api.raw(
        "POST", f"/cgi-bin/{path}", params=query, files=files, data=fields
    ).json()
    return answer


def test_a_picture_stays_until_it_is_deleted(sandbox: Sandbox, api) -> None:
    added = upload(api, "material/add_material", PNG, "天空.png", "image")
    assert api.raw("GET", added["url"].removeprefix(api.base)).content == PNG
    sandbox.clock(10 * 86400)
    api.renew()
    got = api.raw(
        "POST",
        "/cgi-bin/material/get_material",
        params={"access_token": api.token},
        json={"media_id": added["media_id"]},
    )
    assert got.content == PNG
    assert api.get("material/get_materialcount") == {
        "voice_count": 0,
        "video_count": 0,
        "image_count": 1,
        "news_count": 0,
    }
    listed = api.post("material/batchget_material", {"type": "image", "offset": 0, "count": 20})
    assert (listed["total_count"], listed["item_count"]) == (1, 1)
    assert listed["item"][0]["media_id"] == added["media_id"]
    assert api.post("material/del_material", {"media_id": added["media_id"]})["errcode"] == 0
    assert api.post("material/get_material", {"media_id": added["media_id"]})["errcode"] == 40007


def test_a_video_has_a_title(api) -> None:
    told = json.dumps({"title": "题", "introduction": "介绍"})
    added = upload(api, "material/add_material", MP4, "a.mp4", "video", description=told)
    got = api.post("material/get_material", {"media_id": added["media_id"]})
    assert (got["title"], got["description"]) == ("题", "介绍")
    assert api.raw("GET", got["down_url"].removeprefix(api.base)).content == MP4
    assert upload(api, "material/add_material", MP4, "a.mp4", "video")["errcode"] == 47001


def test_what_the_menu_uses_is_not_deleted(api) -> None:
    media_id = upload(api, "material/add_material", PNG, "a.png", "image")["media_id"]
    button = {"type": "media_id", "name": "图", "media_id": media_id}
    assert api.post("menu/create", {"button": [button]})["errcode"] == 0
    assert api.post("material/del_material", {"media_id": media_id})["errcode"] == 48005
    api.get("menu/delete")
    assert api.post("material/del_material", {"media_id": media_id})["errcode"] == 0


def test_permanent_and_temporary_are_kept_apart(api) -> None:
    temporary = upload(api, "media/upload", PNG, "a.png", "image")["media_id"]
    assert api.post("material/get_material", {"media_id": temporary})["errcode"] == 40007
    assert api.post("material/get_material", {})["errcode"] == 41006
    assert upload(api, "material/add_material", PNG, "a.png", "poster")["errcode"] == 40004
    assert api.post("material/batchget_material", {"type": "x", "offset": 0, "count": 1})["errcode"] == 40004
    for bad in ({"offset": 0, "count": 21}, {"offset": -1, "count": 1}, {"offset": "0", "count": 1}):
        assert api.post("material/batchget_material", {"type": "news", **bad})["errcode"] == 40097


def test_a_picture_of_an_article(api) -> None:
    url = upload(api, "media/uploadimg", PNG, "a.png")["url"]
    assert api.raw("GET", url.removeprefix(api.base)).content == PNG
    assert upload(api, "media/uploadimg", PNG + b"\0" * (1 << 20), "a.png")["errcode"] == 40009
    assert upload(api, "media/uploadimg", b"GIF89a", "a.gif")["errcode"] == 40005


def test_a_recording_of_the_jssdk(api) -> None:
    media_id = upload(api, "media/upload", b"#!AMR\n1", "a.amr", "voice")["media_id"]
    query = {"access_token": api.token, "media_id": media_id}
    assert api.raw("GET", "/cgi-bin/media/get/jssdk", params=query).content == b"#!AMR\n1"
    picture = upload(api, "media/upload", PNG, "a.png", "image")["media_id"]
    assert api.get("media/get/jssdk", media_id=picture)["errcode"] == 40007


def test_short_keys(sandbox: Sandbox, api) -> None:
    made = api.post("shorten/gen", {"long_data": "很长的文字", "expire_seconds": 60})
    assert made["errcode"] == 0
    fetched = api.post("shorten/fetch", {"short_key": made["short_key"]})
    assert (fetched["long_data"], fetched["expire_seconds"]) == ("很长的文字", 60)
    sandbox.clock(61)
    assert api.post("shorten/fetch", {"short_key": made["short_key"]})["errcode"] == 40097
    for bad in ({}, {"long_data": ""}, {"long_data": "a" * 4097}, {"long_data": "a", "expire_seconds": 0}):
        assert api.post("shorten/gen", bad)["errcode"] == 40097


def kf(api, method: str, path: str, body: Any = None, **query: str) -> int:
    answer = api.raw(
        method,
        f"/customservice/kfaccount/{path}",
        params={"access_token": api.token} | query,
        data=None if body is None else json.dumps(body, ensure_ascii=False).encode(),
    )
    errcode: int = answer.json()["errcode"]
    return errcode


def test_agents_are_kept_and_named_as_senders(sandbox: Sandbox, api, openid: str) -> None:
    account = "test1@sandbox"
    assert kf(api, "POST", "add", {"kf_account": account, "nickname": "客服小王"}) == 0
    [agent] = api.get("customservice/getkflist")["kf_list"]
    assert (agent["kf_account"], agent["kf_nick"]) == (account, "客服小王")
    assert api.get("customservice/getonlinekflist") == {"kf_online_list": []}
    sandbox.send(openid, content="hi")
    body = {"touser": openid, "msgtype": "text", "text": {"content": "a"}}
    sender = {"customservice": {"kf_account": account}}
    assert api.post("message/custom/send", body | sender)["errcode"] == 0
    assert sandbox.chat(openid)[-1]["sender_nickname"] == "客服小王"
    assert kf(api, "POST", "update", {"kf_account": account, "nickname": "新"}) == 0
    assert kf(api, "GET", "del", kf_account=account) == 0
    assert kf(api, "GET", "del", kf_account=account) == 61452
    assert api.post("message/custom/send", body | sender)["errcode"] == 65401


@pytest.mark.parametrize(
    ("account", "errcode"),
    [("", 61452), ("nobody", 61452), ("a" * 11 + "@b", 61454), ("名@b", 61455), ("taken@b", 61453)],
)
def test_what_an_agent_may_not_be_called(api, account: str, errcode: int) -> None:
    kf(api, "POST", "add", {"kf_account": "taken@b", "nickname": "a"})
    assert kf(api, "POST", "add", {"kf_account": account, "nickname": "a"}) == errcode
    assert kf(api, "POST", "add", {"kf_account": "a@b", "nickname": ""}) == 61451
