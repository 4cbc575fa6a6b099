"""What can be done with an entry of the journals: read it, run it as curl, send it again."""

import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.launch import Sandbox
from tests.wechat_sandbox.callback import Answer, CallbackServer, text


def resend(sandbox: Sandbox, **body: Any) -> dict[str, Any]:
    last = sandbox.deliveries()[-1]["id"]
    return sandbox.call("POST", f"deliveries/{last}/resend", body)


def test_an_entry_tells_how_much_time_was_left(sandbox: Sandbox, server: CallbackServer, openid: str) -> None:
    server.says(Answer(status=500), Answer("success"))
    deliveries = sandbox.send(openid, content="hi")["deliveries"]
    first, second = sandbox.deliveries()
    assert [first["id"], second["id"]] == [delivery["id"] for delivery in deliveries]
    assert first["series"] == second["series"]
    assert first["deadline_ms"] == 5000
    assert first["left_ms"] == 5000 - first["elapsed_ms"]
    sandbox.send(openid, content="again")
    assert sandbox.deliveries()[-1]["series"] != first["series"]


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
def test_the_same_again(sandbox: Sandbox, server: CallbackServer, openid: str, mode: str) -> None:
    sandbox.settings(mode=mode)
    sent = sandbox.send(openid, content="你好 ]]> <b>")
    server.says(Answer("success"))
    again = resend(sandbox)
    assert again["msg_id"] == sent["msg_id"]
    assert [delivery["outcome"] for delivery in again["deliveries"]] == ["success"]
    one, other = server.deliveries
    same = ("timestamp", "nonce", "signature", "openid")
    assert [one.query[name] for name in same] == [other.query[name] for name in same]
    first, second = sandbox.deliveries()
    assert (first["request_xml"], first["mode"]) == (second["request_xml"], mode)
    if mode == "plain":
        assert one.body == other.body


def test_edited_with_new_stamp(sandbox: Sandbox, server: CallbackServer, openid: str) -> None:
    sandbox.send(openid, content="hi")
    xml = sandbox.deliveries()[-1]["request_xml"].replace("hi", "帮助")
    server.script = lambda received: Answer(text(openid, f"你说：{received.text('Content')}"))
    again = resend(sandbox, xml=xml, fresh=True)
    assert [message["content"] for message in again["shown"]] == ["你说：帮助"]
    one, other = server.deliveries
    assert one.query["nonce"] != other.query["nonce"]
    assert one.query["signature"] != other.query["signature"]


def test_as_another_message(sandbox: Sandbox, server: CallbackServer, openid: str) -> None:
    sent = sandbox.send(openid, content="hi")
    again = resend(sandbox, as_new=True)
    assert again["msg_id"] != sent["msg_id"]
    assert server.deliveries[1].text("MsgId") == again["msg_id"]
    assert server.deliveries[1].text("Content") == "hi"
    sandbox.unsubscribe(openid)
    resend(sandbox, as_new=True)
    resend(sandbox, as_new=True)
    assert len({received.text("CreateTime") for received in server.deliveries[2:]}) == 3


@pytest.mark.parametrize("mode", ["plain", "safe"])
def test_tampered_with(sandbox: Sandbox, server: CallbackServer, openid: str, mode: str) -> None:
    sandbox.settings(mode=mode)
    sandbox.send(openid, content="hi")
    for tamper in ("signature", "receiver", "stale"):
        resend(sandbox, tamper=tamper)
        sandbox.deliveries()
    signed, wrong_signature, wrong_receiver, stale = server.deliveries
    assert wrong_signature.query["signature"] != signed.query["signature"]
    assert wrong_receiver.text("ToUserName") == "gh_000000000000"
    assert wrong_receiver.query["signature"] == signed.query["signature"]
    assert int(signed.query["timestamp"]) - int(stale.query["timestamp"]) == 3600


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"xml": "hi"}, "xml: is not XML"),
        ({"xml": "<xml><MsgType>text</MsgType></xml>"}, "xml: must be <xml>"),
        ({"xml": "<a><FromUserName>o</FromUserName><MsgType>text</MsgType></a>"}, "xml: must be <xml>"),
        ({"tamper": "padding"}, "tamper: must be one of signature, receiver, stale"),
        ({"fresh": 1}, "fresh: must be true or false"),
        ({"faster": True}, "faster: no such field"),
    ],
)
def test_what_cannot_be_sent_again(sandbox: Sandbox, openid: str, body: dict[str, Any], error: str) -> None:
    sandbox.send(openid, content="hi")
    with pytest.raises(AssertionError, match="400") as caught:
        resend(sandbox, **body)
    assert error in str(caught.value)


def test_an_entry_that_is_not_there(sandbox: Sandbox) -> None:
    for method, path in (
        ("POST", "deliveries/9/resend"),
        ("GET", "deliveries/x/curl"),
        ("GET", "calls/9/curl"),
    ):
        with pytest.raises(AssertionError, match=r"404 .*no entry"):
            sandbox.call(method, path)


def run(curl: str) -> str:
    return subprocess.run(curl, shell=True, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.parametrize("mode", ["plain", "safe"])
def test_a_delivery_runs_as_curl(sandbox: Sandbox, server: CallbackServer, openid: str, mode: str) -> None:
    sandbox.settings(mode=mode)
    server.says(Answer("success"))
    sandbox.send(openid, content='it\'s $HOME `x` "y"')
    entry = sandbox.deliveries()[-1]
    assert "signature=..." in entry["url"]
    assert run(sandbox.call("GET", f"deliveries/{entry['id']}/curl")["curl"]) == "success"
    one, other = server.deliveries
    assert (one.body, one.query) == (other.body, other.query)
    assert other.headers["User-Agent"] == "Mozilla/4.0"


def test_a_call_runs_as_curl(sandbox: Sandbox, api, apis: Callable) -> None:
    api.post("menu/create", {"button": [{"type": "click", "name": "歌's", "key": "K"}]})
    created = sandbox.calls()[-1]
    api.get("menu/delete")
    assert '"errcode":0' in run(sandbox.call("GET", f"calls/{created['id']}/curl")["curl"])
    assert sandbox.state()["menu"]["button"][0]["name"] == "歌's"
    api.get("user/get", next_openid="")
    last = sandbox.calls()[-1]["id"]
    assert '"total":0' in run(sandbox.call("GET", f"calls/{last}/curl")["curl"])


def test_an_upload_as_curl_names_a_file(sandbox: Sandbox, api) -> None:
    files = {"media": ("a.png", b"\x89PNG\r\n\x1a\n", "image/png")}
    api.raw("POST", "/cgi-bin/media/upload", params={"access_token": api.token, "type": "image"}, files=files)
    last = sandbox.calls()[-1]["id"]
    assert sandbox.call("GET", f"calls/{last}/curl")["curl"].endswith("-F media=@FILE")
