"""The control API: its shapes, its complaints, and what belongs to no WeChat rule."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.conditions import until
from tests.launch import Sandbox
from tests.wechat_sandbox.callback import Answer, CallbackServer, Received, text


def test_state_at_the_start(sandbox: Sandbox) -> None:
    state = sandbox.state()
    assert [(user["nickname"], user["subscribed"]) for user in state["users"]] == [
        ("小明", False),
        ("小红", False),
    ]
    assert set(state["users"][0]) == {"openid", "nickname", "avatar", "subscribed", "phone"}
    assert (state["menu"], state["clock"]["offset_seconds"]) == (None, 0)
    account = state["account"]
    assert (account["app_id"], account["token"]) == ("wx5a5b5c5d5e5f5051", "sandboxtoken")
    assert (account["original_id"], account["name"]) == ("gh_5a5b5c5d5e5f", "沙盒公众号")
    assert (account["kind"], account["mode"]) == ("service-verified", "plain")
    assert (len(account["app_secret"]), len(account["aes_key"])) == (32, 43)


def test_reset_goes_back_to_the_start(sandbox: Sandbox, server: CallbackServer, api, openid: str) -> None:
    before = [user["openid"] for user in sandbox.state()["users"]][:2]
    api.post("menu/create", {"button": [{"type": "click", "name": "a", "key": "K"}]})
    sandbox.send(openid, content="hi")
    sandbox.clock(1000)
    sandbox.faults([{"path": "*", "errcode": -1}])
    state = sandbox.reset()
    assert [user["openid"] for user in state["users"]] == before
    assert (state["menu"], state["clock"]["offset_seconds"]) == (None, 0)
    assert state["account"]["callback"] == server.url
    assert (sandbox.calls(), sandbox.deliveries(), sandbox.call("GET", "faults")) == ([], [], {"faults": []})
    assert sandbox.chat(before[0]) == []
    with pytest.raises(AssertionError, match="404"):
        sandbox.chat(openid)


def test_a_reset_ends_what_is_under_way(sandbox: Sandbox, server: CallbackServer, openid: str) -> None:
    def script(received: object) -> Answer:
        sandbox_of_this_thread.post(f"{sandbox.url}/_sandbox/reset", timeout=60).close()
        return Answer(text(openid, "from before the reset"))

    with requests.Session() as sandbox_of_this_thread:
        server.script = script
        with pytest.raises(AssertionError, match=r"409 .*was reset"):
            sandbox.send(openid, content="hi")
    assert len(server.deliveries) == 1


def test_the_clock_only_goes_forward(sandbox: Sandbox) -> None:
    before = sandbox.state()["clock"]["now"]
    after = sandbox.clock(3600)
    assert after["offset_seconds"] == 3600
    assert 3600 <= after["now"] - before < 3610
    with pytest.raises(AssertionError, match="advance_seconds: time only goes forward"):
        sandbox.clock(-1)


@pytest.mark.parametrize(
    ("method", "path", "body", "error"),
    [
        ("POST", "users", {"subscribed": True}, "nickname: missing"),
        ("POST", "users", {"nickname": " "}, "nickname: must be 1 to 64 characters"),
        ("POST", "users", {"nickname": "a" * 65}, "nickname: must be 1 to 64 characters"),
        ("POST", "users", {"nickname": 5}, "nickname: must be a string, got 5"),
        ("POST", "users", {"nickname": "a", "subscribed": "yes"}, "subscribed: must be true or false"),
        ("POST", "users", {"nickname": "a", "age": 5}, "age: no such field"),
        ("POST", "users", [], "must be a JSON object"),
        ("POST", "clock", {"advance_seconds": True}, "advance_seconds: must be a number"),
        ("POST", "clock", {}, "advance_seconds: missing"),
        ("POST", "clock", {"advance_seconds": 10**400}, "advance_seconds: too large"),
        ("POST", "clock", {"advance_seconds": 2**80}, "advance_seconds: the clock goes no farther"),
        ("POST", "users", {"nickname": "\ud800"}, "nickname: must be text that XML can hold, has \\ud800"),
        ("POST", "users", {"nickname": "a\x00"}, "nickname: must be text that XML can hold, has \\u0000"),
        ("POST", "reset", {"users": True}, "users: no such field"),
        ("POST", "sms", {"phone": "", "text": "hi"}, "phone: must not be empty"),
        ("POST", "jssdk/config", {"url": "http://a/", "jsApiList": 5}, "jsApiList: must be a list"),
        ("GET", "calls?limit=x", None, "limit: must be"),
        ("PUT", "settings", {"web_domains": ["http://a/"]}, "web_domains: must be HOST or HOST:PORT"),
        ("POST", "media", {"a": 1}, "Content-Type: must be"),
    ],
)
def test_complaints_name_the_field(sandbox: Sandbox, method: str, path: str, body: Any, error: str) -> None:
    with pytest.raises(AssertionError, match=": 400 ") as caught:
        sandbox.call(method, path, body)
    assert error in json.loads(str(caught.value).partition(": 400 ")[2])["error"]


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"a":' + b"[" * 5000, b"5", b'{"a": NaN}'])
def test_a_body_that_cannot_be_read_is_said_so(sandbox: Sandbox, body: bytes) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/users", data=body, timeout=60)
    assert (answer.status_code, answer.json()["error"].startswith("body: ")) == (400, True)


def test_a_phone_number_is_one(sandbox: Sandbox, openid: str) -> None:
    with pytest.raises(AssertionError, match="phone: must be a number"):
        sandbox.call("PUT", f"users/{openid}/phone", {"phone": "abc"})


def test_there_is_nothing_but_the_phone_s_files(sandbox: Sandbox) -> None:
    for path in ("%00", "%2e%2e/account.py", "%2e%2e/%2e%2e/Makefile", "css", "nothing.js"):
        answer = requests.get(f"{sandbox.url}/_sandbox/phone/{path}", timeout=60)
        assert answer.status_code == 404, path


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "content: missing"),
        ({"content": ""}, "content: must not be empty"),
        ({"type": "sticker"}, "type: must be one of"),
        ({"content": "a", "colour": "red"}, "colour: no such field"),
        ({"type": "location"}, "latitude: missing"),
        ({"type": "location", "latitude": 91, "longitude": 0}, "latitude: must be from -90 to 90 degrees"),
        ({"type": "location", "latitude": 0, "longitude": -181}, "longitude: must be from -180 to 180"),
        ({"type": "link", "title": "t"}, "url: missing"),
        ({"type": "image", "media_id": "unknown"}, "invalid media_id"),
        ({"type": "event"}, "event: missing"),
        ({"type": "event", "event": "X", "fields": {"a b": 1}}, "fields.a b"),
        ({"type": "event", "event": "X", "fields": {"A": None}}, "fields.A"),
    ],
)
def test_a_message_must_make_sense(sandbox: Sandbox, openid: str, fields: dict[str, Any], error: str) -> None:
    with pytest.raises(AssertionError, match="400") as caught:
        sandbox.call("POST", f"users/{openid}/send", fields)
    assert error in str(caught.value)
    assert sandbox.chat(openid) == []


def test_nobody_of_that_openid(sandbox: Sandbox) -> None:
    with pytest.raises(AssertionError, match=r"404 .*openid: no user 'oNobody'"):
        sandbox.send("oNobody", content="hi")
    with pytest.raises(AssertionError, match="404"):
        sandbox.call("GET", "nothing-here")


def test_a_call_that_a_reset_has_overtaken_is_in_no_journal(sandbox: Sandbox, api) -> None:
    sandbox.faults([{"path": "/cgi-bin/user/get", "delay": 2, "count": 1}])
    url = f"{sandbox.url}/cgi-bin/user/get"
    calling = threading.Thread(
        target=lambda: requests.get(url, params={"access_token": api.token}, timeout=60)
    )
    calling.start()
    # The sandbox has received the call when the fault's count is 0.
    until(lambda: sandbox.call("GET", "faults")["faults"][0]["count"], lambda count: count == 0)
    sandbox.reset()
    calling.join()
    assert sandbox.calls() == []


def test_faults_of_the_api(sandbox: Sandbox, api) -> None:
    api.get("user/get")
    sandbox.faults([{"path": "/cgi-bin/user/*", "errcode": -1, "count": 2}])
    assert [api.get("user/get").get("errcode") for _ in range(3)] == [-1, -1, None]
    sandbox.faults([{"path": "/cgi-bin/user/get", "status": 503}])
    assert api.raw("GET", "/cgi-bin/user/get").status_code == 503
    sandbox.faults([{"path": "*", "drop": True, "count": 1}])
    with pytest.raises(requests.ConnectionError):
        api.raw("GET", "/cgi-bin/user/get")
    assert sandbox.calls()[-1]["response"] == "fault: connection dropped"
    sandbox.faults([{"path": "/cgi-bin/user/get", "delay": 0.2}])
    assert api.raw("GET", "/cgi-bin/user/get").elapsed.total_seconds() >= 0.2
    sandbox.faults([{"path": "*", "errcode": -1, "probability": 0}])
    assert "total" in api.get("user/get")


def test_a_lost_answer_is_noticed_when_its_time_is_over(hasty: Sandbox, server: CallbackServer) -> None:
    """The server has answered, so it counts on its reply having been seen."""
    hasty.set_callback(server.url)
    openid = hasty.add_user("a", subscribed=True)
    server.says(Answer(text(openid, "ok")))
    hasty.faults([{"path": "delivery", "drop": True, "count": 1}])
    first, second = hasty.send(openid, content="hi")["deliveries"]
    assert (first["outcome"], first["status"]) == ("timeout", None)
    assert "lost on its way back" in first["error"]
    assert first["elapsed_ms"] >= 1990
    assert second["outcome"] == "reply"
    assert len(server.deliveries) == 2


def test_faults_of_deliveries(sandbox: Sandbox, server: CallbackServer, openid: str) -> None:
    def send() -> list[tuple[str, bool]]:
        result = sandbox.send(openid, content="hi")
        return [(d["outcome"], d.get("duplicate", False)) for d in result["deliveries"]]

    server.says(Answer(text(openid, "ok")))
    sandbox.faults([{"path": "delivery", "status": 502, "count": 2}])
    assert send() == [("bad-status", False), ("bad-status", False), ("reply", False)]
    sandbox.faults([{"path": "delivery", "duplicate": 2, "count": 1}])
    assert send() == [("reply", False), ("reply", True), ("reply", True)]
    assert len({delivery.body for delivery in server.deliveries[-3:]}) == 1
    assert [m["content"] for m in sandbox.chat(openid) if m["from"] == "account"] == ["ok"] * 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({}, "faults[0].path: missing"),
        ({"path": "token"}, "faults[0].path: must be"),
        ({"path": "delivery", "errcode": -1}, "faults[0].errcode: a delivery has none"),
        ({"path": "*", "duplicate": 2}, "faults[0].duplicate: only deliveries"),
        ({"path": "*", "probability": 2}, "faults[0].probability"),
        ({"path": "*", "delay": -1}, "faults[0].delay"),
        ({"path": "*", "status": 42}, "faults[0].status"),
        ({"path": "*", "count": -1}, "faults[0].count"),
        ({"path": "*", "chance": 1}, "faults[0].chance: no such field"),
        (5, "faults[0]: must be an object"),
    ],
)
def test_faults_are_validated(sandbox: Sandbox, fault: Any, error: str) -> None:
    good = [{"path": "*", "probability": 1.0, "errcode": -1}]
    sandbox.faults(good)
    with pytest.raises(AssertionError, match="400") as caught:
        sandbox.faults([fault])
    assert error in str(caught.value)
    assert sandbox.call("GET", "faults") == {"faults": good}


@pytest.fixture
def events(sandbox: Sandbox) -> Iterator[Iterator[tuple[str, Any]]]:
    with requests.get(f"{sandbox.url}/_sandbox/events", stream=True, timeout=60) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        lines = (line.decode() for line in response.iter_lines(chunk_size=1))
        assert next(lines) == ": sandbox"

        def read() -> Iterator[tuple[str, Any]]:
            kind = ""
            for line in lines:
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    yield kind, json.loads(value)

        yield read()


def test_events_tell_what_happens(
    sandbox: Sandbox, server: CallbackServer, events: Iterator[tuple[str, Any]]
) -> None:
    server.script = lambda received: Answer(text(received.query["openid"], "欢迎"))
    # The sandbox sends "waiting" only if an answer is slow.
    events = (event for event in events if event[0] != "waiting")
    sandbox.set_callback(server.url)
    assert next(events) == ("callback", {"callback": server.url, "callback_ok": True})
    openid = sandbox.add_user("小丽")
    assert next(events)[1]["openid"] == openid
    sandbox.subscribe(openid)
    kind, user = next(events)
    assert (kind, user["subscribed"]) == ("user", True)
    kind, delivery = next(events)
    assert (kind, delivery["kind"], delivery["outcome"]) == ("delivery", "subscribe", "reply")
    kind, message = next(events)
    assert (kind, message["openid"], message["message"]["content"]) == ("message", openid, "欢迎")
    sandbox.clock(5)
    assert next(events)[0] == "clock"
    requests.get(f"{sandbox.url}/cgi-bin/menu/get", timeout=60).close()
    kind, call = next(events)
    assert (kind, call["path"]) == ("call", "/cgi-bin/menu/get")
    kind, settings = (sandbox.settings(attempts=2), next(events))[1]
    assert (kind, settings["behaviour"]["attempts"]) == ("settings", 2)
    body = {"to": openid, "title": "题", "link": "http://127.0.0.1/"}
    sandbox.call("POST", f"users/{sandbox.state()['users'][0]['openid']}/share", body)
    kind, share = next(events)
    assert (kind, share["openid"], share["item"]["title"]) == ("share", openid, "题")
    sandbox.call("POST", "sms", {"phone": "1", "text": "1234"})
    kind, sms = next(events)
    assert (kind, sms["openid"], sms["phone"], sms["text"]) == ("sms", None, "1", "1234")
    sandbox.reset()
    assert next(events) == ("reset", {})


def test_who_waits_for_an_answer_is_told_of_it(
    sandbox: Sandbox, server: CallbackServer, openid: str, events: Iterator[tuple[str, Any]]
) -> None:
    answers = threading.Event()

    def think(received: Received) -> Answer:
        answers.wait(60)
        return Answer("success")

    server.script = think
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(sandbox.send, openid, content="hi")
        waiting = next(entry for kind, entry in events if kind == "waiting")
        [listed] = sandbox.call("GET", "deliveries")["waiting"]
        answers.set()
        sent.result(60)
    assert listed.pop("waited_ms") >= waiting["waited_ms"]
    assert listed.items() <= waiting.items()
    assert sandbox.call("GET", "deliveries")["waiting"] == []
    assert (waiting["kind"], waiting["openid"], waiting["attempt"]) == ("text", openid, 1)
    delivery = next(entry for kind, entry in events if kind == "delivery")
    assert (delivery["series"], delivery["outcome"]) == (waiting["series"], "success")


def test_each_user_has_cookies_of_their_own(sandbox: Sandbox, api) -> None:
    ming, hong = (user["openid"] for user in sandbox.state()["users"])

    def own(openid: str, cookies: str) -> dict[str, str]:
        headers = {"Cookie": cookies}
        answer = requests.post(
            f"{sandbox.url}/_sandbox/webview", json={"openid": openid}, headers=headers, timeout=60
        )
        assert answer.ok
        told = answer.raw.headers.getlist("Set-Cookie")
        return dict(line.partition("=")[::2] for line in told)

    assert own(ming, "before=1") == {
        "sandbox_user": f"{ming}; Path=/; HttpOnly; SameSite=Lax",
        "before": "; Path=/; Max-Age=0",
    }
    swapped = own(hong, f'sandbox_user={ming}; session="a b|c="; theme=dark')
    assert swapped == {
        "sandbox_user": f"{hong}; Path=/; HttpOnly; SameSite=Lax",
        "session": "; Path=/; Max-Age=0",
        "theme": "; Path=/; Max-Age=0",
    }
    back = own(ming, f"sandbox_user={hong}; session=hers")
    assert back["session"] == '"a b|c="; Path=/; HttpOnly; SameSite=Lax'
    assert back["theme"] == "dark; Path=/; HttpOnly; SameSite=Lax"
    assert own(ming, f"sandbox_user={ming}; session=new") == {
        "sandbox_user": f"{ming}; Path=/; HttpOnly; SameSite=Lax"
    }


def test_pages_of_other_origins_are_kept_out(sandbox: Sandbox, api) -> None:
    foreign = {"Origin": "http://evil.example"}
    assert api.raw("POST", "/_sandbox/reset", headers=foreign).status_code == 403
    assert api.raw("POST", "/_sandbox/reset", headers={"Origin": sandbox.url}).status_code == 200


def test_media_cannot_run_as_a_page(api) -> None:
    posted = api.raw(
        "POST", "/_sandbox/media", data=b"<svg/>", headers={"Content-Type": "image/svg+xml"}
    ).json()
    got = api.raw("GET", f"/_sandbox/media/{posted['media_id']}")
    assert got.headers["Content-Security-Policy"].startswith("sandbox;")
    assert got.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["../account.py", "%2e%2e/account.py", "/etc/passwd", "nothing.js"])
def test_only_the_phones_files_are_served(api, path: str) -> None:
    assert api.raw("GET", f"/_sandbox/phone/{path}").status_code == 404


def test_the_phone_and_the_script_are_served(api) -> None:
    page, script = api.raw("GET", "/"), api.raw("GET", "/open/js/jweixin-1.6.0.js")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html")
    assert (script.status_code, script.headers["Content-Type"]) == (200, "application/javascript")
    moved = api.raw("GET", "/", headers={"Host": "localhost:1"})
    assert (moved.status_code, moved.headers["Location"]) == (302, f"{api.base}/")


def test_avatars(api) -> None:
    users = api.raw("GET", "/_sandbox/state").json()["users"]
    pictures = [api.raw("GET", user["avatar"].removeprefix(api.base)).text for user in users]
    assert "明" in pictures[0]
    assert "红" in pictures[1]
    assert api.raw("GET", "/mmopen/nobody/132").status_code == 404
