"""Users, scene QR codes and media (rules 36, 37, 38)."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.launch import Sandbox
from tests.wechat_sandbox.callback import CallbackServer

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
JPEG = b"\xff\xd8\xff" + b"\0" * 20


def make(api, action: str, scene: dict[str, Any], **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = api.post(
        "qrcode/create", {"action_name": action, "action_info": {"scene": scene}} | body
    )
    return answer


def test_rule_36_a_followers_scan_and_a_strangers(
    sandbox: Sandbox, server: CallbackServer, api, openid: str
) -> None:
    code = make(api, "QR_STR_SCENE", {"scene_str": "登录"}, expire_seconds=600)
    assert set(code) == {"ticket", "expire_seconds", "url"}
    assert code["expire_seconds"] == 600
    sandbox.scan(openid, ticket=code["ticket"])
    stranger = sandbox.add_user("路人")
    sandbox.scan(stranger, scene="登录")
    followed, scanned = server.deliveries[1], server.deliveries[0]
    assert (scanned.text("Event"), scanned.text("EventKey")) == ("SCAN", "登录")
    assert (followed.text("Event"), followed.text("EventKey")) == ("subscribe", "qrscene_登录")
    assert scanned.text("Ticket") == followed.text("Ticket") == code["ticket"]
    info = api.get("user/info", openid=stranger)
    assert (info["subscribe"], info["subscribe_scene"]) == (1, "ADD_SCENE_QR_CODE")
    assert (info["qr_scene"], info["qr_scene_str"]) == (0, "登录")


def test_rule_36_a_temporary_code_expires(sandbox: Sandbox, api, openid: str) -> None:
    code = make(api, "QR_SCENE", {"scene_id": 7})
    assert code["expire_seconds"] == 60
    picture = api.raw("GET", f"/cgi-bin/showqrcode?ticket={quote(code['ticket'])}")
    assert (picture.status_code, picture.content[:4]) == (200, b"\x89PNG")
    assert picture.headers["Cache-Control"] == "max-age=604800"
    sandbox.scan(openid, url=code["url"])
    sandbox.clock(61)
    for named in ({"ticket": code["ticket"]}, {"scene": 7}, {"url": code["url"]}):
        with pytest.raises(AssertionError, match="expired"):
            sandbox.scan(openid, **named)
    assert api.raw("GET", f"/cgi-bin/showqrcode?ticket={quote(code['ticket'])}").status_code == 404


def test_rule_36_permanent_codes_stay(sandbox: Sandbox, api, openid: str) -> None:
    code = make(api, "QR_LIMIT_SCENE", {"scene_id": 100000})
    assert set(code) == {"ticket", "url"}
    assert make(api, "QR_LIMIT_SCENE", {"scene_id": 100000})["ticket"] == code["ticket"]
    sandbox.clock(365 * 86400)
    assert sandbox.scan(openid, ticket=code["ticket"])["msg_id"] is None


def test_rule_36_a_bad_ticket_is_a_404(api) -> None:
    assert api.raw("GET", "/cgi-bin/showqrcode?ticket=rubbish").status_code == 404
    assert api.raw("GET", "/cgi-bin/showqrcode").status_code == 404


@pytest.mark.parametrize(
    ("action", "scene", "errcode"),
    [
        ("QR_CARD", {"scene_id": 1}, 40052),
        ("QR_SCENE", {"scene_id": 0}, 40053),
        ("QR_SCENE", {"scene_id": 2**32}, 40053),
        ("QR_SCENE", {"scene_id": "1"}, 40053),
        ("QR_SCENE", {"scene_str": "a"}, 40053),
        ("QR_LIMIT_SCENE", {"scene_id": 100001}, 40053),
        ("QR_STR_SCENE", {"scene_str": ""}, 40053),
        ("QR_LIMIT_STR_SCENE", {"scene_str": "a" * 65}, 40053),
    ],
)
def test_rule_36_bad_scenes(api, action: str, scene: dict[str, Any], errcode: int) -> None:
    assert make(api, action, scene)["errcode"] == errcode


def test_rule_36_a_scene_printed_long_ago_can_be_scanned(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    sandbox.scan(openid, scene=123)
    assert server.deliveries[0].text("EventKey") == "123"


def test_rule_37_a_followers_profile(sandbox: Sandbox, api, openid: str) -> None:
    info = api.get("user/info", openid=openid, lang="zh_CN")
    assert {name: info[name] for name in ("subscribe", "openid", "nickname", "sex", "headimgurl")} == {
        "subscribe": 1,
        "openid": openid,
        "nickname": "",
        "sex": 0,
        "headimgurl": "",
    }
    assert (info["subscribe_scene"], info["tagid_list"], info["groupid"]) == ("ADD_SCENE_SEARCH", [], 0)
    assert "unionid" not in info


def test_rule_37_strangers_and_foreigners(sandbox: Sandbox, api) -> None:
    info = api.get("user/info", openid=sandbox.add_user("路人"))
    assert (info["subscribe"], info["nickname"]) == (0, "")
    assert "subscribe_time" not in info
    assert api.get("user/info", openid="oForeigner")["errcode"] == 40003
    assert api.get("user/info")["errcode"] == 41009


def test_rule_37_unfollowing_and_following_again(sandbox: Sandbox, api, openid: str) -> None:
    other = sandbox.add_user("b", subscribed=True)
    everybody = api.get("user/get")
    assert everybody == {
        "total": 2,
        "count": 2,
        "data": {"openid": [openid, other]},
        "next_openid": other,
    }
    assert api.get("user/get", next_openid=openid)["data"] == {"openid": [other]}
    assert api.get("user/get", next_openid=other) == {"total": 2, "count": 0, "next_openid": ""}
    before = api.get("user/info", openid=openid)["subscribe_time"]
    sandbox.unsubscribe(openid)
    assert api.get("user/get")["data"] == {"openid": [other]}
    assert api.get("user/info", openid=openid)["subscribe"] == 0
    sandbox.clock(100)
    sandbox.subscribe(openid)
    assert api.get("user/info", openid=openid)["subscribe_time"] >= before + 100


def test_who_does_not_follow_cannot_act(sandbox: Sandbox, openid: str) -> None:
    stranger = sandbox.add_user("路人")
    for act in (
        lambda: sandbox.send(stranger, content="hi"),
        lambda: sandbox.tap(stranger, 0),
        lambda: sandbox.unsubscribe(stranger),
        lambda: sandbox.location(stranger),
    ):
        with pytest.raises(AssertionError, match=r"400 .*does not follow"):
            act()
    with pytest.raises(AssertionError, match="already follows"):
        sandbox.subscribe(openid)


def upload(api, kind: str, content: bytes, name: str = "media", filename: str = "a.bin") -> dict[str, Any]:
    params = {"access_token": api.token, "type": kind}
    files = {name: (filename, content)}
    answer: dict[str, Any] = api.raw("POST", "/cgi-bin/media/upload", params=params, files=files).json()
    return answer


def test_rule_38_media_comes_back_for_three_days(sandbox: Sandbox, api) -> None:
    uploaded = upload(api, "image", PNG, filename="图.png")
    assert (uploaded["type"], set(uploaded)) == ("image", {"type", "media_id", "created_at"})
    params = {"access_token": api.token, "media_id": uploaded["media_id"]}
    got = api.raw("GET", "/cgi-bin/media/get", params=params)
    assert (got.content, got.headers["Content-Type"]) == (PNG, "image/png")
    assert got.headers["Content-disposition"].startswith('attachment; filename="')
    sandbox.clock(3 * 86400)
    api.renew()
    assert api.get("media/get", media_id=uploaded["media_id"])["errcode"] == 40007


def test_rule_38_a_video_comes_back_as_its_address(api) -> None:
    mp4 = b"\0\0\0\x18ftypmp42" + b"\0" * 8
    media_id = upload(api, "video", mp4)["media_id"]
    url = api.get("media/get", media_id=media_id)["video_url"]
    assert api.raw("GET", url.removeprefix(api.base)).content == mp4


def test_rule_38_a_thumb_has_its_own_name(api) -> None:
    assert set(upload(api, "thumb", JPEG)) == {"type", "thumb_media_id", "created_at"}


@pytest.mark.parametrize(
    ("kind", "content", "errcode"),
    [
        ("file", PNG, 40004),
        ("image", b"", 44001),
        ("image", b"BM not a picture WeChat takes", 40005),
        ("thumb", PNG, 40005),
        ("voice", PNG, 40005),
        ("image", PNG + b"\0" * (10 << 20), 40009),
        ("voice", b"#!AMR\n" + b"\0" * (2 << 20), 40010),
        ("video", b"\0\0\0\x18ftyp" + b"\0" * (10 << 20), 40011),
        ("thumb", JPEG + b"\0" * (64 << 10), 40012),
    ],
)
def test_rule_38_what_may_not_be_uploaded(api, kind: str, content: bytes, errcode: int) -> None:
    assert upload(api, kind, content)["errcode"] == errcode


def test_rule_38_an_upload_without_its_file(api) -> None:
    assert upload(api, "image", PNG, name="file")["errcode"] == 41005
    params = {"access_token": api.token, "type": "image"}
    headers = {"Content-Type": "multipart/form-data"}
    for data, sent in ((PNG, {}), (b"rubbish", headers), (b"", headers)):
        answer = api.raw("POST", "/cgi-bin/media/upload", params=params, data=data, headers=sent).json()
        assert answer["errcode"] == 41005
    assert api.get("media/get")["errcode"] == 41006
    assert api.get("media/get", media_id="unknown")["errcode"] == 40007


def test_a_users_picture_can_be_fetched_by_the_account(sandbox: Sandbox, api, openid: str) -> None:
    posted = api.raw("POST", "/_sandbox/media", data=JPEG, headers={"Content-Type": "image/jpeg"}).json()
    sandbox.send(openid, type="image", media_id=posted["media_id"])
    params = {"access_token": api.token, "media_id": posted["media_id"]}
    assert api.raw("GET", "/cgi-bin/media/get", params=params).content == JPEG
    assert api.raw("GET", posted["pic_url"].removeprefix(api.base)).content == JPEG
