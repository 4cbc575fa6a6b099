"""What a phone shows beside the chat: shares, text messages, uploads of pages; who may ask the sandbox."""

from typing import Any

import pytest
import requests

from tests.launch import Sandbox


@pytest.fixture
def people(sandbox: Sandbox) -> list[str]:
    return [user["openid"] for user in sandbox.state()["users"]]


def share(sandbox: Sandbox, openid: str, to: str, link: str = "http://127.0.0.1/p?a=1#top") -> None:
    body = {"to": to, "title": "题", "desc": "述", "link": link, "imgUrl": "http://127.0.0.1/i.png"}
    assert sandbox.call("POST", f"users/{openid}/share", body) == {"ok": True}


def inbox(sandbox: Sandbox, openid: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = sandbox.call("GET", f"users/{openid}/inbox")["items"]
    return items


def test_a_page_is_shared_with_a_friend(sandbox: Sandbox, people: list[str]) -> None:
    ming, hong = people
    share(sandbox, ming, hong)
    [item] = inbox(sandbox, hong)
    assert (item["type"], item["from_nickname"], item["title"]) == ("share", "小明", "题")
    assert (item["description"], item["pic_url"]) == ("述", "http://127.0.0.1/i.png")
    assert item["url"] == "http://127.0.0.1/p?a=1&from=singlemessage#top"
    assert inbox(sandbox, ming) == []


def test_the_timeline_is_seen_by_all_the_others(sandbox: Sandbox, people: list[str]) -> None:
    third = sandbox.add_user("小刚")
    share(sandbox, people[0], "timeline", link="https://a.example/")
    for openid in (people[1], third):
        assert [item["url"] for item in inbox(sandbox, openid)] == ["https://a.example/?from=timeline"]
    assert inbox(sandbox, people[0]) == []


def test_what_cannot_be_shared(sandbox: Sandbox, people: list[str]) -> None:
    with pytest.raises(AssertionError, match=r"400 .*link: must be"):
        share(sandbox, people[0], people[1], link="javascript:alert(1)")
    with pytest.raises(AssertionError, match="404"):
        share(sandbox, people[0], "nobody")


def test_a_text_message_finds_its_phone(sandbox: Sandbox, people: list[str]) -> None:
    sandbox.call("PUT", f"users/{people[1]}/phone", {"phone": "+8613800138000"})
    for phone in ("+8613800138000", "13900139000"):
        assert sandbox.call("POST", "sms", {"phone": phone, "text": "验证码 1234"}) == {"ok": True}
    first, second = sandbox.call("GET", "sms")["messages"]
    assert (first["openid"], first["text"]) == (people[1], "验证码 1234")
    assert (second["openid"], second["phone"]) == (None, "13900139000")
    with pytest.raises(AssertionError, match=r"400 .*text: missing"):
        sandbox.call("POST", "sms", {"phone": "1"})


def test_preferences_are_checked(sandbox: Sandbox, people: list[str]) -> None:
    path = f"users/{people[0]}/preferences"
    assert sandbox.call("PUT", path, {}) == {"blocks_templates": False, "platform": "other"}
    with pytest.raises(AssertionError, match="platform: must be one of ios, android, other"):
        sandbox.call("PUT", path, {"platform": "symbian"})


def test_any_code_can_be_scanned(sandbox: Sandbox, api, openid: str) -> None:
    code = api.post("qrcode/create", {"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 7}}})
    scene = sandbox.scan(openid, text=code["url"])
    assert (scene["kind"], scene["scene"], len(scene["deliveries"])) == ("scene", 7, 1)
    assert sandbox.state()["qr_codes"][0]["scene"] == 7
    page = sandbox.scan(openid, text="https://a.example/x")
    assert (page["kind"], page["open"], page["deliveries"]) == ("url", "https://a.example/x", [])
    assert sandbox.scan(openid, text="EAN 123")["kind"] == "text"
    with pytest.raises(AssertionError, match="400"):
        sandbox.scan(openid, text=f"{sandbox.url}/connect/confirm?uuid=nobody")


def test_a_page_uploads_a_picture(sandbox: Sandbox, api) -> None:
    png = b"\x89PNG\r\n\x1a\n123"
    headers = {"Content-Type": "image/png", "Origin": "http://127.0.0.1:8080"}
    answer = requests.post(f"{sandbox.url}/_sandbox/jssdk/upload", data=png, headers=headers, timeout=60)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    query = {"access_token": api.token, "media_id": answer.json()["serverId"]}
    assert api.raw("GET", "/cgi-bin/media/get", params=query).content == png
    preflight = requests.options(f"{sandbox.url}/_sandbox/jssdk/upload", headers=headers, timeout=60)
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    for data, kind in ((b"", "image/png"), (b"1", "text/plain")):
        wrong = requests.post(
            f"{sandbox.url}/_sandbox/jssdk/upload",
            data=data,
            headers={"Content-Type": kind},
            timeout=60,
        )
        assert wrong.status_code == 400


def test_the_state_shows_tokens_by_their_ends_only(sandbox: Sandbox, api) -> None:
    token = api.new_token()
    stable = api.stable()["access_token"]
    ticket = api.get("ticket/getticket", type="jsapi")["ticket"]
    shown = {one["kind"]: one["value_end"] for one in sandbox.state()["tokens"]}
    # `api` fetched one more for its own use.
    assert shown["stable"] == stable[-6:]
    assert shown["jsapi_ticket"] == ticket[-6:]
    assert shown["access_token"] in (token[-6:], api.token[-6:])
    sandbox.clock(8000)
    assert sandbox.state()["tokens"] == []


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:9100", 200),
        ("localhost", 200),
        ("bot.localhost:80", 200),
        ("[::1]:9100", 200),
        ("api.weixin.qq.com", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example:9100", 403),
        ("10.0.0.1", 403),
        ("api.weixin.qq.com.evil.example", 403),
    ],
)
def test_only_names_of_this_machine_are_answered(sandbox: Sandbox, host: str, status: int) -> None:
    answer = requests.get(f"{sandbox.url}/_sandbox/state", headers={"Host": host}, timeout=60)
    assert answer.status_code == status


def test_the_first_users_have_different_colours(sandbox: Sandbox) -> None:
    pictures = [requests.get(user["avatar"], timeout=60).text for user in sandbox.state()["users"]]
    colours = {picture.split('stop-color="')[1][:7] for picture in pictures}
    assert len(colours) == 2


def test_samples_can_be_played(sandbox: Sandbox, api, openid: str) -> None:
    for kind, start, content_type in (
        ("voice", b"RIFF", "audio/wav"),
        ("video", b"\0\0\0$ftyp", "video/mp4"),
        ("image", b"\x89PNG", "image/png"),
    ):
        sandbox.send(openid, kind)
        bubble = sandbox.chat(openid)[-1]
        shown = requests.get(sandbox.url + bubble["url"], timeout=60)
        assert (shown.content[: len(start)], shown.headers["Content-Type"]) == (start, content_type)
        assert len(shown.content) > 500
    voice = sandbox.chat(openid)[0]["media_id"]
    query = {"access_token": api.token, "media_id": voice}
    assert api.raw("GET", "/cgi-bin/media/get", params=query).content.startswith(b"#!AMR\n")
